"""Handlers of orders: what is typed becomes a ticket, what is tapped becomes at most one order."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Subject
from chatbot.core.orders import OrderType, Side, TicketState
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.orders import OrderRequest
from tests.chat.desk import ANNA, BEN, CARA, open_desk
from tests.chat.shown import labels

FORMS = {
    "/buy btc 20usdt": "Spend 20.00 USDT",
    "/buy btc $20": "Spend 20.00 USDT",
    "/buy btc 0.0005": "Buy 0.0005 BTC",
    "/buy btc 0.0005btc": "Buy 0.0005 BTC",
    "/buy btc 5%": "Spend 61.965534",
    "/sell btc 2 %": "Sell 0.000842 BTC",
    "/buy btc 0.001 @ 60000": "Buy 0.001 BTC at 60,000.0 = 60.00 USDT",
    "/sell doge 2.61": "Sell 2.61 DOGE",
}
IMPOSSIBLE = {
    "/buy btc 101usdt": "one order may be 100 (ORDER_MAX_NOTIONAL)",
    "/buy btc 0.01usdt": "orders start at 0.1 USDT",
    "/buy btc 50eur": "BTC-USDT is BTC against USDT; EUR is neither.",
    "/buy btc 50": "A bare number counts coins; /buy BTC 50usdt spends USDT.",
    "/sell eth 1": "Trade has 0 free",
    "/buy XBTUSDTM 1": "I open positions on spot only",
    "/buy btc 1,5": "A comma could mean 1.5 or 15",
    "/buy XBTUSDTM": "Say what to buy and how much.",
}


def test_every_form_of_an_order_becomes_a_card(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for line, words in FORMS.items():
                card = await desk.ticket(line)
                assert words in card.text
                assert "asked by Ben" in card.text
                assert card.protected
                assert [b.text.split()[0] for row in card.buttons for b in row] == ["Confirm", "Cancel"]
            assert desk.sandbox.posts == []

    asyncio.run(story())


def test_what_cannot_be_proposed_is_explained(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for line, words in IMPOSSIBLE.items():
                assert words in (await desk.says(BEN, line)).text
            assert desk.rows("SELECT count(*) FROM tickets") == [(0,)]

    asyncio.run(story())


def test_a_kill_is_not_explained_as_a_wrong_amount(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await desk.says(BEN, "/kill")
            said = await desk.says(BEN, "/buy btc 100")
            assert said.text == "<b>Trading was stopped by Ben. An owner can /resume it.</b>"

    asyncio.run(story())


def test_a_confirmed_ticket_is_sent_once_whatever_is_tapped_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            first = await desk.taps(BEN, card, "Confirm")
            assert first.toast_text == "Sending T-1…"
            for _ in range(5):
                again = await desk.taps(BEN, card, "Confirm")
                assert (again.toast_text, again.then) == ("T-1 was already sent.", None)
            assert (await desk.taps(BEN, card, "Cancel")).toast_text == "T-1 was already sent."
            await desk.finish(first)
            assert len(desk.sandbox.posts) == 1
            assert desk.services.trading.ticket(1).state is TicketState.FILLED

    asyncio.run(story())


def test_many_taps_at_the_same_time_send_one_order(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            taps = [desk.tap_of(BEN, card, f"{card.key}:0") for _ in range(50)]
            desk.store.inbox.keep([(tap.update_id, "{}") for tap in taps])
            answers = await asyncio.gather(*(desk.front.handle(tap) for tap in taps))
            assert sum(then is not None for _, then in answers) == 1

    asyncio.run(story())


def test_of_confirm_and_cancel_exactly_one_wins(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            taps = [desk.tap_of(BEN, card, f"{card.key}:{place}") for place in (0, 1)]
            desk.store.inbox.keep([(tap.update_id, "{}") for tap in taps])
            (confirmed, then), (declined, _) = await asyncio.gather(*(desk.front.handle(tap) for tap in taps))
            assert confirmed is not None
            assert declined is not None
            assert (then is None) == ("nothing was sent" in declined.text)
            assert (then is None) == (confirmed.text == "T-1 was cancelled, nothing was sent.")

    asyncio.run(story())


def test_a_cancelled_ticket_stays_cancelled(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            said = await desk.taps(BEN, card, "Cancel")
            assert said.toast_text == "T-1 cancelled, nothing was sent."
            assert [letter.edits for letter in said.letters] == [card.id]
            assert "Cancelled by Ben, nothing was sent." in said.text
            assert (await desk.taps(BEN, card, "Confirm")).toast_text == "T-1 was cancelled, nothing was sent."
            assert desk.sandbox.posts == []

    asyncio.run(story())


def test_nobody_else_may_tap_a_ticket_wherever_it_stands(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (card,) = (await desk.says(BEN, "/buy btc 50usdt", group=True)).letters
            for label in ("Confirm", "Cancel"):
                assert (await desk.taps(ANNA, card, label)).toast_text == "Only Ben can tap T-1."
            assert "Roles are given" in (await desk.taps(CARA, card, "Confirm")).toast_text
            assert desk.services.trading.ticket(1).state is TicketState.AWAIT_CONFIRM

    asyncio.run(story())


@pytest.mark.parametrize(("seconds", "alive"), [(59.999, True), (60, False), (60.001, False), (6 * 3600, False)])
def test_a_ticket_lives_to_its_second(tmp_path: Path, seconds: float, *, alive: bool) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            desk.clock.advance(seconds)
            said = await desk.taps(BEN, card, "Confirm")
            assert said.toast_text == ("Sending T-1…" if alive else "T-1 expired, nothing was sent.")

    asyncio.run(story())


def test_an_expired_ticket_is_quoted_again_for_whoever_asks(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await desk.says(BEN, "/buy btc 50usdt", group=True)
            desk.clock.advance(61)
            desk.services.trading.expire_overdue()
            (expired,) = desk.delivered()
            assert "Expired, nothing was sent." in expired.text
            (fresh,) = (await desk.taps(ANNA, expired, "Quote again")).letters
            assert "Ticket T-2" in fresh.text
            assert "asked by Anna" in fresh.text

    asyncio.run(story())


@pytest.mark.parametrize(("factor", "moved"), [("1.0049", False), ("1.006", True), ("0.994", True)])
def test_a_price_that_ran_away_is_told_and_a_new_card_drawn(tmp_path: Path, factor: str, *, moved: bool) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            desk.move_btc(factor)
            said = await desk.taps(BEN, card, "Confirm")
            if not moved:
                assert said.toast_text == "Sending T-1…"
                return
            assert "The price moved: was 67,413.0, now 6" in said.toast_text
            assert "Look at the new card T-2." in said.toast_text
            assert {letter.subject_id: labels(letter) for letter in said.letters} == {
                1: [],
                2: ["Confirm buy", "Cancel"],
            }
            assert desk.sandbox.posts == []

    asyncio.run(story())


def test_a_price_that_ran_over_the_limits_leaves_quote_again_to_tap(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket("/buy btc 0.00148")
            desk.move_btc("1.01")
            said = await desk.taps(BEN, card, "Confirm")
            assert "The price moved" in said.toast_text
            (answer,) = (letter for letter in said.letters if letter.subject is None)
            assert "ORDER_MAX_NOTIONAL" in answer.text
            assert labels(answer) == ["Quote again"]
            desk.move_btc("0.98")
            (fresh,) = (await desk.taps(BEN, answer, "Quote again")).letters
            assert labels(fresh) == ["Confirm buy", "Cancel"]

    asyncio.run(story())


def test_who_typed_coins_and_meant_dollars_has_them_on_a_button(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (refused,) = (await desk.says(BEN, "/buy btc 100")).letters
            assert labels(refused) == ["Buy for 100 USDT"]
            ticket = await desk.taps(BEN, refused, "Buy for")
            (card,) = (letter for letter in ticket.letters if letter.subject is Subject.TICKET)
            assert "Spend 100.00 USDT" in card.text
            assert desk.sandbox.posts == []
            (sells,) = (await desk.says(BEN, "/sell btc 100")).letters
            assert labels(sells) == []

    asyncio.run(story())


def test_a_tap_while_the_exchange_is_silent_sends_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            desk.faults.switch(Fault.UNAVAILABLE, on=True)
            said = await desk.taps(BEN, card, "Confirm")
            assert "Nothing was done." in said.toast_text
            assert desk.services.trading.ticket(1).state is TicketState.AWAIT_CONFIRM
            desk.faults.clear()
            assert (await desk.taps(BEN, card, "Confirm")).toast_text == "Sending T-1…"

    asyncio.run(story())


def test_open_orders_are_listed_and_cancelled_by_name_id_and_button(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            assert "No open orders." in (await desk.says(CARA, "/orders")).text
            for _ in range(3):
                await desk.finish(await desk.taps(BEN, await desk.ticket("/sell btc 0.0001 @ 90000"), "Confirm"))
            (listed,) = (await desk.says(BEN, "/orders")).letters
            assert "3 open" in listed.text
            assert "Cancel" not in [
                b.text.split()[0] for row in (await desk.says(CARA, "/orders")).letters[0].buttons for b in row
            ]
            assert "cancelled." in (await desk.says(BEN, "/cancel t-1")).text
            assert "No open order t-1." in (await desk.says(BEN, "/cancel t-1")).text
            fresh = await desk.taps(BEN, listed, "Cancel T-2")
            assert "1 open" in fresh.text
            assert "cancelled." in (await desk.says(BEN, "/cancel all")).text
            assert (await desk.says(BEN, "/cancel all")).text == "No open orders."
            assert (await desk.says(BEN, "/cancel")).text == "No open orders."

    asyncio.run(story())


def test_cancel_all_leaves_what_was_made_elsewhere_until_somebody_means_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            await desk.finish(await desk.taps(BEN, await desk.ticket("/sell btc 0.0001 @ 90000"), "Confirm"))
            wanted = OrderRequest(
                client_oid="app-1", symbol=Symbol("BTC-USDT"), side=Side.SELL, type=OrderType.LIMIT,
                price=Decimal(95_000), size=Decimal("0.0001"),
            )  # fmt: skip
            theirs = desk.sandbox.place(Venue.SPOT, wanted).id
            told = next(m for m in (await desk.says(BEN, "/cancel all")).letters if m.subject is None)
            assert "1 made elsewhere, left as it is:" in told.text
            assert desk.sandbox.orders[theirs].active
            assert "cancelled." in (await desk.taps(BEN, told, "Cancel 1 made elsewhere")).text
            assert desk.sandbox.orders[theirs].cancelled
            assert "No open orders." in (await desk.taps(BEN, told, "Cancel 1 made elsewhere")).text

    asyncio.run(story())


def test_a_resting_order_is_cancelled_from_its_own_card(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket("/sell btc 0.001 @ 90000")
            said = await desk.taps(BEN, card, "Confirm")
            resting = (await desk.finish(said))[-1]
            assert "Accepted, in the order book." in resting.text
            cancelled = await desk.taps(BEN, resting, "Cancel order")
            assert cancelled.toast_text == "T-1 is cancelled."
            assert "Cancelled, nothing was filled." in cancelled.text

    asyncio.run(story())


def test_a_doubtful_order_is_looked_up_by_its_button_and_the_list_is_a_message(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            card = await desk.ticket()
            desk.faults.switch(Fault.LOST_REQUEST, on=True)
            desk.store.orders.move(desk.services.trading.ticket(1), TicketState.SUBMITTING, by="Ben")
            desk.services.reconciler.recover()
            desk.faults.clear()
            (doubtful,) = desk.delivered()
            assert doubtful.edits == card.id
            assert "KuCoin gave no answer." in doubtful.text
            assert (await desk.taps(BEN, doubtful, "Check again")).toast_text == "T-1 is still not found."
            (listed,) = (await desk.taps(BEN, doubtful, "Open orders")).letters
            assert listed.edits is None
            assert "No open orders." in listed.text

    asyncio.run(story())


def test_a_ticket_asked_for_by_a_reply_is_one_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (question,) = (await desk.says(BEN, "/sell")).letters
            assert question.text == "Sell what?"
            said = await desk.says(BEN, "btc 0.0005 @ 70000", answers=question.message_id)
            assert "Sell 0.0005 BTC" in said.text

    asyncio.run(story())


def test_a_name_full_of_markup_is_a_name(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            said = await desk.says(replace(BEN, name="<b>Ben</b> & co"), "/buy btc 50usdt")
            assert "asked by &lt;b&gt;Ben&lt;/b&gt; &amp; co" in said.text

    asyncio.run(story())
