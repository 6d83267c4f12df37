"""What must not wait is handled first, in a batch and in the replay at a start."""

import asyncio
import json
from pathlib import Path

import pytest

from chatbot.chat.intake import Intake
from chatbot.services.post import Ending, Post
from chatbot.store.store import Store, open_store
from tests.chat.desk import Clock, open_desk


def _message(update_id: int, text: object) -> dict[str, object]:
    return {"update_id": update_id, "message": {"message_id": update_id, "text": text}}


def _intake(store: Store) -> Intake:
    return Intake(post=Post(store), urgent=lambda text: text == "/kill")


def _ids(kept: list[tuple[int, str]]) -> list[int]:
    return [update_id for update_id, _ in kept]


def test_a_kill_at_the_end_of_a_batch_is_handled_first_and_the_others_in_their_order(tmp_path: Path) -> None:
    store = open_store(tmp_path / "intake.db", Clock())
    intake = _intake(store)
    batch = [_message(n, "/price btc") for n in range(1, 100)] + [_message(100, "/kill"), _message(101, "/kill")]
    assert _ids(intake.take(batch)) == [100, 101, *range(1, 100)]
    assert intake.offset == 102
    assert _ids(intake.take(batch)) == []
    assert _ids(_intake(store).waiting()) == [100, 101, *range(1, 100)]
    Post(store).finish(100, Ending.DONE)
    assert _ids(_intake(store).waiting()) == [101, *range(1, 100)]
    store.close()


@pytest.mark.parametrize(
    "odd",
    [
        {"update_id": 1},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": "/kill"},
        {"update_id": 1, "message": {"text": ["/kill"]}},
        {"update_id": 1, "callback_query": {"data": "/kill"}},
        {"update_id": 1, "edited_message": {"text": "/kill"}},
    ],
)
def test_an_odd_update_is_kept_like_any_other_and_goes_before_nobody(tmp_path: Path, odd: dict[str, object]) -> None:
    store = open_store(tmp_path / "intake.db", Clock())
    kept = _intake(store).take([_message(0, "/price"), odd])
    assert [json.loads(body) for _, body in kept] == [_message(0, "/price"), odd]
    store.close()


def test_only_commands_that_are_honoured_always_are_urgent(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            lines = ("/kill", "/KILL", "/kill@desk_bot", "/kill now")
            assert [desk.front.urgent(line) for line in lines] == [True] * 4
            others = ("", "kill", "/kill@another_bot", "/resume over", "/buy btc 1usdt", "/killer", "/nothing")
            assert [desk.front.urgent(line) for line in others] == [False] * 7

    asyncio.run(story())
