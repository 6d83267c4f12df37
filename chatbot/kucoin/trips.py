"""One call on its way: what is asked, how long it may take, and what is known of its fate."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from chatbot.core.errors import KucoinError, OutcomeUnknown, Unavailable
from chatbot.core.values import frozen
from chatbot.kucoin.endpoints import Endpoint, Kind
from chatbot.kucoin.signing import Credentials

_ORDINARY, _URGENT = 3, 5

CONNECTIONS = _ORDINARY + _URGENT
"""httpx's pool is quadratic in what waits in it: few connections, and our own queue in front."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


Body = Callable[[int], Mapping[str, object]]
"""Makes the body of the time stamp in milliseconds that the request is signed with."""


LastWord = Callable[[], None]
"""Raises when what is about to leave must not leave any more."""


def no_objection() -> None:
    """Let it leave."""


@frozen
class Deadlines:
    """Seconds a call may take in all: waits, retries and every byte of the answer."""

    read: float = 5
    cancel: float = 8
    order: float = 8

    def of(self, kind: Kind) -> float:
        return {Kind.READ: self.read, Kind.CANCEL: self.cancel, Kind.ORDER: self.order}[kind]


@dataclass(slots=True, kw_only=True)
class Trip:
    """`flying`: a request is out and unanswered; `doubted`: an earlier one may have been carried out.

    `body_at` makes the body of the time stamp the request is signed with; `last_word` may
    raise when it is made and once more when the first byte is about to leave.
    """

    endpoint: Endpoint
    params: Mapping[str, str]
    credentials: Credentials | None
    ends_at: float
    body_at: Body | None = None
    last_word: LastWord | None = None
    flying: bool = False
    doubted: bool = False
    resynced: bool = False

    @property
    def extensions(self) -> dict[str, object]:
        """Of httpx's request."""
        return {} if self.last_word is None else {"trace": self.listen}

    async def listen(self, event: str, _: Mapping[str, object]) -> None:
        """For httpx's trace: between signing and the wire lies a handshake of seconds at worst."""
        if self.last_word is not None and event.endswith("send_request_headers.started"):
            self.last_word()

    def left(self) -> timedelta:
        """How long the call may still take."""
        return timedelta(seconds=max(self.ends_at - asyncio.get_running_loop().time(), 0))

    def failure(self, words: str, code: str = "") -> KucoinError:
        """What to say when no verdict came."""
        if self.endpoint.kind is not Kind.READ and (self.flying or self.doubted):
            return OutcomeUnknown(words, code=code)
        return Unavailable(words, code=code)

    def body(self, stamp: int) -> bytes:
        """The very bytes that are signed and sent."""
        if self.last_word is not None:
            self.last_word()
        return b"" if self.body_at is None else json.dumps(self.body_at(stamp), separators=(",", ":")).encode()

    def target(self, *, raw: bool) -> str:
        """Path and query. KuCoin signs them raw, the wire has them encoded; for all but odd symbols it is the same.

        Raises `ValueError` for a value that would shorten the path: cancelling the order
        without a number would be cancelling all of them.
        """
        inside = _PLACEHOLDER.findall(self.endpoint.path)
        if not all(self.params[name].strip("./") for name in inside):
            raise ValueError("a part of the path is missing")
        said = {name: value if raw else quote(value, safe=",:") for name, value in self.params.items()}
        path = _PLACEHOLDER.sub(lambda found: said[found[1]], self.endpoint.path)
        query = "&".join(f"{name}={value}" for name, value in said.items() if name not in inside)
        return f"{path}?{query}" if query else path


class Lanes:
    """The queues in front of the connections. What is urgent has its own, enough for a kill; orders bring theirs.

    When KuCoin is slow, questions hold theirs until their deadline: cancels must not wait behind them.
    """

    def __init__(self) -> None:
        self._ordinary = asyncio.Semaphore(_ORDINARY)
        self._urgent = asyncio.Semaphore(_URGENT)

    @asynccontextmanager
    async def of(self, endpoint: Endpoint) -> AsyncIterator[None]:
        if endpoint.kind is Kind.ORDER:
            yield
        else:
            async with self._urgent if endpoint.urgent else self._ordinary:
                yield
