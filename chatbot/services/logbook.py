"""The audit, read page by page: who did what, and whether its chain still holds."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from chatbot.core.values import frozen
from chatbot.store.audit import Audit, AuditRecord
from chatbot.store.database import audit_problem

PAGE = 8


@frozen
class LogLine:
    id: int
    at: datetime
    person: str
    what: str
    detail: str


@frozen
class LogPage:
    """Newest first. `problem` says where the chain of hashes is broken; empty while it holds."""

    lines: tuple[LogLine, ...]
    older: bool
    newer: bool
    problem: str


class Logbook:
    """`scrub` takes secrets out of what people typed."""

    def __init__(self, *, audit: Audit, path: Path, scrub: Callable[[str], str]) -> None:
        self._audit = audit
        self._path = path
        self._scrub = scrub

    async def page(self, *, before: int | None = None, after: int | None = None) -> LogPage:
        """The newest, or those older than the record `before`, or the next ones newer than `after`."""
        problem = await asyncio.to_thread(audit_problem, self._path)  # all of the chain, however long
        found = self._audit.page(PAGE + 1, before=before, after=after)
        records = found[-PAGE:] if after is not None else found[:PAGE]
        more = len(found) > PAGE
        return LogPage(
            lines=tuple(self._scrubbed(record) for record in records),
            older=more if after is None else bool(records),
            newer=more if after is not None else before is not None,
            problem=problem,
        )

    def _scrubbed(self, record: AuditRecord) -> LogLine:
        return LogLine(
            id=record.id,
            at=record.at,
            person=self._scrub(record.person),
            what=record.what,
            detail=self._scrub(record.detail),
        )
