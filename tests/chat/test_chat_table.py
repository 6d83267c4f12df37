"""The table of commands: what Telegram takes, what help shows, and what buttons can do."""

import asyncio
import inspect
import re
from pathlib import Path

import pytest

from chatbot.chat import account, admin, alerts, market, trading
from chatbot.chat.messages import Effect
from chatbot.chat.views import account as account_views
from chatbot.chat.views import admin as admin_views
from chatbot.chat.views import alert_buttons, alert_rules, orders, stops, tickets
from chatbot.chat.views import alerts as alert_views
from chatbot.chat.views import market as market_views
from chatbot.core.people import Role
from tests.chat.desk import open_desk

ROLES = {
    "buy": Role.TRADER, "sell": Role.TRADER, "close": Role.TRADER, "cancel": Role.TRADER, "kill": Role.TRADER,
    "resume": Role.OWNER, "here": Role.OWNER, "log": Role.OWNER,
}  # fmt: skip
EFFECTS = {
    "buy": Effect.MONEY, "sell": Effect.MONEY, "close": Effect.MONEY, "cancel": Effect.MONEY, "kill": Effect.ALWAYS,
    "resume": Effect.FRESH,
}  # fmt: skip


def test_commands_are_such_as_telegram_registers(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            commands = desk.table.commands
            assert len({c.name for c in commands}) == len(commands) <= 100
            for command in commands:
                assert re.fullmatch("[a-z0-9_]{1,32}", command.name)
                assert 1 <= len(command.summary) <= 256
                assert command.example.split()[0] == f"/{command.name}"
                assert desk.table.command(command.name) is command

    asyncio.run(story())


def test_what_is_used_most_comes_first(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            first = ["price", "alert", "alerts", "balance"]
            assert [c.name for c in desk.table.commands][:4] == first

    asyncio.run(story())


def test_who_may_what_and_what_may_be_late(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            for command in desk.table.commands:
                assert command.role is ROLES.get(command.name, Role.VIEWER)
                assert command.effect is EFFECTS.get(command.name, Effect.READ)

    asyncio.run(story())


def test_a_misspelt_command_is_met_half_way(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            assert desk.table.command("prise") is None
            for typed, nearest in (
                ("prise", "price"),
                ("by", "buy"),
                ("kil", "kill"),
                ("stop", "kill"),
                ("pnl", "positions"),
                ("zz", None),
            ):
                assert desk.table.nearest(typed) == nearest

    asyncio.run(story())


def test_every_button_that_is_drawn_does_something(tmp_path: Path) -> None:
    """Read from the source: an action whose verb is not in the table would be a button that breaks."""

    async def story() -> None:
        async with open_desk(tmp_path) as desk:
            modules = (
                account,
                admin,
                alerts,
                market,
                trading,
                account_views,
                admin_views,
                alert_buttons,
                alert_rules,
                alert_views,
                market_views,
                orders,
                stops,
                tickets,
            )
            source = "\n".join(inspect.getsource(module) for module in modules)
            names = set(re.findall(r'action=f?"([a-z]+)', source))
            assert {"confirm", "decline", "resume", "run", "alert", "snooze"} <= names
            for name in names - {"run"}:
                assert desk.table.verb(name).name == name
            with pytest.raises(KeyError):
                desk.table.verb("transfer")

    asyncio.run(story())
