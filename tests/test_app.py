"""Starts that must not happen, ends that must be clean, and failures that must not be quiet."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from chatbot import app
from chatbot.chat.bot import SecondPoller
from chatbot.chat.connection import TokenRefused
from chatbot.core.errors import BadCredentials
from chatbot.core.modes import TradingMode
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.store.database import AlreadyRunning, Damaged, only_process
from tests.playground import Playground, eventually, playing, running, sandbox_and_people


@contextmanager
def rows(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def count(path: Path, what: str) -> int:
    with rows(path) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608 - our own words


async def runs(ground: Playground, **changes: object) -> None:
    """Until the bot ends by itself."""
    async with asyncio.timeout(20):
        await app.run(ground.settings.model_copy(update=changes), asyncio.Event())


@pytest.mark.parametrize("token", ["1:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr", "999:x"])
def test_a_token_telegram_does_not_know_ends_the_start(tmp_path: Path, token: str) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            with pytest.raises(TokenRefused):
                await runs(ground, telegram_bot_token=SecretStr(token))

    asyncio.run(story())


def test_a_token_revoked_while_the_bot_runs_ends_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            bot = asyncio.create_task(runs(ground))
            await ground.owner.asks("/start", "Hello")
            ground.sandbox.telegram.troubles.refuse("getUpdates", TelegramRefusal(401, "Unauthorized"))
            ground.owner.write("/start")
            with pytest.raises(TokenRefused):
                await bot

    asyncio.run(story())


@pytest.mark.parametrize("name", ["kucoin_api_key", "kucoin_api_secret", "kucoin_api_passphrase"])
def test_a_key_kucoin_does_not_know_ends_a_live_start_and_no_other(tmp_path: Path, name: str) -> None:
    async def story() -> None:
        wrong = {name: SecretStr("wrong")}
        async with sandbox_and_people(tmp_path) as ground:
            with pytest.raises(BadCredentials):
                await runs(ground, **wrong)
            assert ground.sandbox.telegram.polls == 0
            for mode in (TradingMode.OFF, TradingMode.PAPER):
                async with running(ground.settings.model_copy(update={**wrong, "trading_mode": mode})):
                    await ground.owner.asks("/price btc", "BTC-USDT")

    asyncio.run(story())


def test_a_unified_account_ends_the_start(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.exchange.unified = True
            with pytest.raises(app.UnifiedAccount):
                await runs(ground)

    asyncio.run(story())


def test_with_a_sandbox_on_this_machine_nobody_is_told_of_real_orders(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            for line in ("/start", "/status"):
                answer = await ground.owner.asks(line, "a KuCoin of this machine")
                assert "real orders" not in answer.text

    asyncio.run(story())


def test_a_second_process_on_the_database_is_refused_and_named(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            await ground.owner.asks("/start", "Hello")
            with pytest.raises(AlreadyRunning, match=f"process {os.getpid()} on"):
                await runs(ground)
            await ground.owner.asks("/start", "Hello")

    asyncio.run(story())


def test_a_database_that_is_none_ends_the_start_and_is_left_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.settings.database_path.write_bytes(b"not a database" * 100)
            with pytest.raises(Damaged):
                await runs(ground)
            assert ground.settings.database_path.read_bytes() == b"not a database" * 100

    asyncio.run(story())


def test_two_pollers_of_one_token_end_the_later_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            conflict = TelegramRefusal(409, "Conflict: terminated by other getUpdates request")
            ground.sandbox.telegram.troubles.refuse("getUpdates", conflict, times=99)
            with pytest.raises(SecondPoller):
                await runs(ground)

    asyncio.run(story())


def test_f36_at_the_first_conflict_trading_halts_and_every_owner_is_told_why(tmp_path: Path) -> None:
    async def story() -> None:
        async with playing(tmp_path) as ground:
            order = await ground.owner.asks("/buy btc 0.001 @ 60000", "Ticket T-1")
            conflict = TelegramRefusal(409, "Conflict: terminated by other getUpdates request")
            ground.sandbox.telegram.troubles.refuse("getUpdates", conflict, times=1)
            ground.owner.write("/help")
            await ground.owner.shows("STOPPED", "another process polls with this bot's token")
            await ground.owner.sees(order, "trading was stopped")
            await ground.owner.asks("/buy btc 0.001 @ 60000", "stopped by the bot")
            assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_a_kucoin_that_is_away_does_not_keep_the_bot_from_starting(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.faults.switch(Fault.UNAVAILABLE, on=True)
            async with running(ground.settings):
                await ground.owner.asks("/start", "Hello")

    asyncio.run(story())


def test_a_clean_stop_answers_what_came_leaves_nothing_half_sent_and_frees_the_database(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with running(ground.settings):
                await ground.owner.asks("/start", "Hello")
                for _ in range(4):
                    ground.owner.write("/price btc")
                await eventually(lambda: count(path, "inbox") == 5)
            assert count(path, "outbox WHERE state IN ('sending', 'pending')") == 0
            assert count(path, "inbox WHERE state = 'pending'") == 0
            assert len(ground.owner.answers) == 5
            with only_process(path):
                pass

    asyncio.run(story())


def test_an_order_under_way_is_brought_to_its_end_before_a_stop(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with running(ground.settings):
                card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1")
                ground.owner.phone.press("Confirm")
                await eventually(lambda: count(path, "tickets WHERE state != 'await_confirm'") == 1)
            assert count(path, "tickets WHERE state = 'filled'") == 1
            assert len(ground.sandbox.exchange.posts) == 1
            assert "Filled" in next(m.text for m in ground.owner.answers if m.id == card.id)

    asyncio.run(story())


def test_a_job_that_fails_ends_the_bot_and_not_in_silence(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            bot = asyncio.create_task(runs(ground))
            await ground.owner.asks("/start", "Hello")
            with rows(ground.settings.database_path) as connection:
                connection.execute("PRAGMA foreign_keys = OFF")
                connection.execute("DROP TABLE tickets")
            with pytest.raises(sqlite3.OperationalError, match="no such table"):
                await bot

    asyncio.run(story())


def test_what_was_being_sent_at_a_crash_is_doubted_before_anything_else(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            async with running(ground.settings):
                card = await ground.owner.asks("/buy btc 100usdt", "Ticket T-1")
            with rows(path) as connection:
                connection.execute("UPDATE tickets SET state = 'submitting', submitted_at = proposed_at")
                connection.commit()
            async with running(ground.settings):
                await ground.owner.sees(card, "KuCoin gave no answer", "NOT sent it again")
                await ground.owner.asks("/buy btc 100usdt", "T-1 is still unknown")
            assert ground.sandbox.exchange.posts == []

    asyncio.run(story())


def test_the_dead_mans_switch_is_set_while_the_bot_runs_and_off_after_a_clean_stop(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path, order_dead_man_symbols=frozenset({"BTC-USDT"})) as ground:
            exchange = ground.sandbox.exchange
            async with running(ground.settings):
                await eventually(lambda: exchange.dead_man is not None)
                assert exchange.dead_man is not None
                assert (exchange.dead_man.timeout, exchange.dead_man.symbols) == (90, ("BTC-USDT",))
                await ground.owner.asks("/status details", "dead man's switch on BTC-USDT: falls in")
            assert exchange.dead_man is None

    asyncio.run(story())
