"""Every message has the fields and JSON types of KuCoin's own samples, no more and no fewer.

Where samples leave something out that KuCoin's schema has, or the other way round, it is named here.
"""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.feed import Channel
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.orders import OrderRequest
from chatbot.sandbox.world import Sandbox
from tests.sandbox.listener import bullet, listening, still
from tests.sandbox.worlds import BTC, PERP, Clock, Json

SAMPLES: dict[str, Json] = json.loads(
    (Path(__file__).parents[1] / "data" / "kucoin" / "ws-messages.json").read_text(encoding="ascii")
)
PUBLIC, PRIVATE = Channel.PUBLIC, Channel.PRIVATE
ORDER: Json = {"client_oid": "mine", "symbol": BTC, "side": Side.BUY, "type": OrderType.LIMIT}

IN_THE_SCHEMA = {"clientOid", "orderType", "tradeType"}
"""Of a futures order; the sample is without them."""


def place_spot(sandbox: Sandbox, **order: Json) -> None:
    sandbox.exchange.place(Venue.SPOT, OrderRequest(**(ORDER | order)))


def place_futures(sandbox: Sandbox) -> None:
    order: Json = ORDER | {"symbol": PERP, "price": Decimal(66_000), "size": Decimal(1), "leverage": Decimal(5)}
    sandbox.exchange.place(Venue.FUTURES, OrderRequest(**order))


def buy_futures(sandbox: Sandbox) -> None:
    order: Json = ORDER | {"symbol": PERP, "type": OrderType.MARKET, "size": Decimal(1), "leverage": Decimal(5)}
    sandbox.exchange.place(Venue.FUTURES, OrderRequest(**order))


def wait(_: Sandbox) -> None:
    pass


def move(sandbox: Sandbox) -> None:
    sandbox.prices.move(Symbol("BTC-USDT"), Decimal("68000.1"))


def hold(sandbox: Sandbox) -> None:
    place_spot(sandbox, price=Decimal(60_000), size=Decimal("0.001"))


def buy(sandbox: Sandbox) -> None:
    place_spot(sandbox, type=OrderType.MARKET, size=Decimal("0.001"))


CASES = [
    ("spot ticker", Venue.SPOT, PUBLIC, "/market/ticker:BTC-USDT", wait, 0),
    ("all tickers", Venue.SPOT, PUBLIC, "/market/ticker:all", wait, 0),
    ("spot snapshot", Venue.SPOT, PUBLIC, "/market/snapshot:BTC-USDT", wait, 0),
    ("spot candles", Venue.SPOT, PUBLIC, "/market/candles:BTC-USDT_1hour", wait, 0),
    ("futures best", Venue.FUTURES, PUBLIC, "/contractMarket/tickerV2:XBTUSDTM", wait, 0),
    ("futures ticker", Venue.FUTURES, PUBLIC, "/contractMarket/ticker:XBTUSDTM", wait, 0),
    ("mark price", Venue.FUTURES, PUBLIC, "/contract/instrument:XBTUSDTM", wait, 0),
    ("funding rate", Venue.FUTURES, PUBLIC, "/contract/instrument:XBTUSDTM", wait, 1),
    ("funding rate", Venue.FUTURES, PUBLIC, "/contract/instrument:XBTUSDTM", wait, 2),
    ("funding end", Venue.FUTURES, PUBLIC, "/contract/announcement:XBTUSDTM", wait, 0),
    ("spot balance", Venue.SPOT, PRIVATE, "/account/balance", hold, 0),
    ("spot market order", Venue.SPOT, PRIVATE, "/spotMarket/tradeOrdersV2", buy, 0),
    ("futures order", Venue.FUTURES, PRIVATE, "/contractMarket/tradeOrders:XBTUSDTM", place_futures, 0),
    ("wallet", Venue.FUTURES, PRIVATE, "/contractAccount/wallet", place_futures, 0),
    ("position", Venue.FUTURES, PRIVATE, "/contract/position:XBTUSDTM", buy_futures, 0),
    ("position mark", Venue.FUTURES, PRIVATE, "/contract/position:XBTUSDTM", move, 0),
    ("settlement", Venue.FUTURES, PRIVATE, "/contract/positionAll", wait, 0),
]


def kind(value: Json) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value))
    return "number" if isinstance(value, int | float) else type(value).__name__


def check(sample: Json, value: Json, where: str) -> None:
    assert kind(sample) == kind(value), f"{where}: {value!r} is not like {sample!r}"
    if isinstance(sample, dict):
        assert value.keys() == sample.keys(), where
        for name, part in sample.items():
            check(part, value[name], f"{where}.{name}")
    elif isinstance(sample, list) and sample:
        assert value, f"{where} is empty"
        for part in value:
            check(sample[0], part, f"{where}[]")


@pytest.mark.parametrize(("name", "venue", "channel", "topic", "happens", "number"), CASES)
def test_a_message_has_the_shape_of_kucoins_own(
    name: str, venue: Venue, channel: Channel, topic: str, happens: Json, number: int
) -> None:
    sample = SAMPLES[name]
    if name == "spot ticker":  # the schema and every client have it in small letters
        sample["data"]["time"] = sample["data"].pop("Time", 0)

    async def main() -> None:
        clock = Clock()
        async with still(clock) as sandbox, listening(sandbox, venue, channel) as listener:
            await listener.subscribes(topic, private=channel is PRIVATE)
            happens(sandbox)
            clock.advance(4 * 3600 if name in ("funding end", "settlement") else 1)
            sandbox.sockets.sessions[0].pinged_at = clock()
            sandbox.sockets.pump()
            message = (await listener.told())[number]
        assert message["subject"].partition(".")[0] == sample["subject"].partition(".")[0]
        if name == "futures order":
            assert message["data"].keys() >= IN_THE_SCHEMA
            message["data"] = {n: value for n, value in message["data"].items() if n not in IN_THE_SCHEMA}
        check(sample, message, name)

    asyncio.run(main())


def test_a_spot_order_goes_through_the_steps_of_the_sample() -> None:
    async def main() -> None:
        clock = Clock()
        async with still(clock) as sandbox, listening(sandbox, channel=PRIVATE) as listener:
            sandbox.exchange.deposit(Pocket.TRADE, "USDT", Decimal(100_000))
            await listener.subscribes("/spotMarket/tradeOrdersV2", private=True)
            place_spot(sandbox, price=Decimal(67_000), size=Decimal("0.1"))
            sandbox.prices.move(BTC, Decimal(66_995))
            sandbox.sockets.pump()
            *_, order = sandbox.exchange.orders.values()
            sandbox.exchange.cancel(order)
            sandbox.sockets.pump()
            news = await listener.told()
        wanted = SAMPLES["spot order sequence"]
        assert [(m["data"]["type"], m["data"]["status"]) for m in news] == [
            (m["data"]["type"], m["data"]["status"]) for m in wanted
        ]
        for sample, message in zip(wanted, news, strict=True):
            check(sample, message, sample["data"]["type"])

    asyncio.run(main())


def test_a_token_has_the_shape_of_kucoins_own() -> None:
    async def main() -> None:
        async with still(Clock()) as sandbox:
            check(SAMPLES["bullet"], (await bullet(sandbox, channel=PRIVATE)).json(), "bullet")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("sample", "value"),
    [({"a": "1"}, {"a": 1}), ({"a": 1}, {"a": True}), ({"a": 1}, {}), ({"a": 1}, {"a": 1, "b": 2}), (["1"], [])],
)
def test_the_check_sees_what_it_is_for(sample: Json, value: Json) -> None:
    with pytest.raises(AssertionError):
        check(sample, value, "here")
