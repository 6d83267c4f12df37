"""Wizards, played as a phone would: one card in place, questions that can be answered, nothing left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.chat import words
from chatbot.chat.front import Toast
from chatbot.chat.messages import Incoming
from chatbot.core.notices import Letter, Subject
from chatbot.core.people import Person
from chatbot.sandbox.faults import Fault
from chatbot.services.wizards import LIFE
from tests.chat.desk import ANNA, BEN, CARA, GROUP, NOON, Desk, Said, at_desk, incoming, open_desk
from tests.chat.shown import labels

Story = Callable[[Desk], Awaitable[None]]
_EXPIRED = "This ran out of time; nothing was done."


def _play(folder: Path, story: Story, most: str = "100") -> None:
    """`most` is the USDT that one order may cost."""
    at_desk(folder, story, ORDER_MAX_NOTIONAL=most)


def _popup(said: Said) -> str:
    assert said.toast is not None
    assert said.toast.popup
    return said.toast.text


async def _tidied(desk: Desk, said: Said) -> list[tuple[int, int]]:
    """What is taken out of the chat after this answer."""
    desk.erased.clear()
    if said.then is not None:
        await said.then()
    return sorted(desk.erased)


async def _walk(desk: Desk, person: Person, line: str, *labels: str, group: bool = False) -> list[Letter]:
    """The letters of the last step. Every step but the first changes the card in place."""
    (card,) = letters = (await desk.says(person, line, group=group)).letters
    shown = card
    for label in labels:
        letters = (await desk.taps(person, shown, label)).letters
        shown = letters[0]
        assert shown.edits in (card.id, None)
    return letters


def _wizards(desk: Desk) -> int:
    return len(desk.rows("SELECT 1 FROM wizards"))


def _tickets(desk: Desk) -> int:
    return len(desk.rows("SELECT 1 FROM tickets"))


def _message(letter: Letter) -> int:
    assert letter.message_id is not None
    return letter.message_id


def test_an_order_takes_four_taps_and_leaves_its_ticket_alone(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy")).letters
        assert card.text == "Buy what?"
        assert labels(card)[:2] == ["BTC", "ETH"]
        assert labels(card)[-2:] == ["Other…", "Cancel"]
        (how_much,) = (await desk.taps(BEN, card, "BTC")).letters
        assert (how_much.edits, how_much.text) == (card.id, "Buy <b>BTC-USDT</b>: how much?")
        assert labels(how_much) == ["50 USDT", "100 USDT", "Other…", "Cancel"]
        (kind,) = (await desk.taps(BEN, how_much, "50 USDT")).letters
        assert kind.edits == card.id
        assert "67,412.3" in kind.text
        assert labels(kind) == ["At the market", "At my price…", "Cancel"]
        done = await desk.taps(BEN, kind, "At the market")
        (ticket,) = done.letters
        assert ticket.subject is Subject.TICKET
        assert "Spend 50.00 USDT" in ticket.text
        assert await _tidied(desk, done) == [(BEN.id, _message(card))]
        assert (_wizards(desk), desk.sandbox.posts) == (0, [])

    _play(tmp_path, story)


def test_a_price_of_ones_own_is_typed_or_tapped(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        card, prompt = await _walk(desk, BEN, "/buy", "BTC", "50 USDT", "At my price")
        assert (prompt.asks, prompt.hint, prompt.buttons) == ("/buy BTC 50usdt @", "67000", ())
        assert labels(card)[0] == "67,075.2 (-0.5 %)"
        done = await desk.says(BEN, "60000", answers=prompt.message_id)
        assert "at 60,000.0 = 50.00 USDT" in done.text
        answer = int(str(desk.rows("SELECT max(update_id) FROM inbox")[0][0]))
        root = 10_000 + (card.edits or 0)
        assert await _tidied(desk, done) == sorted([(BEN.id, root), (BEN.id, _message(prompt)), (BEN.id, answer)])
        card, _ = await _walk(desk, BEN, "/sell btc", "50 USDT", "At my price")
        assert "at 67,749.3" in (await desk.taps(BEN, card, "67,749.3")).text

    _play(tmp_path, story)


@pytest.mark.parametrize(
    ("labels", "made"),
    [
        (("Price", "BTC", "+1 %"), "#1 BTC crosses above 68,086.5"),
        (("Price", "BTC", "-5 %"), "#1 BTC crosses below 64,041.6"),
        (("% move", "ETH", "-5 %, 1h"), "#1 ETH"),
        (("Funding", "BTC", "changes sign"), "#1 BTC funding changes sign"),
        (("Funding", "SOL", "above"), "#1 SOL funding"),
    ],
)
def test_an_alert_can_be_made_without_typing(tmp_path: Path, labels: tuple[str, ...], made: str) -> None:
    async def story(desk: Desk) -> None:
        (card,) = await _walk(desk, CARA, "/alert", *labels)
        assert card.text.startswith(f"<b>{made}")
        assert (card.edits, _wizards(desk)) == (None, 0)

    _play(tmp_path, story)


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        ("68k", "crosses above 68,000"), ("60000", "crosses below 60,000"), ("+1%", "crosses above 68,086.5"),
        ("-1%", "crosses below 66,738.1"), ("> 68k every 4h", "crosses above 68,000"),
        ("68k note top", "crosses above 68,000"),
    ],
)  # fmt: skip
def test_a_level_is_typed_as_it_is_said(tmp_path: Path, typed: str, made: str) -> None:
    async def story(desk: Desk) -> None:
        card, prompt = await _walk(desk, CARA, "/alert", "Price", "BTC")
        assert prompt.text == "BTC price, now 67,412.3. Which level?"
        assert prompt.hint == "68000 or +1%"
        done = await desk.says(CARA, typed, answers=prompt.message_id)
        assert made in done.text
        assert (CARA.id, _message(prompt)) in await _tidied(desk, done)
        assert card.edits is not None

    _play(tmp_path, story)


def test_the_watchlist_comes_first_then_what_everybody_knows(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(BEN, "/watch sol doge")
        assert labels((await desk.says(BEN, "/buy")).letters[0]) == ["SOL", "DOGE", "Other…", "Cancel"]
        await desk.says(BEN, "/unwatch sol doge")
        assert labels((await desk.says(BEN, "/buy")).letters[0])[0] == "BTC"
        (card,) = (await desk.says(BEN, "/watch")).letters
        assert "You watch 1" in (await desk.taps(BEN, card, "ETH")).text
        (card,) = (await desk.says(BEN, "/watch")).letters
        assert "ETH" not in labels(card)
        (card,) = (await desk.says(BEN, "/unwatch")).letters
        assert "Your watchlist is empty" in (await desk.taps(BEN, card, "ETH-USDT")).text
        (prices,) = (await desk.says(BEN, "/price")).letters
        assert "<b>ETH-USDT</b>" in (await desk.taps(BEN, prices, "ETH")).text
        (rates,) = (await desk.says(BEN, "/funding")).letters
        assert "BTC" in (await desk.taps(BEN, rates, "BTC")).text
        (card,) = (await desk.taps(BEN, rates, "Other")).letters
        assert "settles in" in (await desk.taps(BEN, card, "BTC")).text

    _play(tmp_path, story)


def test_an_answer_counts_however_it_is_given(tmp_path: Path) -> None:
    """As the reply that Telegram suggests, as plain words at home, in reply to the card."""

    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy")).letters
        (prompt,) = (await desk.taps(BEN, card, "Other")).letters
        assert (prompt.asks, prompt.hint) == ("/buy", "BTC")
        assert "ETH-USDT" in (await desk.says(BEN, "eth", answers=prompt.message_id)).text
        assert "Buy <code>eth 20usdt</code>" in (await desk.says(BEN, "20usdt")).text
        assert _wizards(desk) == 1
        (card,) = (await desk.says(BEN, "/buy", group=True)).letters
        assert "how much?" in (await desk.says(BEN, "sol", group=True, answers=card.message_id)).text
        assert (await desk.says(BEN, "20usdt", group=True)).letters == []
        assert (await desk.says(CARA, "20usdt", group=True, answers=card.message_id)).letters == []

    _play(tmp_path, story)


def test_a_whole_line_may_be_typed_at_any_step(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (prompt,) = await _walk(desk, BEN, "/buy", "Other")
        assert (
            "Buy 0.001 BTC at 60,000.0" in (await desk.says(BEN, "btc 0.001 @ 60000", answers=prompt.message_id)).text
        )
        (prompt,) = await _walk(desk, BEN, "/alert", "Other")
        assert "crosses above 70,000" in (await desk.says(BEN, "btc > 70k", answers=prompt.message_id)).text

    _play(tmp_path, story)


def test_nonsense_is_asked_about_once_and_keeps_what_was_chosen(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        card, prompt = await _walk(desk, BEN, "/buy", "BTC", "50 USDT", "At my price")
        said = await desk.says(BEN, "cheap", answers=prompt.message_id)
        (again,) = said.letters
        assert again.text == "“cheap” is not a number.\nExample: <code>60000</code>"
        assert (again.asks, again.hint) == ("/buy BTC 50usdt @", "67000")
        assert (BEN.id, _message(prompt)) in await _tidied(desk, said)
        aside = await desk.says(BEN, "very cheap", answers=again.message_id)
        assert aside.text.endswith("In one line: <code>/buy BTC 100usdt</code>")
        erased = await _tidied(desk, aside)
        assert erased == sorted([(BEN.id, 10_000 + (card.edits or 0)), (BEN.id, _message(again))])
        assert (_wizards(desk), _tickets(desk)) == (0, 0)

    _play(tmp_path, story)


def test_a_misspelt_coin_becomes_choices_on_the_card(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy")).letters
        (meant,) = (await desk.says(BEN, "bct")).letters
        assert meant.edits == card.id
        assert meant.text.startswith("No BCT on KuCoin. Did you mean BTC")
        assert "BTC-USDT</b>: how much?" in (await desk.taps(BEN, meant, "BTC")).text
        (card,) = (await desk.says(BEN, "/alert")).letters
        (card,) = (await desk.taps(BEN, card, "Price")).letters
        (meant,) = (await desk.says(BEN, "bct")).letters
        assert "Which level?" in (await desk.taps(BEN, meant, "BTC")).text

    _play(tmp_path, story)


def test_more_than_the_limit_is_asked_again_and_a_stop_is_not(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await _walk(desk, BEN, "/buy", "BTC", "Other")
        assert "one order may be 100" in (await desk.says(BEN, "500usdt")).text
        said = await desk.says(BEN, "20usdt")
        assert "Buy <code>BTC 20usdt</code>" in said.text
        await desk.says(ANNA, "/kill")
        refused = await desk.taps(BEN, said.letters[0], "At the market")
        assert "Trading was stopped by Anna" in _popup(refused)
        assert (refused.letters, _wizards(desk)) == ([], 1)
        _, prompt = (await desk.taps(BEN, said.letters[0], "At my price")).letters
        stopped = await desk.says(BEN, "60000", answers=prompt.message_id)
        assert "Trading was stopped by Anna" in stopped.text
        assert [b.action for row in stopped.letters[0].buttons for b in row] == ["run /buy BTC 20usdt @ 60000"]
        assert _wizards(desk) == 0

    _play(tmp_path, story)


def test_a_card_outlives_a_kucoin_that_is_away(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy btc")).letters
        desk.faults.switch(Fault.UNAVAILABLE, on=True)
        assert "Ask again in a moment" in _popup(await desk.taps(BEN, card, "50 USDT"))
        desk.faults.clear()
        assert "At the market" in labels((await desk.taps(BEN, card, "50 USDT")).letters[0])

    _play(tmp_path, story)


def test_cancelling_takes_everything_away(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        card, prompt = await _walk(desk, CARA, "/alert", "Price", "BTC")
        said = await desk.taps(CARA, card, "Cancel")
        assert said.letters == []
        assert await _tidied(desk, said) == sorted([(CARA.id, 10_000 + (card.edits or 0)), (CARA.id, _message(prompt))])
        assert _wizards(desk) == 0
        assert _popup(await desk.taps(CARA, card, "+1 %")) == words.EXPIRED

    _play(tmp_path, story)


def test_a_restart_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            (kind,) = await _walk(desk, BEN, "/buy", "BTC", "50 USDT")
            _, prompt = await _walk(desk, CARA, "/alert", "Price", "BTC")
        async with open_desk(tmp_path) as desk:
            ticket = await desk.handles(replace(desk.tap_of(BEN, kind, f"{kind.key}:0"), update_id=501))
            assert "Spend 50.00 USDT" in ticket.text
            answer = incoming(502, CARA, text="68k")
            made = await desk.handles(replace(answer, answers=prompt.message_id))
            assert "#1 BTC crosses above 68,000" in made.text

    asyncio.run(story())


def test_an_update_handled_again_after_a_crash_asks_and_does_the_same(tmp_path: Path) -> None:
    """The step and its answer are one transaction: until it stands, nothing has changed."""

    async def story(desk: Desk) -> None:
        _, prompt = await _walk(desk, BEN, "/buy", "BTC", "50 USDT", "At my price")
        before = desk.dump(without=("inbox",))
        answer = replace(incoming(700, BEN, text="60000"), answers=prompt.message_id)
        desk.store.inbox.keep([(700, "{}")])

        async def cut_off() -> None:
            with desk.store.atomic():
                await desk.front.handle(answer)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await cut_off()
        assert desk.dump(without=("inbox",)) == before
        assert "Ticket T-1" in (await desk.handles(answer)).text
        assert (await desk.handles(answer)).letters == []
        assert _tickets(desk) == 1

    _play(tmp_path, story)


def test_an_expired_card_says_so_and_its_buttons_go(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        card, prompt = await _walk(desk, CARA, "/alert", "Price", "BTC")
        desk.clock.time += LIFE - timedelta(seconds=1)
        assert _wizards(desk) == 1
        desk.clock.time += timedelta(seconds=1)
        said = await desk.taps(CARA, card, "+1 %")
        assert _popup(said) == _EXPIRED
        (gone,) = said.letters
        assert (gone.edits, gone.buttons) == (card.edits, ())
        assert gone.text == f"{_EXPIRED}\nExample: <code>/alert BTC &gt; 68000</code>"
        assert await _tidied(desk, said) == [(CARA.id, _message(prompt))]
        assert desk.rows("SELECT count(*) FROM alerts") == [(0,)]

    _play(tmp_path, story)


def test_each_step_begins_the_time_anew(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy")).letters
        for label in ("BTC", "50 USDT", "At the market"):
            desk.clock.time += LIFE - timedelta(seconds=1)
            (card,) = (await desk.taps(BEN, card, label)).letters
        assert "Ticket T-1" in card.text

    _play(tmp_path, story)


def test_an_answer_after_the_end_is_offered_back(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _, prompt = await _walk(desk, CARA, "/alert", "Price", "BTC")
        desk.clock.time += LIFE
        (offer,) = (await desk.says(CARA, "68k", answers=prompt.message_id)).letters
        assert "had run out, and nothing was done" in offer.text
        assert labels(offer) == ["Go on with 68k"]
        assert "#1 BTC crosses above 68,000" in (await desk.taps(CARA, offer, "Go on")).text
        (prompt,) = await _walk(desk, BEN, "/buy", "Other")
        desk.clock.time += LIFE
        (offer,) = (await desk.says(BEN, "btc", answers=prompt.message_id)).letters
        assert "how much?" in (await desk.taps(BEN, offer, "Go on with btc")).text

    _play(tmp_path, story)


def test_money_typed_while_the_bot_was_away_never_runs(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _, prompt = await _walk(desk, BEN, "/buy", "BTC", "50 USDT", "At my price")
        desk.clock.advance(61)
        late = replace(incoming(800, BEN, text="60000"), answers=prompt.message_id, sent_at=NOON)
        (stale,) = (await desk.handles(late)).letters
        assert "I did not act on it" in stale.text
        assert (labels(stale), _tickets(desk)) == (["Ask again"], 0)
        assert "Ticket T-1" in (await desk.taps(BEN, stale, "Ask again")).text

    _play(tmp_path, story)


def test_a_level_typed_in_time_counts_though_it_is_read_late(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _, prompt = await _walk(desk, CARA, "/alert", "Price", "BTC")
        desk.clock.time += timedelta(minutes=10)
        typed = replace(incoming(800, CARA, text="68k"), answers=prompt.message_id, sent_at=NOON + timedelta(minutes=5))
        said = await desk.handles(typed)
        assert "#1 BTC crosses above 68,000" in said.text
        assert "while I was away" in said.text

    _play(tmp_path, story)


def test_a_command_in_the_middle_simply_runs(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        card, prompt = await _walk(desk, CARA, "/alert", "Price", "BTC")
        assert "What I can do" in (await desk.says(CARA, "/help", answers=prompt.message_id)).text
        assert "67,412.3" in (await desk.says(CARA, "/price btc")).text
        assert "#1" in (await desk.taps(CARA, card, "+1 %")).text

    _play(tmp_path, story)


def test_a_new_wizard_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        card, prompt = await _walk(desk, BEN, "/alert", "Price", "BTC")
        said = await desk.says(BEN, "/buy")
        root = 10_000 + (card.edits or 0)
        assert await _tidied(desk, said) == sorted([(BEN.id, root), (BEN.id, _message(prompt))])
        assert _wizards(desk) == 1
        assert _popup(await desk.taps(BEN, card, "+1 %")) == words.EXPIRED
        assert "how much?" in (await desk.taps(BEN, said.letters[0], "BTC")).text

    _play(tmp_path, story)


def test_a_button_tapped_twice_adds_its_piece_once(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy btc")).letters
        first = (await desk.taps(BEN, card, "50 USDT")).letters
        second = (await desk.taps(BEN, card, "50 USDT")).letters
        assert first[0].text == second[0].text
        done = [await desk.taps(BEN, second[0], "At the market") for _ in range(3)]
        assert [len(said.letters) for said in done] == [1, 0, 0], (
            "an edit of a card that is gone would be a new message"
        )
        assert [_popup(said) for said in done[1:]] == [words.EXPIRED] * 2
        assert _tickets(desk) == 1

    _play(tmp_path, story)


async def _together(desk: Desk, *updates: Incoming) -> list[Letter]:
    desk.store.inbox.keep([(each.update_id, "{}") for each in updates])
    await asyncio.gather(*map(desk.front.handle, updates))
    return desk.delivered()


def test_two_taps_at_the_same_time_make_one_ticket(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        card, *_ = await _walk(desk, BEN, "/buy btc", "50 USDT")
        (ticket,) = await _together(desk, *(desk.tap_of(BEN, card, f"{card.key}:0") for _ in range(2)))
        assert "Ticket T-1" in ticket.text
        assert _tickets(desk) == 1

    _play(tmp_path, story)


def test_of_two_answers_at_the_same_time_the_second_is_asked_about(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.says(BEN, "/buy btc")
        sums = (incoming(100 + n, BEN, text=f"{n}0usdt @ 60000") for n in (2, 3))
        told = await _together(desk, *sums)
        assert sorted("Ticket T-1" in letter.text for letter in told) == [False, True]
        assert _tickets(desk) == 1

    _play(tmp_path, story)


def test_two_people_in_a_group_do_not_disturb_each_other(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        anna, annas = await _walk(desk, ANNA, "/alert", "Price", "BTC", group=True)
        ben, bens = await _walk(desk, BEN, "/alert", "Price", "ETH", group=True)
        assert annas.text == '<a href="tg://user?id=11">Anna</a>: BTC price, now 67,412.3. Which level?'
        assert annas.reply_to == 1
        stranger = await desk.taps(BEN, anna, "+1 %")
        assert (_popup(stranger), stranger.letters) == ("Only Anna can use these buttons.", [])
        assert _popup(await desk.taps(CARA, ben, "Cancel")) == "Only Ben can use these buttons."
        said = await desk.says(BEN, "68k", group=True, answers=annas.message_id)
        assert "Only Anna can answer that." in said.text
        made = await desk.says(ANNA, "68k", group=True, answers=annas.message_id)
        assert "#1 BTC crosses above 68,000" in made.text
        assert made.letters[0].reply_to == 1
        assert [chat for chat, _ in await _tidied(desk, made)] == [GROUP] * 3
        made = await desk.says(BEN, "9000", group=True, answers=bens.message_id)
        assert "#2 ETH crosses above 9,000" in made.text

    _play(tmp_path, story)


def test_a_wizard_needs_the_role_of_its_command(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert "/buy is for traders; you are a viewer." in (await desk.says(CARA, "/buy")).text
        assert _wizards(desk) == 0

    _play(tmp_path, story)


def test_what_has_not_left_yet_does_not_leave_once_it_is_over(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy")).letters
        for update_id, label in ((901, "BTC"), (902, "Cancel")):
            place = next(n for n, text in enumerate(labels(card)) if text == label)
            tap = replace(desk.tap_of(BEN, card, f"{card.key}:{place}"), update_id=update_id)
            desk.store.inbox.keep([(update_id, "{}")])
            toast, _ = await desk.front.handle(tap)
            assert toast == Toast()
        assert desk.delivered() == []

    _play(tmp_path, story)


def test_the_amounts_on_offer_are_within_the_limits(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (card,) = (await desk.says(BEN, "/buy btc")).letters
        assert labels(card) == ["25 %", "50 %", "200 USDT", "500 USDT", "Other…", "Cancel"]
        (card,) = (await desk.says(BEN, "/sell eth")).letters
        assert labels(card) == ["200 USDT", "500 USDT", "Other…", "Cancel"]
        (card,) = (await desk.says(BEN, "/buy btc", group=True)).letters
        assert labels(card)[:3] == ["25 %", "50 %", "max"], "what a group sees must not depend on what there is"
        (card,) = (await desk.says(BEN, "/buy eth-btc")).letters
        assert "USDT" not in " ".join(labels(card))

    _play(tmp_path, story, most="700")


def test_a_coins_bare_name_is_enough_at_home(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        (offer,) = (await desk.says(BEN, "btc")).letters
        assert offer.text == "<b>BTC-USDT</b>"
        assert [label for label in labels(offer) if label != "Chart"] == ["Price", "Alert", "Buy", "Sell", "Watch"]
        assert "67,412.3" in (await desk.taps(BEN, offer, "Price")).text
        assert "how much?" in (await desk.taps(BEN, offer, "Buy")).text
        await desk.says(BEN, "/help")
        assert "What should I watch about BTC?" in (await desk.taps(BEN, offer, "Alert")).text
        assert "Buy" not in labels((await desk.says(CARA, "btc")).letters[0])
        (guess,) = (await desk.says(CARA, "bct")).letters
        assert guess.text.startswith("No BCT on KuCoin. Did you mean BTC")
        assert "67,412.3" in (await desk.taps(CARA, guess, "BTC")).text
        assert (await desk.says(CARA, "btc", group=True)).letters == []
        (several,) = (await desk.says(CARA, "btc, eth")).letters
        assert (several.text, labels(several)) == ("<b>BTC, ETH</b>", ["Prices", "Watch"])
        assert "67,412.3" in (await desk.taps(CARA, several, "Prices")).text
        (called,) = (await desk.says(CARA, "bitcoin")).letters
        assert labels(called) == ["BTC"]
        (elsewhere,) = (await desk.says(CARA, "Berlin")).letters
        assert elsewhere.text.startswith("“Berlin” is no coin on KuCoin, and I answer commands.\nExample:")
        assert labels(elsewhere) == []
        for said in ("good morning", "100usdt", "<b>", "btc\u200b"):
            assert "I answer commands" in (await desk.says(CARA, said)).text

    _play(tmp_path, story)
