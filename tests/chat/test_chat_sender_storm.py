"""Many alerts at once: together in few messages, within limits that are enforced, none lost, and answers in between."""

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import units
from chatbot.core.notices import Button, Lane, Letter, LetterState, Subject
from chatbot.core.people import Person, Role
from chatbot.sandbox.telegram_groups import found_group
from chatbot.sandbox.telegram_limits import FloodLimits
from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request, too_many
from tests.chat.desk import ANNA, BEN
from tests.chat.wire import Wire, listed, sending, wired
from tests.playground import eventually

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")

STRICT = FloodLimits(private_burst=1)
MARK = "may be a repeat"
DIGESTED, CARD = ((Button(text="All", action="alerts"),),), ((Button(text="Why", action="why"),),)


def _card(letter: Letter) -> Reply:
    return Reply(text=f"card of {letter.subject_id}", buttons=CARD)


def _fifty(letters: Sequence[Letter]) -> tuple[Reply, int]:
    """Lines of eighty characters, as many as one message holds."""
    told = letters[:50]
    return Reply(text="\n".join(f"{letter.subject_id:<80}" for letter in told), buttons=DIGESTED), len(told)


def _told(wire: Wire, chat: int) -> list[int]:
    """The firings that the chat was told of, in order."""
    words = [word for text in wire.shown(chat) for word in text.split()]
    return [int(word) for word in words if word.isdecimal()]


def _refused(wire: Wire) -> list[int]:
    return [call.code for call in wire.telegram.calls("sendMessage") if call.code != 200]


def _people(wire: Wire, count: int) -> list[int]:
    people = [Person(id=1000 + n, name=f"P{n}", role=Role.VIEWER) for n in range(count)]
    return [wire.phone(person).user.id for person in people]


