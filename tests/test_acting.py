"""The part that lets people act, put together: what its jobs find at a KuCoin is told, and its buttons do something."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.market import Symbol
from chatbot.core.notices import Letter
from chatbot.core.preferences import Kind
from tests.chat.desk import ANNA, BEN, CARA, NOON, Desk, at_desk
from tests.chat.shown import labels, visible

PERP = Symbol("XBTUSDTM")


async def _job(desk: Desk, name: str) -> list[Letter]:
    """What one turn of a job leaves to be sent."""
    (job,) = (job for part in desk.parts for job in part.jobs if job.name == name)
    await job.run()
    return desk.delivered()


async def _look(desk: Desk, mark_factor: str) -> list[Letter]:
    """The mark price moves, and liquidations are looked for a minute later."""
    quote = desk.prices.quote(PERP)
    assert quote is not None
    desk.prices.move(PERP, quote.last * Decimal(mark_factor))
    desk.clock.advance(60)
    return await _job(desk, "watch for liquidations")


async def _before_settlement(desk: Desk, minutes: int = 22) -> list[Letter]:
    """What is pushed so long before 16:00, when XBTUSDTM settles."""
    desk.clock.time = NOON + timedelta(hours=4) - timedelta(minutes=minutes)
    return await _job(desk, "look what funding will cost")


def _wants_pushes(desk: Desk, above: str = "0") -> None:
    for person in (ANNA, CARA):
        desk.store.preferences.change(person.id, lambda p: replace(p, pays_above=Decimal(above)))


def test_a_position_near_its_liquidation_is_told_to_all_who_may_close_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert await _look(desk, "1") == []
        letters = await _look(desk, "0.93")
        assert [letter.chat_id for letter in letters] == [ANNA.id, BEN.id], "Cara may only look"
        assert {letter.kind for letter in letters} == {Kind.LIQUIDATION}
        first, *more = visible(letters[0].text).split("\n")
        assert first.startswith("Liquidation comes near: BTC long, 1")
        assert "liquidation at" in more[0]
        assert labels(letters[0]) == ["Close half", "Close", "Positions"]
        (ticket,) = (await desk.taps(BEN, letters[1], "Close half")).letters
        assert "25 lots = 0.025 BTC, reduce-only" in ticket.text
        (positions,) = (await desk.taps(BEN, letters[1], "Positions")).letters
        assert "BTC long" in positions.text

    at_desk(tmp_path, story)


def test_each_rung_is_louder_than_the_one_before(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        heads = [visible((await _look(desk, factor))[0].text).split(":")[0] for factor in ("0.93", "0.95", "0.95")]
        assert heads == [
            "Liquidation comes near",
            "DANGER, liquidation is near",
            "LAST WARNING BEFORE LIQUIDATION",
        ]

    at_desk(tmp_path, story)


def test_nothing_can_be_closed_while_trading_is_off(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        letters = await _look(desk, "0.93")
        assert labels(letters[0]) == ["Positions"]

    at_desk(tmp_path, story, TRADING_MODE="off")


def test_what_a_position_will_pay_is_told_before_it_is_paid(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert await _before_settlement(desk) == [], "nobody wants to know"
        _wants_pushes(desk)
        assert await _before_settlement(desk, 45) == [], "it is not time yet"
        letters = await _before_settlement(desk)
        assert [letter.chat_id for letter in letters] == [ANNA.id, CARA.id]
        assert {letter.kind for letter in letters} == {Kind.FUNDING}
        first, second, third = visible(letters[0].text).split("\n")
        assert first.startswith("BTC long pays 0.")
        assert first.endswith(" USDT in 22 m")
        assert second.startswith("0.05 BTC, +0.0")
        assert third.startswith("settles at ")
        assert labels(letters[0])[:2] == ["Close half", "Close"]
        assert labels(letters[1])[0].startswith("Only above "), "Cara may not trade"
        assert await _before_settlement(desk, 21) == [], "once for each settlement"

    at_desk(tmp_path, story)


def test_only_above_a_sum_is_what_it_says(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _wants_pushes(desk)
        anna, cara = await _before_settlement(desk)
        tapped = await desk.taps(ANNA, anna, "Only above")
        assert tapped.toast_text.startswith("Told only above ")
        (card,) = tapped.letters
        assert labels(card) == ["Close half", "Close"]
        above = desk.store.preferences.of(ANNA.id).pays_above
        assert above is not None
        assert above > 0
        (done,) = (await desk.taps(CARA, cara, "Ok")).letters
        assert labels(done) == []
        desk.clock.advance(8 * 3600)
        assert [letter.chat_id for letter in await _job(desk, "look what funding will cost")] == [CARA.id]

    at_desk(tmp_path, story)


@pytest.mark.parametrize(("line", "pushed"), [("pay", False), ("pay > 100", True), ("flip", True)])
def test_whoever_has_a_rule_that_tells_the_same_is_told_once(tmp_path: Path, line: str, *, pushed: bool) -> None:
    async def story(desk: Desk) -> None:
        _wants_pushes(desk)
        await desk.says(CARA, f"/alert funding btc {line}")
        letters = await _before_settlement(desk)
        assert (CARA.id in [letter.chat_id for letter in letters]) is pushed
        await desk.services.alerting.funding.scan()
        rung = [letter.chat_id for letter in desk.delivered()]
        assert (CARA.id in rung) is not pushed
        assert await _before_settlement(desk, 20) == [], "also after its rule has fired"

    at_desk(tmp_path, story)


def test_a_paused_rule_leaves_it_to_the_push(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _wants_pushes(desk)
        await desk.says(CARA, "/alert funding btc pay")
        await desk.says(CARA, "/alerts pause 1")
        assert CARA.id in [letter.chat_id for letter in await _before_settlement(desk)]
        await desk.services.alerting.funding.scan()
        assert desk.delivered() == []

    at_desk(tmp_path, story)


def test_what_is_muted_is_not_pushed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _wants_pushes(desk)
        desk.store.preferences.mute(CARA.id, PERP, on=True)
        assert [letter.chat_id for letter in await _before_settlement(desk)] == [ANNA.id]

    at_desk(tmp_path, story)
