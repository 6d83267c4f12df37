"""Greetings, help, health and what owners are told, as people read them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from chatbot.chat.messages import Command, Effect, Message, Reply
from chatbot.chat.views import admin as views
from chatbot.core.limits import Limits
from chatbot.core.modes import TradingMode
from chatbot.core.people import Person, Role
from tests.chat.desk import ANNA, BEN, CARA, NOON
from tests.chat.shown import actions, hostile, in_view, labels, shown, visible
from tests.chat.test_chat_views_stops import STOP

RULES = Limits(
    mode=TradingMode.LIVE, symbols=None, max_notional=Decimal(250), daily_max=Decimal(1500),
    confirm=timedelta(seconds=60), max_drift=Decimal("0.5"),
)  # fmt: skip
NIGHT = "Zone Europe/Berlin, quiet hours 22:00-07:00."


async def _nothing(_: Message) -> Reply:
    return Reply()


def _command(name: str, role: Role) -> Command:
    return Command(
        name=name, role=role, effect=Effect.MONEY, summary="propose a purchase", usage="SYMBOL AMOUNT [@ PRICE]",
        example="/buy BTC 100usdt", handle=_nothing,
    )  # fmt: skip


COMMANDS = [_command("price", Role.VIEWER), _command("buy", Role.TRADER), _command("resume", Role.OWNER)]


def test_a_greeting_tells_role_mode_and_limits() -> None:
    reply = views.welcome(ANNA, NIGHT, limits=RULES)
    assert shown(reply).split("\n") == [
        "Hello Anna, you are an owner.",
        "Trading is LIVE: real orders on KuCoin.",
        "250 USDT an order, 1,500 a day.",
        "Zone Europe/Berlin, quiet hours 22:00-07:00. /settings",
        "/help lists what I can do.",
    ]
    assert labels(reply) == ["Prices", "Balance", "Funding", "Alerts"]
    assert actions(reply)[0] == "run /price"


def test_a_sandbox_on_this_machine_is_not_called_kucoin() -> None:
    reply = views.welcome(ANNA, NIGHT, limits=RULES, practice=True)
    assert shown(reply).split("\n")[1] == "Trading is live on a KuCoin of this machine: nobody's real money."
    paper = views.welcome(ANNA, NIGHT, limits=replace(RULES, mode=TradingMode.PAPER), practice=True)
    assert "on paper" in shown(paper)


@pytest.mark.parametrize(
    ("person", "mode", "limits"),
    [
        (ANNA, TradingMode.LIVE, True),
        (BEN, TradingMode.PAPER, True),
        (CARA, TradingMode.LIVE, False),
        (ANNA, TradingMode.OFF, False),
    ],
)
def test_limits_are_told_to_those_who_may_trade(person: Person, mode: TradingMode, *, limits: bool) -> None:
    assert ("250 USDT an order" in shown(views.welcome(person, NIGHT, limits=replace(RULES, mode=mode)))) == limits


@given(name=hostile)
def test_a_name_is_a_name(name: str) -> None:
    assert f"Hello {in_view(name)}, you are" in shown(views.welcome(replace(ANNA, name=name), NIGHT, limits=RULES))
    told = visible(views.knock(66, name))
    assert f"66 “{in_view(name)}”" in told
    stop = replace(STOP, person=name, resumed_by=name, reason=name, resumed_at=NOON)
    assert f"Resumed by {in_view(name)}: {in_view(name)}" in visible(views.resumed(stop)) or not name.strip()


def test_a_stale_command_says_when_it_was_asked_and_that_nothing_was_done() -> None:
    assert shown(views.stale(COMMANDS[1], NOON)) == (
        "/buy was asked at 12:00 UTC, while I could not hear you.\nI did not act on it: that is too long ago."
    )


def test_a_late_answer_is_marked_with_its_age() -> None:
    assert visible(views.marked_late("<b>BTC</b>", timedelta(minutes=5))) == "(asked 5 m ago, while I was away)\nBTC"


def test_an_owner_reads_how_to_let_somebody_in() -> None:
    told = visible(views.knock(700111222, "Mallory"))
    assert "700111222 “Mallory”" in told
    assert "TELEGRAM_VIEWERS" in told
    assert "I did not answer" in told


def test_a_long_reason_does_not_fill_the_phone() -> None:
    text = visible(views.resumed(replace(STOP, resumed_at=NOON, resumed_by="Anna", reason="<" * 4000)))
    assert len(text) < 500