def test_one_alert_leaves_as_its_own_card(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.alerts(1, ANNA.id)
            async with sending(wire, _card, _fifty):
                assert await wire.all_left() == 0
            assert wire.shown(ANNA.id) == ["card of 1"]

    asyncio.run(story())


def test_a_hundred_alerts_for_one_chat_leave_in_two_messages_a_second_apart(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, limits=STRICT) as wire:
            wire.phone(ANNA)
            wire.alerts(100, ANNA.id)
            async with sending(wire, _card, _fifty):
                assert await wire.all_left() == pytest.approx(1)
            assert len(wire.shown(ANNA.id)) == 2
            assert all(units(text) <= 4096 for text in wire.shown(ANNA.id))
            assert _told(wire, ANNA.id) == list(range(1, 101))
            assert _refused(wire) == []

    asyncio.run(story())


def test_the_first_alert_is_not_held_back_for_those_that_follow(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, limits=STRICT) as wire:
            wire.phone(ANNA)
            async with sending(wire, _card, listed):
                wire.alerts(1, ANNA.id)
                await wire.quiet()
                assert wire.shown(ANNA.id) == ["card of 1"]
                for _ in range(99):
                    wire.alerts(1, ANNA.id)
                assert await wire.all_left() == pytest.approx(1)
            assert len(wire.shown(ANNA.id)) == 2

    asyncio.run(story())


def test_letters_of_one_message_are_marked_in_one_commit_and_share_its_number(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            letters = wire.alerts(60, ANNA.id)
            written: list[str] = []
            async with sending(wire, _card, _fifty):
                wire.store.db.conn.set_trace_callback(lambda said: written.append(said.partition(",")[0]))
                await eventually(lambda: len(phone.messages) == 1)
                await wire.quiet()
                wire.store.db.conn.set_trace_callback(None)
                states = [wire.letter(each).state for each in letters]
                assert states == [LetterState.SENT] * 50 + [LetterState.PENDING] * 10
            assert {wire.letter(each).message_id for each in letters[:50]} == {phone.messages[0].id}
            sending_them, sent_them = "UPDATE outbox SET state = 'sending'", "UPDATE outbox SET state = 'sent'"
            steps = [said for said in written if said in (sending_them, sent_them, "COMMIT")]
            assert steps == [sending_them, sending_them, "COMMIT", sent_them, "COMMIT"]

    asyncio.run(story())


def test_the_buttons_stand_in_the_row_of_the_first_letter(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            first, second = wire.alerts(2, ANNA.id)
            async with sending(wire, _card, _fifty):
                await wire.all_left()
            (message,) = phone.messages
            assert message.keyboard[0][0].data == f"{first.key}:0"
            assert wire.letter(first).buttons == DIGESTED
            assert wire.letter(first).text.startswith("1 ")
            assert (wire.letter(second).text, wire.letter(second).buttons) == ("", ())

    asyncio.run(story())


def test_alerts_for_another_topic_or_that_follow_or_edit_stay_by_themselves(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            card = wire.post(ANNA.id, "card", Lane.ANSWER)
            alert = Letter(chat_id=ANNA.id, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=1)
            put = wire.store.outbox.put
            async with sending(wire, _card, listed):
                await wire.all_left()
                with wire.store.atomic():
                    put(Letter(chat_id=ANNA.id, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=2, edits=card.id))
                    put(Letter(chat_id=ANNA.id, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=3, follows=card.id))
                    put(Letter(chat_id=ANNA.id, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=4, reply_to=5))
                    put(Letter(chat_id=ANNA.id, lane=Lane.ALERT, text="a plain one"))
                    put(Letter(chat_id=ANNA.id, lane=Lane.REPORT, subject=Subject.ALERT, subject_id=5))
                    put(alert)
                    put(alert)
                await wire.all_left()
            assert wire.shown(ANNA.id) == [
                "card of 2", "card of 3", "card of 4", "a plain one", "firing 1\nfiring 1", "card of 5",
            ]  # fmt: skip

    asyncio.run(story())


@pytest.mark.parametrize(("silent", "rings"), [((True, True), False), ((True, False), True), ((False, True), True)])
def test_a_message_rings_when_one_of_its_alerts_may(tmp_path: Path, silent: tuple[bool, bool], *, rings: bool) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            phone = wire.phone(ANNA)
            with wire.store.atomic():
                for n, each in enumerate(silent):
                    letter = Letter(chat_id=ANNA.id, lane=Lane.ALERT, subject=Subject.ALERT, subject_id=n, silent=each)
                    wire.store.outbox.put(letter)
            async with sending(wire):
                await wire.all_left()
            assert [message.silent for message in phone.messages] == [not rings]

    asyncio.run(story())


def test_a_lost_acknowledgement_repeats_the_same_letters_marked_and_apart_from_new_ones(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.lose_answer("sendMessage")
            letters = wire.alerts(3, ANNA.id)
            async with sending(wire):
                await eventually(lambda: wire.letter(letters[0]).attempts == 1)
                wire.alerts(2, ANNA.id)
                await wire.all_left()
            three, two = "firing 1\nfiring 2\nfiring 3", "firing 1\nfiring 2"
            assert wire.shown(ANNA.id) == [three, f"{MARK}\n{three}", two]

    asyncio.run(story())


def test_what_was_under_way_together_at_a_crash_leaves_again_together_and_marked(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            first, *others = wire.alerts(5, ANNA.id)
            wire.store.outbox.sending(first, others[:2])
            async with sending(wire):
                await wire.all_left()
            assert wire.shown(ANNA.id) == [f"{MARK}\nfiring 1\nfiring 2\nfiring 3", "firing 4\nfiring 5"]

    asyncio.run(story())


def test_an_alert_that_cannot_be_drawn_is_laid_aside_and_takes_no_other_with_it(tmp_path: Path) -> None:
    def brittle(letters: Sequence[Letter]) -> tuple[Reply, int]:
        if any(letter.subject_id in (2, 4) for letter in letters):
            raise LookupError("no such firing")
        return listed(letters)

    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            letters = wire.alerts(5, ANNA.id)
            async with sending(wire, _card, brittle):
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["firing 1\nfiring 3\nfiring 5"]
            dead = [each.subject_id for each in letters if wire.letter(each).state is LetterState.DEAD]
            assert dead == [2, 4]

    asyncio.run(story())


@pytest.mark.parametrize("sound", [{3}, set()], ids=["one is left", "none is left"])
def test_of_alerts_that_cannot_be_drawn_the_last_sound_one_leaves_as_its_card(tmp_path: Path, sound: set[int]) -> None:
    def brittle(letters: Sequence[Letter]) -> tuple[Reply, int]:
        if any(letter.subject_id not in sound for letter in letters):
            raise LookupError("no such firing")
        return listed(letters)

    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.alerts(4, ANNA.id)
            async with sending(wire, _card, brittle):
                await wire.all_left()
            assert wire.shown(ANNA.id) == [f"card of {n}" for n in sound]
            assert wire.store.outbox.undelivered() == 4 - len(sound)

    asyncio.run(story())


def test_alerts_that_can_be_drawn_but_not_together_leave_one_by_one(tmp_path: Path) -> None:
    def lonely(letters: Sequence[Letter]) -> tuple[Reply, int]:
        if len(letters) > 1:
            raise ArithmeticError("too many")
        return listed(letters)

    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.alerts(3, ANNA.id)
            async with sending(wire, _card, lonely):
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["card of 1", "card of 2", "card of 3"]

    asyncio.run(story())


def test_a_list_that_telegram_refuses_leaves_one_by_one_before_what_came_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.telegram.troubles.refuse("sendMessage", bad_request("message is too long"))
            wire.alerts(3, ANNA.id)
            async with sending(wire, _card, listed):
                await wire.quiet()
                wire.alerts(2, ANNA.id, first=4)
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["card of 1", "card of 2", "card of 3", "firing 4\nfiring 5"]

    asyncio.run(story())


def test_storms_to_many_chats_stay_within_limits_that_are_enforced(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, limits=STRICT) as wire:
            chats = _people(wire, 60)
            wire.alerts(300, *chats)
            async with sending(wire, _card, listed):
                assert await wire.all_left() == pytest.approx(2)  # 28 a second
            assert {len(wire.shown(chat)) for chat in chats} == {1}
            assert sorted(n for chat in chats for n in _told(wire, chat)) == list(range(1, 301))
            assert _refused(wire) == []

    asyncio.run(story())


def test_a_group_gets_its_alerts_within_twenty_messages_a_minute(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, limits=STRICT) as wire:
            found_group(wire.telegram, -5, "Desk", [wire.phone(ANNA).user])
            for n in range(25):
                wire.post(-5, f"alert {n}", Lane.ALERT)
            async with sending(wire):
                await wire.quiet()
                for n in range(3):
                    wire.later(0.1)
                    wire.post(-5, f"answer {n}")
                    await wire.quiet()
                assert wire.shown(-5) == ["alert 0", "answer 0", "answer 1", "answer 2"]
                await wire.all_left(0.5)
            assert wire.shown(-5)[4:] == [f"alert {n}" for n in range(1, 25)]
            assert _refused(wire) == []

    asyncio.run(story())


def test_an_answer_leaves_at_once_in_the_middle_of_a_storm(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, limits=STRICT) as wire:
            wire.phone(ANNA)
            wire.alerts(200, *_people(wire, 200))
            async with sending(wire, _card, listed):
                await wire.quiet()
                assert len(wire.telegram.calls("sendMessage")) == 28
                wire.post(ANNA.id, "stopped")
                await wire.quiet()
                assert wire.shown(ANNA.id) == ["stopped"]
            assert _refused(wire) == []

    asyncio.run(story())


def test_an_answer_finds_a_hand_free_when_telegram_is_slow_with_alerts(tmp_path: Path) -> None:
    async def story() -> None:
        hanging = []

        async def slow(request: Request) -> Response:
            body = (await request.body()).decode()
            if "stopped" not in body:
                hanging.append(body)
                await asyncio.Event().wait()
            return Response('{"ok": false, "error_code": 400, "description": "Bad Request: no"}', status_code=400)

        async with wired(tmp_path, first=[Route("/bot{token}/sendMessage", slow, methods=["POST"])]) as wire:
            wire.alerts(9, *range(1, 10))
            async with sending(wire, _card, listed):
                await eventually(lambda: len(hanging) == 3)
                stopped = wire.post(ANNA.id, "stopped")
                await eventually(lambda: wire.letter(stopped).state is LetterState.DEAD)
                assert len(hanging) == 3

    asyncio.run(story())


def test_after_a_pause_the_urgent_letter_leaves_first_and_the_alerts_together(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path) as wire:
            wire.phone(ANNA)
            wire.phone(BEN)
            wire.telegram.troubles.refuse("sendMessage", too_many(600))
            wire.alerts(3, ANNA.id)
            async with sending(wire, _card, listed):
                await wire.quiet()
                wire.later(10)
                wire.post(ANNA.id, "stopped")
                wire.post(BEN.id, "for Ben", Lane.ALERT)
                wire.later(589)
                await wire.quiet()
                assert (wire.shown(ANNA.id), wire.shown(BEN.id)) == ([], ["for Ben"])
                wire.later(1)
                await wire.all_left()
            assert wire.shown(ANNA.id) == ["stopped", "firing 1\nfiring 2\nfiring 3"]

    asyncio.run(story())


def test_after_an_hour_without_telegram_all_arrive_oldest_first_and_together(tmp_path: Path) -> None:
    async def story() -> None:
        async with wired(tmp_path, limits=STRICT) as wire:
            wire.phone(ANNA)
            down = TelegramRefusal(502, "Bad Gateway")
            wire.telegram.troubles.refuse("sendMessage", down, times=10_000)
            async with sending(wire, _card, _fifty):
                for minute in range(60):
                    wire.alerts(2, ANNA.id, first=2 * minute + 1)
                    wire.later(60)
                    await wire.quiet()
                assert wire.shown(ANNA.id) == []
                assert 50 <= len(wire.telegram.calls("sendMessage")) <= 200
                wire.telegram.troubles.clear()
                await wire.all_left(0.5)
            told = _told(wire, ANNA.id)
            assert sorted(told) == list(range(1, 121))
            # Only the one that found Telegram in order again may have been another than the oldest.
            assert sum(before > after for before, after in itertools.pairwise(told)) <= 1
            assert len(wire.shown(ANNA.id)) <= 5
            assert wire.store.outbox.undelivered() == 0

    asyncio.run(story())
