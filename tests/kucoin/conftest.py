"""A KuCoin of a few lines: scripted answers, a driven clock, and every request that came in."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from chatbot.core.market import Venue
from chatbot.core.times import Now, Sleep
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.kucoin.trips import Deadlines

START = datetime(2026, 2, 16, 9, 36, 7, tzinfo=UTC)
BODIES = Path(__file__).parent.parent / "data" / "kucoin"


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


@pytest.fixture
def slept() -> list[float]:
    """Every sleep, in seconds. Time stands still but for these; a test may append to let time pass."""
    return []


@pytest.fixture
def now(slept: list[float]) -> Now:
    return lambda: START + timedelta(seconds=sum(slept))


@pytest.fixture
def sleep(slept: list[float]) -> Sleep:
    async def pass_time(seconds: float) -> None:
        slept.append(seconds)

    return pass_time


@pytest.fixture
def pools(now: Now, sleep: Sleep) -> Pools:
    return Pools(now=now, sleep=sleep, chance=lambda: 0.0)


@pytest.fixture
def clock(now: Now) -> ExchangeClock:
    return ExchangeClock(now)


@pytest.fixture
def body() -> Callable[[str], bytes]:
    """The text of one made-up answer."""
    return lambda name: (BODIES / f"{name}.json").read_bytes()


@pytest.fixture
def reply() -> Callable[..., httpx.Response]:
    """A streamed answer, as the network gives it."""

    def build(body: bytes | str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
        content = body if isinstance(body, bytes) else body.encode()
        return httpx.Response(status, headers=headers, content=_chunks(content))

    return build


@pytest.fixture
def connect(clock: ExchangeClock, pools: Pools, sleep: Sleep) -> Callable[..., Rest]:
    """A `Rest` whose host is a function of the request, or a URL. Without a `key` it cannot sign."""

    def build(
        handler: Callable[[httpx.Request], httpx.Response] | str,
        venue: Venue = Venue.SPOT,
        *,
        key: str = "the-key",
        seconds: float = 5,
    ) -> Rest:
        host = Host(
            url=handler if isinstance(handler, str) else "https://kucoin.test/prefix",
            venue=venue,
            credentials=Credentials(key=key, secret="the-secret", passphrase="the-passphrase") if key else None,
            transport=None if isinstance(handler, str) else httpx.MockTransport(handler),
            deadlines=Deadlines(read=seconds, cancel=seconds, order=seconds),
        )
        return Rest(host, clock=clock, pools=pools, sleep=sleep)

    return build


@pytest.fixture
def served(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response], body: Callable[[str], bytes]
) -> Callable[..., Rest]:
    """A host that knows some `METHOD /path` and the bodies of their answers; a wrong path is a failed test."""

    def build(
        routes: Mapping[str, str],
        venue: Venue = Venue.SPOT,
        seen: list[httpx.Request] | None = None,
        *,
        key: str = "the-key",
    ) -> Rest:
        def answer(request: httpx.Request) -> httpx.Response:
            path = request.url.path.removeprefix("/prefix")
            if path == "/api/v1/timestamp":
                return reply(body("time"))
            if seen is not None:
                seen.append(request)
            said = routes[f"{request.method} {path}"]
            return reply(said if said.startswith("{") else body(said))

        return connect(answer, venue, key=key)

    return build
