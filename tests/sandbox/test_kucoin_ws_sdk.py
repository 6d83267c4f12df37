"""KuCoin's own SDK listens: it must get through the door, and its typed models must read the news."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.orders import OrderRequest
from chatbot.sandbox.world import Sandbox
from tests.sandbox.worlds import BTC, PERP, Json

with warnings.catch_warnings():
    # The SDK declares its fields in a way pydantic wants changed before its third version.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kucoin_universal_sdk.api.client import DefaultClient
    from kucoin_universal_sdk.model.client_option import ClientOptionBuilder
    from kucoin_universal_sdk.model.transport_option import TransportOptionBuilder
    from kucoin_universal_sdk.model.websocket_option import WebSocketClientOptionBuilder, WebSocketEvent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:kucoin_universal_sdk")

PATIENCE = 10.0

Model = Any  # one of the SDK's own values: it ships no type information
Heard = asyncio.Queue[tuple[str, str, Model]]


def services(sandbox: Sandbox, notice: Callable[[Model, str, str], None]) -> Model:
    transport = TransportOptionBuilder().set_keep_alive(False).build()
    listening = WebSocketClientOptionBuilder().with_reconnect(False).with_event_callback(notice).build()
    access = sandbox.access
    builder = ClientOptionBuilder().set_key(access.key).set_secret(access.secret).set_passphrase(access.passphrase)
    builder = builder.set_spot_endpoint(sandbox.spot_url).set_futures_endpoint(sandbox.futures_url)
    builder = builder.set_transport_option(transport).set_websocket_client_option(listening)
    return DefaultClient(builder.build()).ws_service()


@asynccontextmanager
async def connected(sandbox: Sandbox, venue: Venue) -> AsyncIterator[tuple[Model, Model]]:
    """The public and the private service. The SDK works in threads of its own.

    A socket that it closes itself it takes ten seconds to let go of: the sandbox cuts it.
    """
    loop, gone = asyncio.get_running_loop(), asyncio.Semaphore(0)

    def notice(event: Model, _: str, __: str) -> None:
        if event is WebSocketEvent.EVENT_CLIENT_FAIL:
            loop.call_soon_threadsafe(gone.release)

    api = services(sandbox, notice)
    both = [getattr(api, f"new_{venue.value}_{channel.value}_ws")() for channel in Channel]
    await asyncio.gather(*(asyncio.to_thread(service.start) for service in both))
    yield both[0], both[1]
    for session in sandbox.sockets.sessions:
        session.cut()
    for _ in both:
        await gone.acquire()
    await asyncio.gather(*(asyncio.to_thread(service.stop) for service in both))


def into(heard: Heard) -> Callable[[str, str, Model], None]:
    loop = asyncio.get_running_loop()

    def callback(topic: str, subject: str, data: Model) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, (topic, subject, data))

    return callback


async def hears(heard: Heard, wanted: Callable[[str, Model], bool]) -> Model:
    """The first of its kind."""
    async with asyncio.timeout(PATIENCE):
        while True:
            _, subject, data = await heard.get()
            assert data.common_response is not None
            if wanted(subject, data):
                return data


def place(sandbox: Sandbox, venue: Venue, **order: Json) -> None:
    fields: Json = {"client_oid": "sdk", "side": Side.BUY, "type": OrderType.MARKET}
    sandbox.exchange.place(venue, OrderRequest(**(fields | order)))


def test_it_listens_to_spot() -> None:
    async def main() -> None:
        async with Sandbox(seed=7, volatility=0.0, pace=0.02) as sandbox:
            heard = Heard()
            async with connected(sandbox, Venue.SPOT) as (public, private):
                await asyncio.to_thread(public.ticker, ["BTC-USDT", "ETH-USDT"], into(heard))
                ticker = await hears(heard, lambda subject, _: subject == "trade.ticker")
                assert (ticker.price, ticker.size) == ("67412.3", "0.00001")
                assert ticker.time > 1_700_000_000_000
                sandbox.prices.move(BTC, Decimal(70_000))
                await hears(heard, lambda _, ticker: ticker.price == "70000")
                await asyncio.to_thread(public.all_tickers, into(heard))
                assert (await hears(heard, lambda subject, _: subject == "DOGE-USDT")).best_bid
                await asyncio.to_thread(public.klines, "BTC-USDT", "1min", into(heard))
                assert (await hears(heard, lambda subject, _: "candles" in subject)).candles[2] == "70000"
                await asyncio.to_thread(public.symbol_snapshot, "BTC-USDT", into(heard))
                day = await hears(heard, lambda subject, _: subject == "trade.snapshot")
                assert day.data.last_traded_price == 70_000
                await asyncio.to_thread(private.order_v2, into(heard))
                await asyncio.to_thread(private.account, into(heard))
                place(sandbox, Venue.SPOT, symbol=BTC, funds=Decimal(50))
                match = await hears(heard, lambda subject, data: subject == "orderChange" and bool(data.match_size))
                assert (match.client_oid, match.liquidity.value, match.status.value) == ("sdk", "taker", "match")
                balance = await hears(heard, lambda subject, _: subject == "account.balance")
                assert balance.relation_event == "trade.setted"
                assert balance.relation_context.symbol == BTC

    asyncio.run(main())


def test_it_listens_to_futures() -> None:
    async def main() -> None:
        async with Sandbox(seed=7, volatility=0.0, pace=0.02) as sandbox:
            heard = Heard()
            async with connected(sandbox, Venue.FUTURES) as (public, private):
                await asyncio.to_thread(public.ticker_v1, PERP, into(heard))
                await asyncio.to_thread(public.ticker_v2, PERP, into(heard))
                assert Decimal((await hears(heard, lambda subject, _: subject == "ticker")).price) > 60_000
                assert (await hears(heard, lambda subject, _: subject == "tickerV2")).best_bid_size > 0
                await asyncio.to_thread(public.instrument, PERP, into(heard))
                assert (await hears(heard, lambda subject, _: subject == "mark.index.price")).mark_price > 60_000
                rate = await hears(heard, lambda subject, _: subject == "funding.rate")
                assert (rate.granularity, -0.01 < rate.funding_rate < 0.01) == (60_000, True)
                for subscribe in (private.all_order, private.balance, private.all_position):
                    await asyncio.to_thread(subscribe, into(heard))
                place(sandbox, Venue.FUTURES, symbol=PERP, size=Decimal(1), leverage=Decimal(5))
                assert (await hears(heard, lambda _, data: bool(getattr(data, "match_size", "")))).match_size == "1"
                assert (await hears(heard, lambda subject, _: subject == "walletBalance.change")).currency == "USDT"
                position = await hears(heard, lambda subject, _: subject == "position.change")
                assert (position.current_qty, position.symbol) == (51, PERP)

    asyncio.run(main())
