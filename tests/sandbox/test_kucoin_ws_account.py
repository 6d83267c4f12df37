import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.core.numbers import plain
from chatbot.core.orders import OrderType, Side
from chatbot.core.times import to_millis
from chatbot.core.values import frozen
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.kucoin_ws_tokens import Heartbeat
from chatbot.sandbox.orders import ExchangeOrder, OrderRequest, Stop, TimeInForce, Trigger
from chatbot.sandbox.world import Sandbox
from tests.sandbox.listener import Listener, listening, still
from tests.sandbox.worlds import BTC, PERP, Clock, Json

PATIENT = Heartbeat(interval=timedelta(hours=10))


@frozen
class Desk:
    sandbox: Sandbox
    clock: Clock
    listener: Listener

    def place(self, **order: Json) -> ExchangeOrder:
        fields: Json = {"client_oid": "mine", "symbol": BTC, "side": Side.BUY, "type": OrderType.LIMIT}
        return self.sandbox.exchange.place(Venue.SPOT, OrderRequest(**(fields | order)))

    def place_futures(self, **order: Json) -> ExchangeOrder:
        fields: Json = {"client_oid": "mine", "symbol": PERP, "side": Side.BUY, "type": OrderType.MARKET}
        fields |= {"size": Decimal(10), "leverage": Decimal(5)}
        return self.sandbox.exchange.place(Venue.FUTURES, OrderRequest(**(fields | order)))

    def move(self, to: int, seconds: float = 1) -> None:
        self.sandbox.prices.move(BTC, Decimal(to))
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.sandbox.sockets.pump()

    async def told(self, *names: str) -> list[Json]:
        """What news was, once told; of each its data's fields of these names."""
        self.sandbox.sockets.pump()
        return [tuple(each["data"].get(name) for name in names) for each in await self.listener.told()]


Story = Callable[[Desk], Awaitable[None]]


def run(venue: Venue, topic: str, story: Story) -> None:
    async def main() -> None:
        clock = Clock()
        async with (
            still(clock, heartbeat=PATIENT) as sandbox,
            listening(sandbox, venue, Channel.PRIVATE) as listener,
        ):
            await listener.subscribes(topic, private=True)
            await story(Desk(sandbox=sandbox, clock=clock, listener=listener))

    asyncio.run(main())


SPOT_ORDERS, BALANCE = "/spotMarket/tradeOrdersV2", "/account/balance"
ORDERS, WALLET, POSITIONS = "/contractMarket/tradeOrders", "/contractAccount/wallet", "/contract/positionAll"
STEP = ("type", "status", "filledSize", "remainSize", "canceledSize", "liquidity")


def test_a_resting_order_is_received_opened_filled_in_part_and_cancelled() -> None:
    async def story(desk: Desk) -> None:
        desk.sandbox.exchange.deposit(Pocket.TRADE, "USDT", Decimal(100_000))
        order = desk.place(price=Decimal(67_000), size=Decimal("0.1"))
        assert await desk.told(*STEP) == [
            ("received", "new", None, None, None, None),
            ("open", "open", "0", "0.1", "0", None),
        ]
        desk.move(66_995)
        part = desk.sandbox.exchange.fills[-1].size
        left = Decimal("0.1") - part
        assert await desk.told(*STEP) == [("match", "open", str(part), str(left), "0", "maker")]
        desk.sandbox.exchange.cancel(order)
        assert await desk.told(*STEP) == [("canceled", "done", str(part), "0", str(left), None)]

    run(Venue.SPOT, SPOT_ORDERS, story)


def test_a_resting_order_is_filled_as_a_maker() -> None:
    async def story(desk: Desk) -> None:
        desk.place(price=Decimal(67_000), size=Decimal("0.001"))
        desk.move(66_000)
        news = await desk.told("type", "status", "matchPrice", "matchSize", "feeType", "size")
        assert news[2:] == [
            ("match", "open", "67000", "0.001", "makerFee", "0.001"),
            ("filled", "done", None, None, None, "0.001"),
        ]

    run(Venue.SPOT, SPOT_ORDERS, story)


def test_a_taker_matches_before_it_is_filled() -> None:
    async def story(desk: Desk) -> None:
        order = desk.place(price=Decimal(68_000), size=Decimal("0.001"))
        assert await desk.told(*STEP) == [
            ("received", "new", None, None, None, None),
            ("match", "match", "0.001", "0", "0", "taker"),
            ("filled", "done", "0.001", "0", "0", None),
        ]
        assert desk.sandbox.exchange.orders[order.id].deal_size == Decimal("0.001")

    run(Venue.SPOT, SPOT_ORDERS, story)


