import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from chatbot.core.feed import Channel, FeedGap, FundingSettled, MoneyMoved, OrderNews, PositionNews, Stream, Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.times import to_millis
from chatbot.services.elsewhere import OrdersElsewhere
from chatbot.services.fills import Fills
from chatbot.services.liquidation import LiquidationWatch, LiquidationWording
from chatbot.services.listening import Account, Listening
from tests.sandbox.worlds import BTC, PERP
from tests.services.desk import ANNA, BEN, Desk, Told, story


class Ears:
    """What the feed tells, as far as the services."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.fills = Fills(store=desk.store, reconciler=desk.reconciler)
        exchange = desk.connect()
        self.elsewhere = OrdersElsewhere(
            exchange=exchange, store=desk.store, owners={ANNA.id}, word=lambda o: f"{o.symbol} ended", now=desk.time
        )
        self.liquidation = LiquidationWatch(
            source=exchange.account,
            store=desk.store,
            people={ANNA.id},
            wording=LiquidationWording(danger=lambda d, _, __: (d.position.symbol, ()), unknown=lambda p: p.symbol),
            now=desk.time,
        )
        account = Account(
            owners=frozenset({ANNA.id}),
            moved=lambda n: f"{n.change} {n.currency}",
            settled=lambda n: f"{n.symbol} {n.fee}",
            elsewhere=self.elsewhere,
            liquidation=self.liquidation,
        )
        self.listening = Listening(
            store=desk.store, lookout=desk.lookout, audit=desk.audit, funding=desk.funding, fills=self.fills,
            account=account,
        )  # fmt: skip

    def order(self, ticket: OrderTicket, client_oid: str = "") -> None:
        oid = client_oid or ticket.spec.client_oid
        self.listening.hear(OrderNews(symbol=BTC, venue=Venue.SPOT, order_id="x", client_oid=oid, at=self.desk.time()))

    async def act(self) -> None:
        """What the news ask for."""
        work = [asyncio.create_task(each.run()) for each in (self.fills, self.elsewhere)]
        await asyncio.sleep(0.05)
        for task in work:
            task.cancel()


async def resting(desk: Desk) -> OrderTicket:
    ticket = await desk.order("buy btc 0.01 @ 60000")
    assert ticket.state is TicketState.OPEN
    desk.wait(60)
    desk.forget_letters()
    return ticket


@story
async def test_a_fill_is_told_as_soon_as_the_feed_has_news_of_the_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ticket, ears = await resting(desk), Ears(desk)
    desk.price("59000")
    desk.wait(1)
    ears.order(ticket)
    await ears.act()
    assert desk.state(ticket) is TicketState.FILLED
    assert Told(subject=desk.told()[0].subject, id=ticket.id, rings=True) in desk.told()


@story
async def test_news_that_repeat_are_told_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ticket, ears = await resting(desk), Ears(desk)
    desk.price("59000")
    desk.wait(1)
    lines = len(desk.wire.lines)
    for _ in range(5):
        ears.order(ticket)
    await ears.act()
    ears.order(ticket)
    await ears.act()
    assert sum(1 for told in desk.told() if told.rings) == 1
    assert len(desk.wire.lines) - lines <= 2, "five pieces of news are one look-up and one of its fills"


@story
async def test_an_order_placed_elsewhere_is_looked_up_as_what_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ticket, ears = await resting(desk), Ears(desk)
    lines = len(desk.wire.lines)
    ears.order(ticket, "placed-in-the-app")
    ears.order(ticket, "cbnobodyknowsthis")
    await ears.act()
    assert desk.wire.lines[lines:] == ["GET /spot/api/v1/hf/orders/x"]


@story
async def test_a_position_that_moves_reaches_whoever_watches_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ears = Ears(desk)
    desk.position(lots=10)
    await ears.liquidation.look()
    assert desk.letters() == []
    ears.listening.hear(PositionNews(symbol=PERP, mark=Decimal(59_000), changed=False))
    assert desk.letters() == [PERP]


@story
async def test_after_a_gap_every_order_that_may_be_alive_is_looked_up(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ticket, ears = await resting(desk), Ears(desk)
    desk.exchange.cancel(next(iter(desk.exchange.orders.values())))
    gap = FeedGap(
        stream=Stream(venue=Venue.SPOT, channel=Channel.PRIVATE), since=desk.time(), until=desk.time(), reason="dropped"
    )
    ears.listening.gap(gap)
    await ears.act()
    assert desk.state(ticket) is TicketState.CANCELED


@story
async def test_ticks_reach_their_rules(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ears = Ears(desk)
    await desk.alert("BTC > 68000")
    ears.listening.hear(Tick(BTC, "68001", to_millis(desk.time())))
    assert desk.fired() == ["1·1 68001 live"]


@story
async def test_the_owners_hear_once_of_money_that_came_or_went(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ears = Ears(desk)
    news = MoneyMoved(currency="USDT", change=Decimal(-500), at=desk.time())
    ears.listening.hear(news)
    ears.listening.hear(news)
    assert desk.letters(ANNA.id) == ["-500 USDT"]
    assert desk.letters(BEN.id) == []


@story
async def test_whoever_wanted_to_know_what_a_position_pays_hears_what_it_paid(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ears = Ears(desk)
    await desk.alert("funding BTC pay > 1", BEN)
    for symbol in (PERP, None, Symbol("ETHUSDTM")):
        ears.listening.hear(
            FundingSettled(
                symbol=symbol, fee=Decimal("-0.49"), rate=Decimal("0.0001"), currency="USDT",
                at=desk.time() + timedelta(hours=8),
            )
        )  # fmt: skip
    assert desk.letters(BEN.id) == ["XBTUSDTM -0.49", "None -0.49"]
    assert desk.letters(ANNA.id) == []


@story
async def test_a_group_does_not_hear_what_a_position_paid(tmp_path: Path) -> None:
    """The sum is the account's."""
    desk = Desk(tmp_path)
    ears = Ears(desk)
    rule = await desk.alert("funding BTC pay > 1", BEN)
    desk.store.db.execute("UPDATE alerts SET chat_id = -1001 WHERE id = ?", [rule.id])
    ears.listening.hear(
        FundingSettled(symbol=PERP, fee=Decimal("-0.49"), rate=Decimal("0.0001"), currency="USDT", at=desk.time())
    )
    assert desk.letters(-1001) == []
