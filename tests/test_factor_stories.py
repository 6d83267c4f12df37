"""Whole-bot stories of orders that need more than a tap."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pyotp
from pydantic import SecretStr

from chatbot.core.times import utc_now
from chatbot.sandbox.world import OWNER, VIEWER
from tests.playground import eventually, playing

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code() -> str:
    return pyotp.TOTP(SECRET).at(utc_now())


def test_a_code_sends_the_order_and_is_gone_from_the_chat(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path, totp_secret=SecretStr(SECRET), order_totp_above=Decimal(20)) as ground:
            owner = ground.owner
            card = await owner.asks("/buy btc 50usdt", "Ticket T-1")
            await owner.presses("Confirm")
            question = await owner.shows("The code for T-1?")
            await owner.sees(card, "Confirmed, waits for a code")
            guess = owner.phone.write("000000", replies_to=question.id)
            await owner.shows("That code is wrong")
            typed = owner.phone.write(code(), replies_to=question.id)
            await owner.sees(card, "Filled")
            await eventually(lambda: not {guess.id, typed.id} & {m.id for m in owner.phone.messages})
            assert len(ground.sandbox.exchange.posts) == 1
            await owner.asks("/kill", "STOPPED")
            await owner.asks("/resume all is well", "The code?")

    asyncio.run(story())


def test_two_phones_send_a_large_order(tmp_path: Path) -> None:
    async def story() -> None:
        traders = frozenset({VIEWER.id})
        async with playing(tmp_path, telegram_traders=traders, order_approval_above=Decimal(20)) as ground:
            await ground.viewer.asks("/start", "Hello")
            card = await ground.owner.asks("/buy btc 50usdt", "Ticket T-1")
            await ground.owner.presses("Confirm")
            await ground.owner.sees(card, "needs a second person")
            asked = await ground.viewer.shows("asks for your word")
            answer = await ground.viewer.presses("Approve")
            assert answer.text == "Sending T-1…"
            await ground.owner.sees(card, "Filled")
            await ground.viewer.sees(asked, "Approved by", "Filled")
            assert len(ground.sandbox.exchange.posts) == 1
            assert OWNER.id not in {m.chat.id for m in ground.viewer.answers}

    asyncio.run(story())
