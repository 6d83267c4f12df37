"""Handlers of alerts: typed, tapped, fired by a tick, and tapped again under the alert."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.charting import installed
from chatbot.chat.parcels import packed
from chatbot.chat.views import alerts as views
from chatbot.core.alerts import MOST_RULES, AlertKind, AlertRule, AlertState, Direction, Question
from chatbot.core.feed import Tick
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Letter, Subject
from chatbot.core.people import Person
from chatbot.core.times import to_millis
from chatbot.sandbox.faults import Fault
from tests.chat.desk import ANNA, BEN, CARA, GROUP, MALLORY, Desk, Said, incoming, open_desk
from tests.chat.shown import visible

BTC = Symbol("BTC-USDT")
_CHART = ["Chart"] if installed() else []


def _story(folder: Path, story: Callable[[Desk], Awaitable[None]], mode: str = "live") -> None:
    async def run() -> None:
        async with open_desk(folder, TRADING_MODE=mode) as desk:
            await story(desk)

    asyncio.run(run())


def _labels(letter: Letter) -> list[str]:
    return [button.text for row in letter.buttons for button in row]


def _toast(said: Said) -> str:
    assert said.toast is not None
    return said.toast.text


def _rules(desk: Desk) -> int:
    return sum(len(desk.services.alerting.alerts.of(person)) for person in (ANNA, BEN, CARA))


def _tick(desk: Desk, digits: str, symbol: Symbol = BTC) -> list[Letter]:
    """A trade of now, and the cards of what it fired, drawn and delivered."""
    desk.services.alerting.lookout.hear(Tick(symbol, digits, to_millis(desk.clock())))
    cards = desk.delivered()
    assert all(card.subject is Subject.ALERT for card in cards)
    return cards


def _stock(desk: Desk, person: Person, count: int) -> None:
    """So many rules of a person's, far away, all on the disk at once."""
    with desk.store.atomic():
        for n in range(count):
            question = Question(
                kind=AlertKind.PRICE,
                symbol=BTC,
                venue=Venue.SPOT,
                direction=Direction.ABOVE,
                level=Decimal(100_000 + n),
            )
            desk.store.alerts.add(
                AlertRule(
                    question=question,
                    person_id=person.id,
                    person=person.name,
                    chat_id=person.id,
                    armed_at=desk.clock(),
                    created_at=desk.clock(),
                )
            )


def test_a_line_becomes_a_rule_and_its_card(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/alert btc > 68k every 4h until 2026-12-31 note resistance")).letters
        assert card.text.split("\n") == [
            "<b>#1 BTC crosses above 68,000</b> (0.87 % away)",
            "repeats, at most every 4 h",
            "until 2026-12-31",
            "“resistance”",
        ]
        assert _labels(card) == ["Edit level", "Note", "Pause", "Why not yet?", "Delete", "All alerts"]

    _story(tmp_path, story)


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("/alert eth < 1", "#1 ETH crosses below 1"),
        ("/alert BTC > +1%", "#1 BTC crosses above 68,086.5"),
        ("/alert BTC +5% 1h", "#1 BTC rises 5 % within 1 h"),
        ("/alert BTC -3% 15m", "#1 BTC falls 3 % within 15 m"),
        ("/alert XBTUSDTM > 99k", "#1 XBTUSDTM crosses above 99,000"),
        ("/alert funding BTC > 0.05%", "#1 BTC funding goes above +0.0500 %"),
        ("/alert funding BTC < -0.01%", "#1 BTC funding goes below -0.0100 %"),
        ("/alert funding BTC flip", "#1 BTC funding changes sign"),
        ("/alert funding BTC cap", "#1 BTC funding nears cap or floor"),
        ("/alert funding BTC interval", "#1 BTC funding interval changes"),
        ("/alert funding BTC pay > 1", "#1 BTC position pays funding, 1 or more"),
    ],
)
def test_every_kind_of_alert_can_be_asked_for(tmp_path: Path, line: str, asks: str) -> None:
    async def story(desk: Desk) -> None:
        card = (await desk.says(CARA, line)).text
        assert card.startswith(f"<b>{asks}</b>"), card
        assert "\nonce" in card

    _story(tmp_path, story)


