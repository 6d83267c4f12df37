"""/close, from the words to what became of the order: reduce-only, once, and never past what was shown."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from chatbot.core.errors import (
    Killed,
    OverLimit,
    Refused,
    TicketGone,
    Unavailable,
    UnknownSymbol,
    UsageError,
)
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import OrderTicket, Side, TicketState
from chatbot.core.people import Person
from chatbot.sandbox.faults import Fault
from chatbot.services.exits import Sending
from chatbot.services.passing import PriceMoved, Tripped
from chatbot.services.post import Ending
from chatbot.services.reducing import PositionChanged, Reducing, Reduction
from chatbot.services.trading import Asking
from tests.services.desk import ANNA, BEN, BRIEF, Desk, limits, story

Opened = Callable[..., Desk]

BTC, ETH = Symbol("XBTUSDTM"), Symbol("ETHUSDTM")
PLACE = "POST /futures/api/v1/orders"
HALF = Decimal(50)


def reducing(desk: Desk) -> Reducing:
    return Reducing(
        exchange=desk.kucoin,
        markets=desk.markets,
        reconciler=desk.reconciler,
        store=desk.store,
        rules=desk.rules,
        guards=desk.guards,
    )


async def propose(
    desk: Desk, word: str = "btc", percent: Decimal = Decimal(100), side: str = "", person: Person = ANNA
) -> OrderTicket:
    """As far as the card that shows it."""
    update = next(desk._updates)
    desk.post.keep([(update, "{}")])
    asking = Asking(person=person, chat_id=person.id, update_id=update, asked="")
    ticket = await reducing(desk).propose(Reduction(word=word, percent=percent, side=side), asking)
    card = Letter(chat_id=person.id, lane=Lane.ANSWER, subject=Subject.TICKET, subject_id=ticket.id)
    desk.post.finish(update, Ending.DONE, [card])
    return desk.now(ticket)


async def confirm(desk: Desk, ticket: OrderTicket, person: Person = ANNA) -> Sending:
    return await reducing(desk).confirm(ticket.id, person, ticket.card_id)


async def closed(desk: Desk, ticket: OrderTicket) -> OrderTicket:
    await reducing(desk).send(await confirm(desk, ticket))
    return desk.now(ticket)


def posts(desk: Desk) -> int:
    return desk.wire.lines.count(PLACE)


@story
async def test_half_a_long_is_sold_and_a_short_bought_back(desk: Desk) -> None:
    desk.position(lots=51)
    desk.position(ETH, Side.SELL, 3)
    half = await propose(desk, percent=HALF)
    assert (half.spec.side, half.spec.size, half.cost.free_after) == (Side.SELL, Decimal(25), Decimal(26))
    assert half.asked == "/close XBTUSDTM 50% long"
    done = [await closed(desk, half), await closed(desk, await propose(desk, "ETHUSDTM"))]
    assert [(t.state, t.executed.size) for t in done] == [
        (TicketState.FILLED, Decimal(25)),
        (TicketState.FILLED, Decimal(3)),
    ]
    assert {symbol: p.lots for symbol, p in desk.exchange.positions.items()} == {BTC: Decimal(26)}
    orders = [desk.exchange.find_by_client_oid(Venue.FUTURES, t.spec.client_oid) for t in done]
    assert all(order is not None and order.request.reduce_only for order in orders)


@story
async def test_what_only_reduces_counts_against_no_limit_and_needs_neither_code_nor_approval(opened: Opened) -> None:
    rules = limits(max_notional=Decimal(1), daily_max=Decimal(1), totp_above=Decimal(0), approval_above=Decimal(0))
    desk = opened(rules=rules)
    desk.position()
    ticket = await closed(desk, await propose(desk))
    assert ticket.state is TicketState.FILLED
    assert ticket.cost.notional == 0
    assert ticket.cost.funds > 3000
    assert desk.store.orders.spent_on_day_of(desk.time()) == 0


@story
async def test_nothing_leaves_before_the_tap_nor_twice_after_two(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    assert posts(desk) == 0
    sending = await confirm(desk, ticket)
    with pytest.raises(TicketGone, match="already sent"):
        await confirm(desk, ticket)
    await reducing(desk).send(sending)
    with pytest.raises(TicketGone, match="already sent"):
        await reducing(desk).send(sending)
    assert posts(desk) == 1


@story
async def test_the_same_update_makes_one_ticket(desk: Desk) -> None:
    desk.position()
    asking = Asking(person=ANNA, chat_id=ANNA.id, update_id=5, asked="")
    one, other = [await reducing(desk).propose(Reduction(word="btc"), asking) for _ in range(2)]
    assert one.id == other.id


@pytest.mark.parametrize("who", ["somebody else", "another card", "too late"])
@story
async def test_only_its_proposer_on_its_card_in_its_time_confirms(opened: Opened, who: str) -> None:
    desk = opened()
    desk.position()
    ticket = await propose(desk)
    if who == "too late":
        desk.wait(60)
    card = ticket.card_id + (who == "another card")
    with pytest.raises(TicketGone):
        await reducing(desk).confirm(ticket.id, BEN if who == "somebody else" else ANNA, card)
    assert posts(desk) == 0


@story
async def test_a_ticket_of_another_kind_never_passes_this_door_nor_this_one_theirs(desk: Desk) -> None:
    spot = await desk.propose("buy btc 100usdt")
    with pytest.raises(TicketGone, match="closes no position"):
        await confirm(desk, spot)
    desk.position()
    with pytest.raises(Refused, match="spot only"):
        await desk.confirm(await propose(desk))
    assert (posts(desk), desk.posts) == (0, 0)


@story
async def test_a_position_that_is_gone_spends_the_ticket_with_a_sentence(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    desk.position(side=Side.SELL)
    with pytest.raises(TicketGone, match="long position on XBTUSDTM is gone"):
        await confirm(desk, ticket)
    assert (desk.state(ticket), posts(desk)) == (TicketState.EXPIRED, 0)


@story
async def test_a_position_that_turned_round_is_left_alone(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    desk.position(side=Side.SELL, lots=80)
    with pytest.raises(TicketGone, match="is gone"):
        await confirm(desk, ticket)
    assert desk.exchange.positions[BTC].lots == -30


@story
async def test_less_than_the_card_would_close_wants_another_look_and_more_is_closed_as_shown(desk: Desk) -> None:
    desk.position()
    shrunk, grown = await propose(desk), await propose(desk)
    desk.position(side=Side.SELL, lots=20)
    with pytest.raises(PositionChanged, match="Only 30 lots of it are left, 50 were to go"):
        await confirm(desk, shrunk)
    assert desk.state(shrunk) is TicketState.EXPIRED
    desk.position(lots=70)
    assert (await closed(desk, grown)).executed.size == 50
    assert desk.exchange.positions[BTC].lots == 50


@story
async def test_a_position_that_shrinks_on_the_way_is_never_turned_round(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    sending = await confirm(desk, ticket)
    desk.wire.before(PLACE, lambda: desk.position(side=Side.SELL, lots=45))
    await reducing(desk).send(sending)
    assert desk.now(ticket).executed.size == 5
    assert desk.exchange.positions == {}


@story
async def test_a_price_that_ran_away_spends_the_ticket(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    desk.price("67000")
    with pytest.raises(PriceMoved, match="Nothing was sent"):
        await confirm(desk, ticket)
    assert (desk.state(ticket), desk.now(ticket).reason) == (TicketState.EXPIRED, "the price moved")
    assert posts(desk) == 0


@story
async def test_a_kill_expires_the_card_and_one_between_tap_and_post_is_obeyed(desk: Desk) -> None:
    desk.position()
    shown, tapped = await propose(desk), await propose(desk)
    sending = await confirm(desk, tapped)
    desk.kill()
    await reducing(desk).send(sending)
    assert (desk.state(shown), desk.state(tapped)) == (TicketState.EXPIRED, TicketState.NOT_SENT)
    assert desk.now(tapped).reason == "trading was stopped before it left"
    with pytest.raises(Killed, match="Close positions is on the card of the stop"):
        await propose(desk)
    assert posts(desk) == 0


@story
async def test_a_kill_while_the_market_is_read_is_obeyed(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    desk.wire.after("GET /futures/api/v1/positions", desk.kill)
    with pytest.raises(TicketGone, match="expired"):
        await confirm(desk, ticket)
    assert posts(desk) == 0


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.ERROR_AFTER_ACCEPT])
@story
async def test_a_lost_answer_is_looked_up_and_never_sent_again(opened: Opened, fault: Fault) -> None:
    desk = opened(deadlines=BRIEF)
    desk.position()
    ticket = await propose(desk)
    sending = await confirm(desk, ticket)
    desk.switch(fault)
    await reducing(desk).send(sending)
    assert (desk.state(ticket), posts(desk)) == (TicketState.FILLED, 1)
    assert desk.exchange.positions == {}


@story
async def test_while_one_is_unknown_no_other_on_its_contract_is_begun_or_sent(desk: Desk) -> None:
    desk.position()
    desk.position(ETH, lots=4)
    waiting, ticket = await propose(desk, percent=HALF), await propose(desk, percent=HALF)
    await confirm(desk, ticket)
    desk.restart()
    desk.reconciler.recover()
    assert desk.state(ticket) is TicketState.UNKNOWN
    with pytest.raises(Refused, match="still unknown"):
        await propose(desk)
    with pytest.raises(Refused, match="still unknown"):
        await confirm(desk, waiting)
    assert (await closed(desk, await propose(desk, "eth"))).state is TicketState.FILLED
    for _ in range(5):
        desk.wait(20)
        await desk.reconciler.follow()
    assert desk.state(ticket) is TicketState.NOT_PLACED
    assert posts(desk) == 1


@story
async def test_a_submission_given_up_meanwhile_does_not_leave(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    sending = await confirm(desk, ticket)
    desk.wait(61)
    await desk.reconciler.follow()
    with pytest.raises(TicketGone, match="given up"):
        await reducing(desk).send(sending)
    assert posts(desk) == 0


@story
async def test_held_orders_and_trading_that_is_off_hold_this_too(opened: Opened) -> None:
    desk = opened()
    desk.position()
    ticket, tapped = await propose(desk), await propose(desk)
    sending = await confirm(desk, tapped)
    desk.held = "Orders are held: the key is odd."
    with pytest.raises(Refused, match="the key is odd"):
        await propose(desk)
    with pytest.raises(Refused, match="the key is odd"):
        await confirm(desk, ticket)
    await reducing(desk).send(sending)
    assert desk.state(tapped) is TicketState.NOT_SENT
    desk.held = ""
    desk.restart(limits(mode=TradingMode.OFF))
    with pytest.raises(Refused, match="TRADING_MODE"):
        await confirm(desk, ticket)
    assert not reducing(desk).offers(BTC)
    assert posts(desk) == 0


@story
async def test_only_what_may_be_traded_is_closed_also_by_the_limits_of_the_tap(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    desk.restart(limits(symbols=frozenset({"BTC-USDT"})))
    assert not reducing(desk).offers(BTC)
    for attempt in (lambda: propose(desk), lambda: confirm(desk, ticket)):
        with pytest.raises(OverLimit, match="ORDER_SYMBOLS"):
            await attempt()
    desk.restart(limits(symbols=frozenset({"XBTUSDTM"})))
    assert (await closed(desk, ticket)).state is TicketState.FILLED


@story
async def test_orders_that_come_too_fast_stop_trading(opened: Opened) -> None:
    desk = opened(rules=limits(most_per_minute=1))
    desk.position()
    first, second = await propose(desk, percent=HALF), await propose(desk, percent=HALF)
    await closed(desk, first)
    with pytest.raises(Tripped):
        await confirm(desk, second)
    assert desk.found().cause == "more than 1 orders in a minute"
    assert (desk.state(second), posts(desk)) == (TicketState.EXPIRED, 1)


@story
async def test_what_is_not_there_is_refused_with_what_is(opened: Opened) -> None:
    desk = opened()
    with pytest.raises(Refused, match="No position is open on XBTUSDTM"):
        await propose(desk)
    desk.position(ETH, Side.SELL, 1)
    with pytest.raises(Refused, match="Open: ETHUSDTM"):
        await propose(desk)
    with pytest.raises(Refused, match="less than one lot"):
        await propose(desk, "eth", HALF)
    with pytest.raises(Refused, match="No long position"):
        await propose(desk, "eth", side="long")
    with pytest.raises(UnknownSymbol):
        await propose(desk, "nosuch")
    with pytest.raises(UsageError, match="not a symbol"):
        await propose(desk, "🙂")
    spot = opened(permissions=frozenset({"General", "Spot"}))
    with pytest.raises(Refused, match="may not see futures"):
        await propose(spot)


@story
async def test_a_kucoin_that_is_away_or_closed_leaves_the_card_as_it_is(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    desk.switch(Fault.UNAVAILABLE)
    with pytest.raises(Unavailable):
        await confirm(desk, ticket)
    desk.switch(Fault.UNAVAILABLE, on=False)
    desk.switch(Fault.CANCEL_ONLY)
    with pytest.raises(Refused, match="takes only cancels at the moment"):
        await confirm(desk, ticket)
    desk.switch(Fault.CANCEL_ONLY, on=False)
    assert (await closed(desk, ticket)).state is TicketState.FILLED


@story
async def test_what_kucoin_refuses_is_told(desk: Desk) -> None:
    desk.position()
    ticket = await propose(desk)
    sending = await confirm(desk, ticket)
    desk.position(side=Side.SELL)
    await reducing(desk).send((sending[0], replace(sending[1], hedged=False)))
    assert desk.state(ticket) is TicketState.REJECTED
    assert "no position to close" in desk.now(ticket).reason
