"""Several people at one desk: what they see of each other's tickets, and what they do not."""

import asyncio
from pathlib import Path

from chatbot.core.notices import Letter
from tests.chat.desk import ANNA, BEN, Desk, open_desk


async def _proposed(desk: Desk, person: object, line: str, *, group: bool = False) -> list[Letter]:
    assert person in (ANNA, BEN)
    return (await desk.says(ANNA if person is ANNA else BEN, line, group=group)).letters


def test_the_second_of_two_sees_the_first_and_the_first_sees_the_second(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            (bens,) = await _proposed(desk, BEN, "/buy btc 100usdt")
            desk.clock.advance(41)
            letters = await _proposed(desk, ANNA, "/buy btc 50usdt")
            (annas,) = [letter for letter in letters if letter.chat_id == ANNA.id]
            assert "<b>Ben has an open BTC ticket (41 s): buy, T-1</b>" in annas.text
            (edited,) = [letter for letter in letters if letter.edits == bens.id]
            assert "<b>Anna has an open BTC ticket (41 s later): buy, T-2</b>" in edited.text
            said = await desk.taps(BEN, edited, "Confirm")
            assert said.toast_text.startswith("Sending T-1"), "the card still counts"

    asyncio.run(main())