def test_the_same_rule_twice_is_shown_and_not_doubled(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        again = await desk.says(CARA, "/alert BTC-USDT above 68k")
        assert again.text.startswith(
            "You have that already, and it stays as it is:\n<b>#1 BTC crosses above 68,000</b>"
        )
        assert _rules(desk) == 1

    _story(tmp_path, story)


@pytest.mark.parametrize(
    ("line", "labels", "chosen", "asks"),
    [
        ("/alert btc 68000", ["rises to 68,000", "falls to 68,000"], "rises", "#1 BTC crosses above 68,000"),
        ("/alert btc 60k note dip", ["rises to 60,000", "falls to 60,000"], "falls", "#1 BTC crosses below 60,000"),
        ("/alert btc 5% 1h", ["rises 5 %", "falls 5 %"], "falls", "#1 BTC falls 5 % within 1 h"),
        ("/alert btc 150% 1h", ["rises 150 %"], "rises", "#1 BTC rises 150 % within 1 h"),
        (
            "/alert funding btc 0.05%", ["goes above +0.0500 %", "goes below +0.0500 %"], "goes above",
            "#1 BTC funding goes above +0.0500 %",
        ),
    ],
)  # fmt: skip
def test_a_level_alone_asks_which_way(tmp_path: Path, line: str, labels: list[str], chosen: str, asks: str) -> None:
    async def story(desk: Desk) -> None:
        (question,) = (await desk.says(CARA, line)).letters
        assert question.text.startswith("<b>Which way?</b>")
        assert _labels(question) == labels
        assert _rules(desk) == 0
        made = (await desk.taps(CARA, question, chosen)).text
        assert made.startswith(f"<b>{asks}</b>")
        assert ("“dip”" in made) == ("dip" in line)

    _story(tmp_path, story)


def test_a_level_already_passed_says_so_and_offers_the_other_direction(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(CARA, "/alert btc > 60k every 4h")).letters
        assert card.text == "BTC-USDT is above 60,000 already: 67,412.3 now.\nShall I tell you when it goes back?"
        assert _rules(desk) == 0
        made = (await desk.taps(CARA, card, "falls to 60,000")).text
        assert made.startswith("<b>#1 BTC crosses below 60,000</b>")
        assert "every 4 h" in made
        (card,) = (await desk.says(CARA, "/alert btc < 67412.3")).letters
        assert card.text == "BTC-USDT is at exactly 67,412.3 now. Choose a level above or below it."
        assert card.buttons == ()

    _story(tmp_path, story)


def test_a_misspelt_coin_is_one_tap_from_the_right_one_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (guess,) = (await desk.says(CARA, "/alert bct>68k every 4h note bct or not")).letters
        assert "No BCT on KuCoin. Did you mean BTC" in guess.text
        made = (await desk.taps(CARA, guess, "BTC")).text
        assert "#1 BTC crosses above 68,000" in made
        assert "every 4 h\n“bct or not”" in made

    _story(tmp_path, story)


def test_a_thousand_alerts_are_enough_and_the_way_out_is_told(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        (card,) = _tick(desk, "68001")
        _stock(desk, CARA, MOST_RULES)
        sentence = "You have 1,000 alerts, and one person can have no more. Delete some first, with /unalert."
        assert (await desk.says(CARA, "/alert btc > 90k")).text == f"<b>{sentence}</b>"
        for label in ("Again", "Snooze"):
            assert _toast(await desk.taps(CARA, card, label)) == sentence
        assert _rules(desk) == MOST_RULES
        await desk.says(CARA, "/unalert 2")
        assert _toast(await desk.taps(CARA, card, "Again")).startswith("Armed again once")

    _story(tmp_path, story)


def test_what_cannot_be_read_comes_back_mended(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        said = await desk.says(CARA, "/alert btc > 68,000 note top")
        assert said.text == (
            "A comma could mean 68.000 or 68000: write one of these.\n"
            "Example: <code>/alert btc &gt; 68000 note top</code>"
        )
        assert _rules(desk) == 0

    _story(tmp_path, story)


def test_the_wizard_asks_what_then_which_and_takes_the_answer(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for label, asks, answer in (
            ("Price", "/alert price?", "btc 69k"),
            ("% move", "/alert move?", "btc +5% 1h"),
            ("Funding", "/alert funding", "btc flip"),
        ):
            (wizard,) = (await desk.says(CARA, "/alert")).letters
            assert wizard.text.startswith("What should I watch?")
            assert _labels(wizard) == ["Price", "% move", "Funding", "Other…", "Cancel"]
            (coin,) = (await desk.taps(CARA, wizard, label)).letters
            assert coin.edits == wizard.id
            (question,) = (await desk.taps(CARA, coin, "Other")).letters
            assert (question.edits, question.asks) == (None, asks)
            answered = await desk.says(CARA, answer, answers=question.message_id)
            assert "BTC" in answered.text
        assert _rules(desk) == 3

    _story(tmp_path, story)


def test_the_cards_of_prices_and_funding_lead_to_an_alert(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (price,) = (await desk.says(CARA, "/price btc")).letters
        _, question = (await desk.taps(CARA, price, "Alert")).letters
        assert question.text == "BTC price, now 67,412.3. Which level?"
        assert (question.asks, question.hint) == ("/alert price? BTC", "68000 or +1%")
        assert "#1 BTC crosses above 68,000" in (await desk.says(CARA, "> 68k", answers=question.message_id)).text
        (funding,) = (await desk.says(CARA, "/funding btc")).letters
        (card,) = (await desk.taps(CARA, funding, "Alert")).letters
        (question,) = (await desk.taps(CARA, card, "Other")).letters
        assert (question.asks, question.hint) == ("/alert funding BTC", "> 0.05%")
        assert "#2 BTC funding changes sign" in (await desk.says(CARA, "flip", answers=question.message_id)).text

    _story(tmp_path, story)


def test_the_list_is_ones_own_and_opens_cards_in_place(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (empty,) = (await desk.says(CARA, "/alerts")).letters
        assert empty.text.startswith("You have no alerts.")
        assert "What should I watch?" in (await desk.taps(CARA, empty, "New alert")).text
        for level in ("70k", "69k", "68k"):
            await desk.says(CARA, f"/alert btc > {level}")
        await desk.says(BEN, "/alert btc > 80k")
        _tick(desk, "67412.3")
        (listed,) = (await desk.says(CARA, "/alerts")).letters
        assert listed.text.split("\n") == [
            "<b>3 alerts, nearest first</b>",
            "<b>#3</b> BTC &gt; 68,000, 0.87 % away",
            "<b>#2</b> BTC &gt; 69,000, 2.36 % away",
            "<b>#1</b> BTC &gt; 70,000, 3.84 % away",
        ]
        (opened,) = (await desk.taps(CARA, listed, "#2")).letters
        assert opened.edits == listed.id
        assert opened.text.startswith("<b>#2 BTC crosses above 69,000</b> (2.36 % away)")
        (told,) = (await desk.taps(CARA, opened, "Why not yet?")).letters
        assert "Working: it tells when BTC crosses above 69,000." in told.text
        (back,) = (await desk.taps(CARA, told, "All alerts")).letters
        assert (back.edits, back.text) == (listed.id, listed.text)
        (opened,) = (await desk.taps(CARA, back, "#2")).letters
        (deleted,) = (await desk.taps(CARA, opened, "Delete")).letters
        assert deleted.text == "#2 BTC crosses above 69,000: <b>deleted</b>."
        assert _rules(desk) == 3

    _story(tmp_path, story)


def test_alerts_are_deleted_by_number_or_all_of_ones_own(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for level in ("68k", "69k", "70k", "71k"):
            await desk.says(CARA, f"/alert btc > {level}")
        await desk.says(BEN, "/alert btc > 80k")
        assert (await desk.says(CARA, "/unalert 1")).text == "#1 BTC crosses above 68,000: <b>deleted</b>."
        assert (await desk.says(CARA, "/unalert #2")).text == "#2 BTC crosses above 69,000: <b>deleted</b>."
        assert "#2 is gone already." in (await desk.says(CARA, "/unalert 2")).text
        for line in ("/unalert 5", "/why 5"):
            assert (
                await desk.says(CARA, line)
            ).text == "<b>#5 is Ben's: only Ben and owners can look at it or change it.</b>"
        assert "There is no alert #99." in (await desk.says(CARA, "/unalert 99")).text
        assert (await desk.says(CARA, "/unalert ALL")).text == "2 alerts deleted."
        assert (await desk.says(CARA, "/unalert all")).text == "You had no alerts."
        assert "<b>deleted</b>" in (await desk.says(ANNA, "/unalert 5")).text
        assert _rules(desk) == 0

    _story(tmp_path, story)


@pytest.mark.parametrize("text", ["", "1 2", "one", "1.0", "-1", "\u0661", "#", "1" * 13, "everything", "\x00"])
@pytest.mark.parametrize("command", ["unalert", "why"])
def test_a_number_is_asked_for_where_none_was_said(tmp_path: Path, command: str, text: str) -> None:
    async def story(desk: Desk) -> None:
        said = (await desk.says(CARA, f"/{command} {text}")).text
        assert "Say which alert, by its number" in said
        assert f"Example: <code>/{command} 12</code>" in said

    _story(tmp_path, story)


def test_why_tells_what_an_alert_waits_for(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000 every 1h")
        _tick(desk, "67412.3")
        desk.clock.advance(3)
        first = (await desk.says(CARA, "/why 1")).text
        assert "last 67,412.3, just now" in first
        assert "(0.87 % away)" in first
        assert "has not fired yet" in first
        assert _tick(desk, "68012.4")
        (card,) = (await desk.says(CARA, "/why #1")).letters
        assert "for 1 h more; armed again once BTC is back at 67,932" in card.text
        assert "fired once, last at" in card.text
        desk.clock.advance(3601)
        desk.services.alerting.lookout.settle_due()
        (card,) = (await desk.taps(CARA, card, "Refresh")).letters
        assert "waits until BTC is back at 67,932: then it is armed again" in card.text
        assert "away" not in card.text
        assert "prices: none since" in card.text
        assert card.text.endswith("as soon as prices are back.</b>")
        _tick(desk, "67932")
        assert "armed since" in (await desk.taps(CARA, card, "Refresh")).text

    _story(tmp_path, story)


def test_a_fired_alert_tells_what_when_and_which(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(BEN, "/alert btc > 68000 every 4h note resistance")
        (card,) = _tick(desk, "68012.4")
        assert card.text.startswith("<b>BTC crossed above 68,000</b>\n68,012.4 at ")
        assert "\n#1·1 “resistance”, 1st time today\n" in card.text
        assert _labels(card) == ["Snooze 1h", "Mute BTC", "Move to 68,500", "Delete", "Buy", "Sell", *_CHART]
        (amount,) = (await desk.taps(BEN, card, "Buy")).letters
        assert amount.text == "Buy <b>BTC-USDT</b>: how much?"
        (amount,) = (await desk.taps(BEN, card, "Sell")).letters
        assert amount.text == "Sell <b>BTC-USDT</b>: how much?"

    _story(tmp_path, story)


def test_a_snoozed_alert_says_until_when_and_by_whom_and_keeps_its_words(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        (card,) = _tick(desk, "68012.4")
        assert "told once, it will not tell again" in card.text
        assert _labels(card) == ["Snooze 1h", "Again", "Mute BTC", "Move to 68,500", "Delete", *_CHART]
        said = await desk.taps(CARA, card, "Snooze")
        (edit,) = said.letters
        assert _toast(said) == "Quiet until 13:00 UTC (Cara)"
        assert edit.edits == card.id
        assert edit.text.startswith("<b>BTC crossed above 68,000</b>\n68,012.4 at ")
        assert edit.text.endswith("(Cara)</i>")
        assert "once" not in edit.text
        assert _labels(edit) == ["Snooze 1h", "Mute BTC", "Move to 68,500", "Delete", *_CHART]
        assert [s.rule.state for s in desk.services.alerting.alerts.of(CARA)] == [AlertState.COOLING]
        said = await desk.taps(CARA, edit, "Delete")
        assert _toast(said) == "Deleted (Cara)"
        assert said.letters[0].buttons == ()
        assert said.text.count("<i>") == 1

    _story(tmp_path, story)


def test_a_silence_that_outlasts_the_alert_is_refused_and_its_card_stays(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000 until 2026-03-03 12:30")
        (card,) = _tick(desk, "68012.4")
        said = await desk.taps(CARA, card, "Snooze")
        assert (_toast(said), said.letters) == (
            "#1 ends in 30 m, before it would tell again: nothing was changed.",
            [],
        )
        desk.clock.advance(3600)
        said = await desk.taps(CARA, card, "Again")
        assert _toast(said) == "#1 ended 30 m ago: nothing was changed. Make a new one."
        assert [s.rule.state for s in desk.services.alerting.alerts.of(CARA)] == []

    _story(tmp_path, story)


def test_what_a_position_pays_stays_out_of_the_group_that_is_told(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(BEN, "/alert funding BTC pay every 1m", group=True)
        await desk.says(BEN, "/alert funding ETH pay every 1m")
        for _ in range(8 * 60):
            desk.clock.advance(60)
            await desk.services.alerting.funding.scan()
        told = [visible(card.text) for card in desk.delivered() if card.chat_id == GROUP]
        assert told
        assert all(text.startswith("BTC long pays funding\n") for text in told)
        assert not any("USDT " in f"{text} " for text in told)

    _story(tmp_path, story)


def test_the_hours_of_an_alert_are_those_of_the_people_and_say_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, TIMEZONE="Europe/Berlin") as desk:
            made = await desk.says(CARA, "/alert btc > 68000 until 2026-12-31 18:00")
            assert "\nuntil 2026-12-31 18:00 CET" in made.text
            (card,) = _tick(desk, "68012.4")
            said = await desk.taps(CARA, card, "Snooze")
            assert _toast(said) == "Quiet until 14:00 CET (Cara)"
            parcel = packed(said.letters, desk.looks)
            assert parcel is not None
            assert "\n68,012.4 at 13:00 CET\n" in visible(parcel.text)
            assert visible(parcel.text).endswith("\nquiet until 14:00 CET (Cara)")

    asyncio.run(story())


def test_a_moved_alert_waits_at_its_new_level_and_fires_there(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        (card,) = _tick(desk, "68012.4")
        said = await desk.taps(CARA, card, "Move to 68,500")
        assert _toast(said) == "Moved to 68,500 (Cara)"
        assert said.text.startswith("<b>BTC crossed above 68,000</b>")
        (card,) = _tick(desk, "68500")
        assert card.text.startswith("<b>BTC crossed above 68,500</b>")
        assert "2nd time today" in card.text
        desk.clock.advance(1)
        assert _tick(desk, "70000") == []
        said = await desk.taps(CARA, card, "Move to 69,000")
        assert said.toast is not None
        assert (said.toast.popup, said.letters) == (True, [])
        assert said.toast.text.startswith("BTC-USDT is there already.")

    _story(tmp_path, story)


def test_a_message_that_waited_tells_the_level_it_fired_at_whatever_became_of_the_rule(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        (first,) = _tick(desk, "68012.4")
        (first,) = (await desk.taps(CARA, first, "Move to 68,500")).letters
        desk.services.alerting.lookout.hear(Tick(BTC, "68500", to_millis(desk.clock())))
        edit, second = (await desk.taps(CARA, first, "Move to 69,000")).letters
        assert second.text.startswith("<b>BTC crossed above 68,500</b>\n68,500.0 at ")
        assert edit.text.startswith("<b>BTC crossed above 68,000</b>")
        told = [desk.services.alerting.alerts.told(n, UTC) for n in (1, 2)]
        listed = visible(views.digest(told, desk.clock())[0].text)
        assert "#1·1 BTC crossed above 68,000: 68,012.4," in listed
        assert "#1·2 BTC crossed above 68,500: 68,500.0," in listed

    _story(tmp_path, story)


def test_again_arms_a_done_alert_once_the_price_went_back(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000")
        (card,) = _tick(desk, "68012.4")
        said = await desk.taps(CARA, card, "Again")
        assert _toast(said) == "Armed again once BTC is back at 67,932 (Cara)"
        assert _tick(desk, "68100") == []
        assert _tick(desk, "67900") == []
        (card,) = _tick(desk, "68001")
        _tick(desk, "67000")
        assert _toast(await desk.taps(CARA, card, "Again")) == "Armed again (Cara)"

    _story(tmp_path, story)


def test_buttons_under_an_alert_are_its_persons_and_an_owners(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000 every 4h", group=True)
        (card,) = _tick(desk, "68012.4")
        assert card.chat_id == GROUP
        for label in ("Snooze", "Move", "Delete"):
            said = await desk.taps(BEN, card, label)
            assert said.toast is not None
            assert (said.toast.popup, said.letters) == (True, [])
            assert said.toast.text == "#1 is Cara's: only Cara and owners can look at it or change it."
        said = await desk.taps(MALLORY, card, "Delete")
        assert (said.toast, said.letters) == (None, [])
        assert _toast(await desk.taps(ANNA, card, "Delete")) == "Deleted (Anna)"

    _story(tmp_path, story)


def test_a_digests_button_leaves_the_digest_standing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/alert btc > 68000 every 4h")
        (fired,) = _tick(desk, "68012.4")
        reply, _ = views.digest([desk.services.alerting.alerts.told(fired.subject_id, UTC)], desk.clock())
        desk.store.outbox.put(Letter(chat_id=CARA.id, lane=fired.lane, text=reply.text, buttons=reply.buttons))
        (digest,) = desk.delivered()
        (listed,) = (await desk.taps(CARA, digest, "Alerts")).letters
        assert listed.edits is None
        assert "1 alert, nearest first" in listed.text

    _story(tmp_path, story)


def test_an_order_may_be_attached_by_who_may_trade(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        line = "/alert btc < 60k buy 0.001 @ 62000 note dip"
        assert "An order on an alert is for traders; you are a viewer." in (await desk.says(CARA, line)).text
        made = (await desk.says(BEN, line)).text
        assert "with it comes the ticket: buy BTC 0.001 @ 62000" in made
        (card,) = _tick(desk, "60000")
        assert "order: buy BTC 0.001 @ 62000" in card.text

    _story(tmp_path, story)


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ("buy xbtusdtm 1 @ 60000", "XBTUSDTM is a futures contract; I open positions on spot only."),
        ("buy 0.00000001 @ 60000", "BTC-USDT orders are 0.00001 to"),
        ("sell 5 @ 70000", "That is 350,000 USDT; one order may be 100 (ORDER_MAX_NOTIONAL)."),
        (
            "sell 5eth",
            "BTC-USDT is BTC against USDT; ETH is neither.\nExample: /alert btc > 68000 sell BTC-USDT 5usdt note top",
        ),
    ],
)
def test_an_order_that_could_never_be_placed_is_refused_with_its_alert(
    tmp_path: Path, order: str, sentence: str
) -> None:
    async def story(desk: Desk) -> None:
        for level in ("> 68000", "> 60000", "68000"):
            said = visible((await desk.says(BEN, f"/alert btc {level} {order} note top")).text)
            assert said.startswith(sentence if level == "> 68000" else sentence.partition("\n")[0])
        assert _rules(desk) == 0

    _story(tmp_path, story)


def test_an_order_for_an_unknown_coin_is_one_tap_from_the_right_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (guess,) = (await desk.says(BEN, "/alert eth < 1 buy bct 0.001 @ 60000 note dip")).letters
        assert "No BCT on KuCoin. Did you mean BTC" in guess.text
        made = visible((await desk.taps(BEN, guess, "BTC")).text)
        assert made.startswith("#1 ETH crosses below 1")
        assert made.endswith("“dip”\nwith it comes the ticket: buy BTC 0.001 @ 60000")

    _story(tmp_path, story)


def test_no_order_is_attached_while_trading_is_off(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        said = await desk.says(BEN, "/alert btc < 60k buy 0.001 @ 62000")
        assert "Trading is off" in said.text
        assert _rules(desk) == 0

    _story(tmp_path, story, "off")


def test_a_key_without_futures_makes_no_alert_of_payments(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, frozenset({"General", "Spot"})) as desk:
            assert (await desk.says(CARA, "/alert funding btc pay")).text == (
                "<b>My KuCoin key may not see futures positions, so I could never tell what one will pay."
                " An owner can give the key that right on KuCoin.</b>"
            )
            assert _rules(desk) == 0
            assert "#1 BTC funding changes sign" in (await desk.says(CARA, "/alert funding btc flip")).text

    asyncio.run(story())


def test_payments_nobody_can_read_now_are_not_promised(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(CARA, "/price btc")
        desk.faults.switch(Fault.UNAVAILABLE, on=True)
        assert "Nothing was done." in (await desk.says(CARA, "/alert funding btc pay")).text
        assert _rules(desk) == 0

    _story(tmp_path, story)


@pytest.mark.parametrize("mode", ["paper", "off"])
def test_no_trade_is_offered_where_none_is_possible(tmp_path: Path, mode: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(BEN, "/alert btc > 68000 every 4h")
        (card,) = _tick(desk, "68012.4")
        assert ("Buy" in _labels(card)) == (mode != "off")
        (edit,) = (await desk.taps(BEN, card, "Snooze")).letters
        assert ("Buy" in _labels(edit)) == (mode != "off")

    _story(tmp_path, story, mode)


@pytest.mark.parametrize(
    ("late", "answered", "marked"), [(30, True, False), (61, True, True), (599, True, True), (601, False, False)]
)
def test_an_alert_typed_while_the_bot_was_away_is_still_wished_for(
    tmp_path: Path, late: int, *, answered: bool, marked: bool
) -> None:
    async def story(desk: Desk) -> None:
        sent_at = desk.clock() - timedelta(seconds=late)
        update = replace(incoming(999, CARA, text="/alert btc > 68000"), sent_at=sent_at)
        said = await desk.handles(update)
        assert _rules(desk) == int(answered)
        assert ("while I was away" in said.text) == marked
        if not answered:
            assert "#1 BTC" in (await desk.taps(CARA, said.letters[0], "Ask again")).text

    _story(tmp_path, story)
