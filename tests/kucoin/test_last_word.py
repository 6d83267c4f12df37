"""What may still stop an order between its signing and its first byte."""

import asyncio
from datetime import timedelta

import pytest

from chatbot.core.errors import Killed
from chatbot.core.market import Venue
from chatbot.core.times import utc_now
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.endpoints import SPOT_PLACE
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials

CREDENTIALS = Credentials(key="key", secret="secret", passphrase="passphrase")


@pytest.mark.parametrize("objects_at", [1, 2])
def test_an_objection_at_the_last_moment_lets_no_byte_leave(objects_at: int) -> None:
    """The first asking comes when the body is signed, the second over the open connection."""
    heard: list[bytes] = []
    asked: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    def last_word() -> None:
        asked.append(len(asked) + 1)
        if asked[-1] == objects_at:
            raise Killed("Trading was stopped.")

    async def story() -> None:
        clock = ExchangeClock(utc_now)
        clock.measured, clock.uncertainty = True, timedelta(0)
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        host = Host(url=url, venue=Venue.SPOT, credentials=CREDENTIALS)
        async with server, Rest(host, clock=clock, pools=Pools(now=utc_now, sleep=asyncio.sleep)) as rest:
            with pytest.raises(Killed):
                await rest.order(SPOT_PLACE, lambda _: {"side": "buy"}, last_word)
            await asyncio.sleep(0)
        assert b"".join(heard) == b""

    asyncio.run(story())
