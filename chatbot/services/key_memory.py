"""What is remembered of the keys from look to look, over restarts: so that everything is told once."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from chatbot.core.keys import Gravity, KeyNews, Keys, SeenKey, Topic, Verdict, aged, reminder
from chatbot.core.times import Now
from chatbot.store.facts import Facts

UID = "key uid"
_RIGHTS, _WARNINGS, _HELD, _AGE, _TOKEN = (
    "key rights",
    "key warnings",
    "key held",
    "key age",
    "telegram token",
)
"""What is remembered in the facts; rights and age by the name of the key."""


class KeyMemory:
    """Reading what is new remembers it: call it in the transaction that tells it."""

    def __init__(self, facts: Facts, now: Now) -> None:
        self._facts = facts
        self._now = now

    @property
    def uid(self) -> str:
        """Of the account this database belongs to; empty until one was seen."""
        return self._facts.get(UID) or ""

    @property
    def token_since(self) -> datetime | None:
        """When the bot's token was first seen here, as of the last look at how old it is."""
        since = (self._facts.get(_TOKEN) or "").partition(" ")[2]
        return datetime.fromisoformat(since) if since else None

    def pin(self, seen: Keys) -> None:
        """The account of the first look is the account for good."""
        if seen.seen and not seen.refused and not self.uid and seen.seen[0].info.uid:
            self._facts.set(UID, seen.seen[0].info.uid)

    def news(self, seen: Keys) -> KeyNews:
        warnings = [(s.name, v) for s in seen.seen for v in s.verdicts if _lasts(v)]
        if not self._is_new(_WARNINGS, "\n".join(f"{name} {verdict.words}" for name, verdict in warnings)):
            warnings = []
        changed_hold = self._is_new(_HELD, seen.held)
        return KeyNews(
            rights=tuple(change for s in seen.seen for change in self._changes(s)),
            warnings=tuple(warnings),
            held=seen.held if changed_hold else "",
            mend=seen.mend if changed_hold else "",
            free=changed_hold and not seen.held,
        )

    def _changes(self, seen: SeenKey) -> list[tuple[str, str, bool]]:
        fact, now = f"{_RIGHTS} {seen.name}", seen.info.permissions
        known = self._facts.get(fact)
        if not self._is_new(fact, ",".join(sorted(now))) or known is None:
            return []
        before = frozenset(filter(None, known.split(",")))
        return [(seen.name, right, right in now) for right in sorted(now ^ before)]

    def _is_new(self, fact: str, value: str) -> bool:
        """Whether it is another than what was known, which it is from now on. Nothing is where nothing was known."""
        if (self._facts.get(fact) or "") == value:
            return False
        self._facts.set(fact, value)
        return True

    def reminders(self, seen: Keys, token: str) -> Iterator[tuple[str, Verdict]]:
        """What grew old and is to be brought to mind again, by its name. `token` is Telegram's."""
        ages = {s.name: s.info.created_at for s in seen.seen} | {"Telegram token": self._token_since(token)}
        for name, since in ages.items():
            due = reminder(since, self._now())
            if self._is_new(f"{_AGE} {name}", due) and due:
                yield from ((name, verdict) for verdict in aged(since, self._now()))

    def _token_since(self, token: str) -> datetime:
        """When the token was first seen here. Of itself a trace is kept that does not lead back to it."""
        mark = hashlib.sha256(token.encode()).hexdigest()[:8]
        known, _, since = (self._facts.get(_TOKEN) or "").partition(" ")
        if known == mark:
            return datetime.fromisoformat(since)
        self._facts.set(_TOKEN, f"{mark} {self._now().isoformat()}")
        return self._now()


def _lasts(verdict: Verdict) -> bool:
    """Told when it is found; what holds orders and what ages is told in its own way."""
    return verdict.gravity is Gravity.WARNING and verdict.topic is not Topic.AGE