def test_a_market_order_by_funds_has_funds_and_no_price() -> None:
    async def story(desk: Desk) -> None:
        order = desk.place(type=OrderType.MARKET, funds=Decimal(100))
        spent = desk.sandbox.exchange.orders[order.id].deal_funds
        names = ("type", "price", "originSize", "originFunds", "remainFunds", "canceledFunds")
        assert await desk.told(*names) == [
            ("received", None, None, "100", None, None),
            ("match", None, None, "100", plain(100 - spent), "0"),
            ("filled", None, None, "100", "0", "0"),
        ]

    run(Venue.SPOT, SPOT_ORDERS, story)


def test_a_market_order_can_end_cancelled_with_something_filled() -> None:
    async def story(desk: Desk) -> None:
        desk.sandbox.exchange.deposit(Pocket.TRADE, "USDT", Decimal(90_000_000))
        desk.place(type=OrderType.MARKET, size=Decimal(100))
        *_, last = await desk.told("type", "status", "filledSize", "canceledSize")
        assert last[:2] == ("canceled", "done")
        assert Decimal(last[2]) > 0
        assert Decimal(last[2]) + Decimal(last[3]) == 100

    run(Venue.SPOT, SPOT_ORDERS, story)


def test_an_order_that_never_rests_is_received_and_cancelled() -> None:
    async def story(desk: Desk) -> None:
        desk.place(price=Decimal(60_000), size=Decimal("0.001"), time_in_force=TimeInForce.IOC)
        desk.place(price=Decimal(68_000), size=Decimal("0.001"), post_only=True)
        steps = [("received", "new"), ("canceled", "done")]
        assert await desk.told("type", "status") == steps * 2

    run(Venue.SPOT, SPOT_ORDERS, story)


def test_a_stop_order_is_told_of_when_it_goes_to_market() -> None:
    async def story(desk: Desk) -> None:
        desk.place(type=OrderType.MARKET, funds=Decimal(50), stop=Stop(trigger=Trigger.UP, price=Decimal(70_000)))
        assert await desk.told("type") == []
        desk.move(70_001)
        assert await desk.told("type", "clientOid") == [("received", "mine"), ("match", "mine"), ("filled", "mine")]

    run(Venue.SPOT, SPOT_ORDERS, story)


CHANGE = ("currency", "availableChange", "holdChange", "relationEvent")


def test_what_an_order_holds_and_gives_back_is_told() -> None:
    async def story(desk: Desk) -> None:
        order = desk.place(price=Decimal(60_000), size=Decimal("0.001"))
        assert await desk.told(*CHANGE) == [("USDT", "-60.06", "60.06", "trade.hold")]
        desk.sandbox.exchange.cancel(order)
        news = await desk.told(*CHANGE, "relationContext", "time")
        context, time = {"symbol": BTC, "orderId": order.id}, str(to_millis(desk.clock()))
        assert news == [("USDT", "60.06", "-60.06", "trade.hold", context, time)]

    run(Venue.SPOT, BALANCE, story)


def test_a_fill_settles_both_currencies_and_what_was_held_at_once() -> None:
    async def story(desk: Desk) -> None:
        order = desk.place(price=Decimal(67_000), size=Decimal("0.001"))
        await desk.told()
        desk.move(66_000)
        news = await desk.told(*CHANGE, "relationContext")
        trade = str(desk.sandbox.exchange.fills[-1].trade_id)
        context = {"symbol": BTC, "orderId": order.id, "tradeId": trade}
        assert sorted(news) == [
            ("BTC", "0.001", "0", "trade.setted", context),
            ("USDT", "0", "-67.067", "trade.setted", context),
        ]

    run(Venue.SPOT, BALANCE, story)


def test_money_that_comes_and_goes_is_told() -> None:
    async def story(desk: Desk) -> None:
        for pocket, amount in ((Pocket.MAIN, 25), (Pocket.MAIN, -5), (Pocket.TRADE, 7), (Pocket.FUTURES, 9)):
            desk.sandbox.exchange.deposit(pocket, "USDT", Decimal(amount))
        assert await desk.told("availableChange", "total", "relationEvent") == [
            ("25", "437", "main.deposit"),
            ("-5", "432", "main.withdraw_done"),
            ("7", "1247.55", "trade.transfer"),
        ]

    run(Venue.SPOT, BALANCE, story)


