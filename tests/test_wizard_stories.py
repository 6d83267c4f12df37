"""Commands put together on a phone: the sandbox's Telegram takes away what the bot asks it to, and nothing else."""

import asyncio
from decimal import Decimal
from pathlib import Path

from chatbot.sandbox.world import DESK, OWNER
from tests.playground import eventually, playing


def test_an_order_is_put_together_and_only_its_ticket_stays(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path, order_max_notional=Decimal(100)) as ground:
            owner = ground.owner
            began = owner.write("/buy")
            card = await owner.reads("Buy what?")
            await owner.presses("BTC")
            await owner.sees(card, "how much?")
            await owner.presses("50 USDT")
            await owner.sees(card, "67,412.3 now")
            await owner.presses("At my price")
            question = await owner.reads("Buy at which price?")
            assert question.prompt is not None
            assert question.prompt.placeholder == "67000"
            owner.phone.write("60000", replies_to=question.id)
            ticket = await owner.reads("Ticket T-1", "at 60,000.0 = 50.00 USDT")
            await eventually(lambda: {m.id for m in owner.phone.messages if m.id >= began.id} == {began.id, ticket.id})

    asyncio.run(story())


def test_a_cancelled_wizard_leaves_only_the_command(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            owner = ground.owner
            began = owner.write("/alert")
            await owner.reads("What should I watch?")
            await owner.presses("Price")
            await owner.shows("Of which coin?")
            await owner.presses("BTC")
            await owner.reads("Which level?")
            await owner.presses("Cancel")
            await eventually(lambda: [m.id for m in owner.phone.messages if m.id >= began.id] == [began.id])

    asyncio.run(story())


def test_in_a_group_the_person_is_named_and_a_bot_without_the_right_leaves_their_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            group = ground.talk(OWNER.user, DESK)
            ground.sandbox.telegram.chats.room(DESK).bot_may_delete = False
            began = group.write("/alert btc")
            await group.reads("What should I watch about BTC?")
            await group.presses("Price")
            question = await group.reads("BTC price, now", "Which level?")
            assert question.prompt is not None
            assert question.prompt.selective
            assert question.text.startswith(OWNER.user.first_name)
            answer = group.phone.write("68k", replies_to=question.id)
            card = await group.reads("BTC crosses above 68,000")
            assert card.replies_to is not None
            assert card.replies_to.id == began.id
            stays = {began.id, answer.id, card.id}
            await eventually(lambda: {m.id for m in group.phone.messages if m.id >= began.id} == stays)

    asyncio.run(story())
