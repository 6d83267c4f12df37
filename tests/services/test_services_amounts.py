"""What a USDT is in somebody's currency: asked once a minute, and done without when KuCoin is away."""

import asyncio
from dataclasses import replace
from decimal import Decimal

from chatbot.sandbox.faults import Fault
from chatbot.services.amounts import FiatPrices, Reading
from tests.services.desk import ANNA, BEN, Desk, story

ASKED = "GET /spot/api/v1/prices"


def reading(desk: Desk) -> Reading:
    return Reading(preferences=desk.store.preferences, prices=FiatPrices(desk.kucoin.market, desk.time))


def thinks_in(desk: Desk, currency: str) -> None:
    desk.store.preferences.change(ANNA.id, lambda prefers: replace(prefers, currency=currency))


@story
async def test_a_price_is_asked_for_once_a_minute_however_many_want_it(desk: Desk) -> None:
    thinks_in(desk, "EUR")
    mine = reading(desk)
    told = await asyncio.gather(*(mine.amounts(ANNA.id) for _ in range(5)))
    assert {(t.currency, t.rate, t.hidden) for t in told} == {("EUR", Decimal("0.92"), False)}
    assert desk.wire.lines.count(ASKED) == 1
    desk.wait(59)
    await mine.amounts(ANNA.id)
    assert desk.wire.lines.count(ASKED) == 1
    desk.wait(1)
    await mine.amounts(ANNA.id)
    assert desk.wire.lines.count(ASKED) == 2


@story
async def test_a_kucoin_that_is_away_costs_the_currency_and_nothing_else(desk: Desk) -> None:
    thinks_in(desk, "EUR")
    mine = reading(desk)
    desk.switch(Fault.UNAVAILABLE)
    assert (await mine.amounts(ANNA.id)).rate is None
    desk.switch(Fault.UNAVAILABLE, on=False)
    asked = desk.wire.lines.count(ASKED)
    assert (await mine.amounts(ANNA.id)).rate is None
    assert desk.wire.lines.count(ASKED) == asked, "who was told nothing a moment ago does not wait again"
    desk.wait(60)
    assert (await mine.amounts(ANNA.id)).rate == Decimal("0.92")


@story
async def test_nobody_is_asked_for_who_wants_no_currency_or_one_that_is_none(desk: Desk) -> None:
    mine = reading(desk)
    assert (await mine.amounts(ANNA.id)).currency == ""
    for odd in ("eur", "E&R", "EURO💶", "TOOLONG"):
        thinks_in(desk, odd)
        assert (await mine.amounts(ANNA.id)).rate is None
    assert ASKED not in desk.wire.lines
    thinks_in(desk, "XYZ")
    assert (await mine.amounts(ANNA.id)).rate is None


@story
async def test_who_hides_amounts_hides_them_for_themselves_and_a_group_sees_none(desk: Desk) -> None:
    mine = reading(desk)
    mine.hide(ANNA.id, on=True)
    assert (mine.hides(ANNA.id), mine.hides(BEN.id)) == (True, False)
    assert (await mine.amounts(ANNA.id)).hidden
    assert [mine.in_chat(chat).hidden for chat in (ANNA.id, BEN.id, -1001)] == [True, False, True]
    mine.hide(ANNA.id, on=False)
    assert not mine.in_chat(ANNA.id).hidden