def test_what_happened_before_the_subscription_is_not_told() -> None:
    async def story(desk: Desk) -> None:
        desk.place(price=Decimal(60_000), size=Decimal("0.001"))
        await desk.listener.subscribes(BALANCE, private=True)
        async with listening(desk.sandbox, channel=Channel.PRIVATE) as late:
            await late.subscribes(SPOT_ORDERS, private=True)
            assert [each["topic"] for each in await desk.listener.told()] == [SPOT_ORDERS] * 2
            desk.place(price=Decimal(61_000), size=Decimal("0.001"), client_oid="next")
            desk.sandbox.sockets.pump()
            assert {each["data"]["clientOid"] for each in await late.told()} == {"next"}

    run(Venue.SPOT, SPOT_ORDERS, story)


def test_futures_orders_have_no_step_before_they_rest_or_trade() -> None:
    async def story(desk: Desk) -> None:
        desk.place_futures()
        resting = desk.place_futures(type=OrderType.LIMIT, price=Decimal(66_000), client_oid="resting")
        assert await desk.told(*STEP) == [
            ("match", "match", "10", "0", "0", "taker"),
            ("filled", "done", "10", "0", "0", "maker"),
            ("open", "open", "0", "10", "0", "maker"),
        ]
        desk.sandbox.exchange.cancel(resting)
        assert await desk.told(*STEP) == [("canceled", "done", "0", "0", "10", "maker")]

    run(Venue.FUTURES, ORDERS, story)


def test_a_futures_topic_of_one_symbol_hears_that_symbol() -> None:
    async def story(desk: Desk) -> None:
        desk.place_futures(symbol="ETHUSDTM")
        desk.place_futures(client_oid="another")
        desk.sandbox.sockets.pump()
        news = await desk.listener.told()
        assert {(each["topic"], each["data"]["symbol"]) for each in news} == {(f"{ORDERS}:{PERP}", PERP)}

    run(Venue.FUTURES, f"{ORDERS}:{PERP}", story)


def test_the_futures_wallet_is_told_as_it_stands() -> None:
    async def story(desk: Desk) -> None:
        desk.place_futures(type=OrderType.LIMIT, price=Decimal(66_000))
        (news,) = await desk.told("walletBalance", "availableBalance", "isolatedOrderMargin", "version")
        wallet = desk.sandbox.exchange.accounts.wallet(Pocket.FUTURES, "USDT")
        held = wallet.held - desk.sandbox.exchange.positions[PERP].margin
        assert [Decimal(each) for each in news[:3]] == [wallet.total, wallet.available, held]
        desk.sandbox.exchange.deposit(Pocket.FUTURES, "USDT", Decimal(5))
        ((version,),) = await desk.told("version")
        assert int(version) > int(news[3])

    run(Venue.FUTURES, WALLET, story)


CHANGED = ("changeReason", "currentQty", "isOpen")


def test_a_position_is_told_of_when_it_changes_and_when_it_is_gone() -> None:
    async def story(desk: Desk) -> None:
        desk.place_futures()
        assert await desk.told(*CHANGED) == [("positionChange", 60, True)]
        desk.place_futures(side=Side.SELL, size=Decimal(60), reduce_only=True)
        assert await desk.told(*CHANGED) == [("positionChange", 0, False)]
        assert await desk.told(*CHANGED) == []

    run(Venue.FUTURES, POSITIONS, story)


def test_a_liquidation_is_told_as_one() -> None:
    async def story(desk: Desk) -> None:
        desk.move(50_000)
        assert await desk.told(*CHANGED) == [("liquidation", 0, False)]

    run(Venue.FUTURES, POSITIONS, story)


def test_the_mark_price_moves_a_position_without_a_reason() -> None:
    async def story(desk: Desk) -> None:
        desk.move(68_000)
        news = await desk.told("markPrice", "changeReason", "symbol")
        assert [each[1:] for each in news] == [(None, None)]
        desk.pass_time(1)
        assert await desk.told() == []

    run(Venue.FUTURES, f"/contract/position:{PERP}", story)


def test_funding_that_was_paid_is_told_as_a_settlement() -> None:
    async def story(desk: Desk) -> None:
        funding = desk.sandbox.prices.funding(PERP)
        assert funding is not None
        desk.pass_time((funding.next_at - desk.clock()).total_seconds() - 1)
        await desk.told()
        desk.pass_time(1)
        news = [each for each in await desk.listener.told() if each["subject"] == "position.settlement"]
        (payment,) = desk.sandbox.exchange.payments
        assert [each["topic"] for each in news] == [POSITIONS]
        told = news[0]["data"]
        assert (told["fundingTime"], told["qty"]) == (to_millis(funding.next_at), 50)
        assert (told["fundingFee"], told["fundingRate"]) == (float(payment.amount), float(payment.rate))
        assert payment.amount < 0 < payment.rate
        assert "symbol" not in told

    run(Venue.FUTURES, POSITIONS, story)
