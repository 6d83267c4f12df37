"""/positions and /close as phones would use them, before a sandbox KuCoin."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.chat.reducing import reduction
from chatbot.core.errors import UsageError
from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.orders import OrderRequest
from tests.chat.desk import ANNA, BEN, CARA, GROUP, Desk, Said, at_desk, open_desk
from tests.chat.shown import labels

BTC = Symbol("XBTUSDTM")


async def finish(desk: Desk, said: Said) -> str:
    """What came of it in the end, on the card."""
    return "\n".join(letter.text for letter in await desk.finish(said))


def elsewhere(desk: Desk, side: Side, lots: int) -> None:
    order = OrderRequest(
        client_oid=f"app-{side.value}-{lots}", symbol=BTC, side=side, type=OrderType.MARKET, size=Decimal(lots),
        leverage=Decimal(5),
    )  # fmt: skip
    desk.sandbox.place(Venue.FUTURES, order)


def lots(desk: Desk) -> Decimal:
    return desk.sandbox.positions[BTC].lots if BTC in desk.sandbox.positions else Decimal(0)


def test_half_a_position_is_closed_from_its_card(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/positions")).letters
        assert "<b>BTC long</b> 50 lots = 0.05 BTC" in card.text
        assert labels(card) == ["Close BTC", "Close half BTC", "Refresh", "Balance", "Hide amounts"]
        (ticket,) = (await desk.taps(BEN, card, "Close half")).letters
        assert "Sell 25 lots = 0.025 BTC, reduce-only" in ticket.text
        assert "After: 25 lots stay open" in ticket.text
        assert labels(ticket) == ["Confirm close", "Cancel"]
        assert lots(desk) == 50
        tapped = await desk.taps(BEN, ticket, "Confirm")
        assert tapped.toast_text == "Sending T-1…"
        assert "Filled 25 lots at 67,4" in await finish(desk, tapped)
        assert lots(desk) == 25

    at_desk(tmp_path, story)


def test_a_line_closes_all_of_it_and_a_question_offers_what_there_is(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (which,) = (await desk.says(BEN, "/close")).letters
        assert (which.text, labels(which)) == ("Close which position?", ["Close BTC", "Close half BTC"])
        (ticket,) = (await desk.says(BEN, "/close btc")).letters
        assert "After: it is closed" in ticket.text
        assert "Filled 50 lots" in await finish(desk, await desk.taps(BEN, ticket, "Confirm"))
        assert "No position is open." in (await desk.says(BEN, "/positions")).text
        assert "No position is open on XBTUSDTM" in (await desk.says(BEN, "/close btc 50%")).text

    at_desk(tmp_path, story)


def test_viewers_look_and_close_nothing_and_nobody_taps_for_another(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/positions")).letters
        assert labels(card) == ["Refresh", "Balance", "Hide amounts"]
        assert "for traders" in (await desk.says(CARA, "/close btc")).text
        (shared,) = (await desk.says(BEN, "/close btc", group=True)).letters
        assert "After: it is closed" in shared.text
        for person in (CARA, ANNA):
            said = await desk.taps(person, shared, "Confirm")
            assert said.toast is not None
            assert said.toast.popup
            assert said.then is None
        assert lots(desk) == 50

    at_desk(tmp_path, story)


def test_cancel_and_time_end_a_ticket_and_it_can_be_quoted_again(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (first,) = (await desk.says(BEN, "/close btc 50%")).letters
        assert "Cancelled, nothing was sent." in (await desk.taps(BEN, first, "Cancel")).text
        (second,) = (await desk.says(BEN, "/close btc 50%")).letters
        desk.clock.advance(61)
        late = await desk.taps(BEN, second, "Confirm")
        assert "expired" in late.toast_text
        desk.services.trading.expire_overdue()
        (edit,) = desk.delivered()
        assert labels(edit) == ["Quote again"]
        (again,) = (await desk.taps(BEN, edit, "Quote again")).letters
        assert "Sell 25 lots" in again.text

    at_desk(tmp_path, story)


def test_a_second_tap_sends_nothing_more(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (ticket,) = (await desk.says(BEN, "/close btc 50%")).letters
        first, second = [await desk.taps(BEN, ticket, "Confirm") for _ in range(2)]
        assert "already sent" in second.toast_text
        assert second.then is None
        await finish(desk, first)
        assert lots(desk) == 25

    at_desk(tmp_path, story)


def test_where_no_new_card_can_be_drawn_the_answer_offers_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (ticket,) = (await desk.says(BEN, "/close btc 50%")).letters
        elsewhere(desk, Side.SELL, 49)
        said = await desk.taps(BEN, ticket, "Confirm")
        assert "Only 1 lot of it is left, 25 were to go." in said.toast_text
        (answer,) = (letter for letter in said.letters if letter.subject is None)
        assert labels(answer) == ["Quote again"]

    at_desk(tmp_path, story)


def test_a_price_that_ran_or_a_position_that_shrank_brings_a_new_card(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (ticket,) = (await desk.says(BEN, "/close btc")).letters
        desk.move_btc("0.97")
        said = await desk.taps(BEN, ticket, "Confirm")
        assert "Look at the new card T-2." in said.toast_text
        assert [labels(letter) for letter in said.letters if letter.edits == ticket.id] == [[]]
        fresh = next(letter for letter in said.letters if "Ticket T-2" in letter.text)
        elsewhere(desk, Side.SELL, 20)
        said = await desk.taps(BEN, fresh, "Confirm")
        assert "Only 30 lots of it are left" in said.toast_text
        newest = next(letter for letter in said.letters if "Ticket T-3" in letter.text)
        assert "30 lots" in newest.text
        elsewhere(desk, Side.SELL, 40)
        said = await desk.taps(BEN, newest, "Confirm")
        assert "The long position on XBTUSDTM is gone. Nothing was sent." in said.toast_text
        assert "Expired, nothing was sent." in said.text
        assert lots(desk) == -10

    at_desk(tmp_path, story)


def test_a_kill_between_card_and_tap_and_after_the_tap(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (shown,) = (await desk.says(BEN, "/close btc 50%")).letters
        (sent,) = (await desk.says(BEN, "/close btc 50%")).letters
        tapped = await desk.taps(BEN, sent, "Confirm")
        await desk.says(ANNA, "/kill")
        said = await desk.taps(BEN, shown, "Confirm")
        assert "expired" in said.toast_text
        assert "trading was stopped before it left" in await finish(desk, tapped)
        refused = await desk.says(BEN, "/close btc")
        assert "Close positions is on the card of the stop." in refused.text
        assert lots(desk) == 50

    at_desk(tmp_path, story)


def test_a_lost_answer_is_found_and_told_on_the_card(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (ticket,) = (await desk.says(BEN, "/close btc")).letters
        tapped = await desk.taps(BEN, ticket, "Confirm")
        desk.faults.switch(Fault.ERROR_AFTER_ACCEPT, on=True)
        assert tapped.then is not None
        await tapped.then()
        assert lots(desk) == 0
        assert desk.rows("SELECT state FROM tickets") == [("filled",)]

    at_desk(tmp_path, story)


def test_one_order_too_many_stops_trading_with_a_sentence(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (first,) = (await desk.says(BEN, "/close btc 50%")).letters
        (second,) = (await desk.says(BEN, "/close btc 50%")).letters
        await finish(desk, await desk.taps(BEN, first, "Confirm"))
        said = await desk.taps(BEN, second, "Confirm")
        assert "Stopped: more than 1 orders in a minute" in said.toast_text
        await finish(desk, said)
        assert lots(desk) == 25

    at_desk(tmp_path, story, ORDER_MAX_PER_MINUTE="1")


@pytest.mark.parametrize(
    ("environ", "words"), [({"TRADING_MODE": "off"}, "TRADING_MODE"), ({"ORDER_SYMBOLS": "BTC-USDT"}, "ORDER_SYMBOLS")]
)
def test_where_nothing_may_be_closed_no_button_offers_it(tmp_path: Path, environ: dict[str, str], words: str) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/positions")).letters
        assert labels(card) == ["Refresh", "Balance", "Hide amounts"]
        assert words in (await desk.says(BEN, "/close btc")).text

    at_desk(tmp_path, story, **environ)


def test_in_a_group_positions_are_told_to_who_presses_alone(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/positions", group=True)).letters
        assert (card.chat_id, card.text) == (GROUP, "Amounts are not shown in a group.")
        said = await desk.taps(CARA, card, "Show to me only")
        assert said.toast is not None
        assert said.toast.popup
        assert said.toast.text.startswith("BTC long 0.05, PnL ")
        assert said.letters == []
        (ticket,) = (await desk.says(BEN, "/close btc 50%", group=True)).letters
        assert "After: ••• lots stay open" in ticket.text
        (order,) = (await desk.says(BEN, "/buy btc 50usdt", group=True)).letters
        assert "After: ••• USDT free" in order.text

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("line", "aloud", "alone"),
    [
        (
            "/buy btc 0.5",
            "That needs 33,740.2065 USDT; Trade has less than that free.",
            "Trade has 1,240.55 free. Main",
        ),
        ("/sell btc 5", "That needs 5 BTC; Trade has less than that free.", "Trade has 0.0421 free."),
        ("/buy btc 100 stop 70000", "/buy BTC 100usdt stop 70000 spends USDT.", "Main has 412 USDT: move it"),
        ("/close btc 1%", "XBTUSDTM: that part of it is less than one lot.", "XBTUSDTM has 50 lots: that part"),
    ],
)
def test_in_a_group_a_refusal_tells_nothing_of_what_the_account_holds(
    tmp_path: Path, line: str, aloud: str, alone: str
) -> None:
    async def story(desk: Desk) -> None:
        among_others = (await desk.says(BEN, line, group=True)).text
        assert aloud in among_others
        assert not [amount for amount in ("1,240", "412", "0.0421", "50 lots") if amount in among_others]
        assert alone in (await desk.says(BEN, line)).text

    at_desk(tmp_path, story)


def test_what_a_slow_pop_up_would_have_said_in_a_group_goes_to_who_pressed_alone(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/positions", group=True)).letters
        desk.front.tell(desk.tap_of(CARA, card, "late"), "BTC long 0.05, PnL +1 USDT")
        assert [(letter.chat_id, letter.text) for letter in desk.delivered()] == [
            (CARA.id, "BTC long 0.05, PnL +1 USDT")
        ]

    at_desk(tmp_path, story)


def test_what_a_slow_tap_would_have_read_hangs_on_its_card(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy btc 50usdt")).letters
        tap = desk.tap_of(BEN, card, "late")
        desk.front.tell(tap, "KuCoin gave no answer in 5 s.")
        assert [(letter.chat_id, letter.reply_to) for letter in desk.delivered()] == [(BEN.id, tap.message_id)]

    at_desk(tmp_path, story)


def test_a_key_that_may_not_see_futures_is_no_empty_account(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, permissions=frozenset({"General", "Spot"})) as desk:
            assert "The key may not see futures positions." in (await desk.says(BEN, "/positions")).text
            assert "The key may not see futures positions." in (await desk.says(BEN, "/close btc")).text

    asyncio.run(story())


@pytest.mark.parametrize(
    ("text", "percent", "side"),
    [
        ("btc", "100", ""),
        ("BTC 50%", "50", ""),
        ("BTC 50 %", "50", ""),
        ("XBTUSDTM 33.3 short", "33.3", "short"),
        ("btc LONG half", "50", "long"),
        ("btc max", "100", ""),
        ("btc all", "100", ""),
    ],
)
def test_what_to_close_is_read(text: str, percent: str, side: str) -> None:
    wanted = reduction(text)
    assert (wanted.percent, wanted.side) == (Decimal(percent), side)


@pytest.mark.parametrize(
    "text", ["btc 0%", "btc 101%", "btc 10 20", "btc long short", "btc 1,5%", "btc 10usdt", "btc ٥%"]
)
def test_what_cannot_be_read_gets_a_sentence_and_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        reduction(text)
    assert refused.value.example == "/close BTC 50%"
