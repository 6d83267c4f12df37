"""Greetings, help, health and what owners are told, as people read them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from chatbot.chat.messages import Command, Effect, Message, Reply
from chatbot.chat.views import admin as views
from chatbot.core.account import KeyInfo
from chatbot.core.feed import Channel, Stream, StreamState
from chatbot.core.keys import Keys, SeenKey
from chatbot.core.limits import Limits
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.people import Person, Role
from chatbot.services.dead_man import DeadManState
from chatbot.services.health import Health
from tests.chat.desk import ANNA, BEN, CARA, NOON
from tests.chat.shown import actions, hostile, in_view, labels, shown, visible
from tests.chat.test_chat_views_stops import STOP

RULES = Limits(
    mode=TradingMode.LIVE, symbols=None, max_notional=Decimal(250), daily_max=Decimal(1500),
    confirm=timedelta(seconds=60), max_drift=Decimal("0.5"),
)  # fmt: skip
NIGHT = "Zone Europe/Berlin, quiet hours 22:00-07:00."
KEY = KeyInfo(
    permissions=frozenset({"Spot", "Futures", "General"}), ip_bound=True, version=3, uid="1", master=True,
    created_at=NOON,
)  # fmt: skip
HEALTH = Health(
    mode=TradingMode.LIVE, stop=None, telegram_heard=NOON - timedelta(seconds=3),
    round_trip=timedelta(milliseconds=142), kucoin="ok", clock_offset=timedelta(milliseconds=12),
    keys=Keys(seen=(SeenKey(name="key", info=KEY, verdicts=()),)),
    dead_man=None, waiting=0, undelivered=0, unknown_orders=0, strangers=0, feeds=(), alerts=0,
    started_at=NOON - timedelta(days=6), read_at=NOON,
)  # fmt: skip


async def _nothing(_: Message) -> Reply:
    return Reply()


def _command(name: str, role: Role) -> Command:
    return Command(
        name=name, role=role, effect=Effect.MONEY, summary="propose a purchase", usage="SYMBOL AMOUNT [@ PRICE]",
        example="/buy BTC 100usdt", handle=_nothing,
    )  # fmt: skip


COMMANDS = [_command("price", Role.VIEWER), _command("buy", Role.TRADER), _command("resume", Role.OWNER)]


def test_a_greeting_tells_role_mode_and_limits() -> None:
    reply = views.welcome(ANNA, RULES, NIGHT)
    assert shown(reply).split("\n") == [
        "Hello Anna, you are an owner.",
        "Trading is LIVE: real orders on KuCoin.",
        "250 USDT an order, 1,500 a day.",
        "Zone Europe/Berlin, quiet hours 22:00-07:00. /settings",
        "/help lists what I can do.",
    ]
    assert labels(reply) == ["Prices", "Balance", "Funding", "Alerts"]
    assert actions(reply)[0] == "run /price"


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
    assert ("250 USDT an order" in shown(views.welcome(person, replace(RULES, mode=mode), NIGHT))) == limits


@given(name=hostile)
def test_a_name_is_a_name(name: str) -> None:
    assert f"Hello {in_view(name)}, you are" in shown(views.welcome(replace(ANNA, name=name), RULES, NIGHT))
    told = visible(views.knock(66, name))
    assert f"66 “{in_view(name)}”" in told
    stop = replace(STOP, person=name, resumed_by=name, reason=name, resumed_at=NOON)
    assert f"Resumed by {in_view(name)}: {in_view(name)}" in visible(views.resumed(stop)) or not name.strip()
    assert "STOPPED by" in shown(views.health(replace(HEALTH, stop=stop, kucoin=name, round_trip=None)))


def test_help_lists_what_the_person_may_do() -> None:
    assert shown(views.help_overview(COMMANDS, CARA)).split("\n") == [
        "What I can do",
        "/price propose a purchase",
        "More on one: /help buy",
    ]
    assert "/resume" in shown(views.help_overview(COMMANDS, ANNA))


def test_help_on_one_command_shows_a_line_that_works() -> None:
    assert shown(views.help_on(COMMANDS[1])) == (
        "/buy SYMBOL AMOUNT [@ PRICE]\npropose a purchase\nExample: /buy BTC 100usdt"
    )


def test_health_at_a_glance() -> None:
    assert shown(views.health(HEALTH)).split("\n") == [
        "Trading is LIVE: real orders on KuCoin.",
        "Telegram ok, heard 3 s ago",
        "KuCoin ok, answers in 142 ms",
        "clock +12 ms against KuCoin's",
        "alerts 0",
        "key Futures, General, Spot; IP bound",
        "messages waiting 0",
        "up 6 d",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stop": STOP}, "STOPPED by Anna at 12:00 UTC"),
        (
            {"round_trip": None, "kucoin": "KuCoin cannot be reached."},
            "KuCoin does not answer: KuCoin cannot be reached.",
        ),
        ({"telegram_heard": None}, "Telegram not heard yet"),
        ({"undelivered": 2}, "messages waiting 0, not deliverable 2"),
        ({"unknown_orders": 1}, "orders of unknown fate 1"),
        ({"strangers": 3}, "strangers turned away 3"),
        ({"mode": TradingMode.PAPER}, "Trading is on paper: the market's prices, no real money."),
        ({"clock_offset": timedelta(seconds=-2)}, "clock -2000 ms against KuCoin's"),
    ],
)
def test_health_says_what_is_wrong(changes: dict[str, object], words: str) -> None:
    assert words in shown(views.health(replace(HEALTH, **changes)))  # type: ignore[arg-type]


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


SPOT_PRICES = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)


def _feed(stream: Stream = SPOT_PRICES, **changes: object) -> StreamState:
    fields: dict[str, object] = {
        "stream": stream, "topics": 5, "down_since": None, "heard_at": NOON - timedelta(seconds=0.9), "garbage": 0,
        "reconnects": 0, "reason": "",
    }  # fmt: skip
    return StreamState(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("falls_in", "problem", "line"),
    [
        (75, "", "dead man's switch on BTC-USDT: falls in 1 m 15 s unless renewed"),
        (15, "No answer.", "dead man's switch on BTC-USDT: falls in 15 s unless renewed: No answer."),
        (None, "No answer.", "dead man's switch NOT set for BTC-USDT: No answer."),
        (-1, "No answer.", "dead man's switch NOT set for BTC-USDT: No answer."),
    ],
)
def test_the_status_tells_how_the_dead_mans_switch_stands(falls_in: int | None, problem: str, line: str) -> None:
    falls_at = None if falls_in is None else NOON + timedelta(seconds=falls_in)
    state = DeadManState(symbols=(Symbol("BTC-USDT"),), falls_at=falls_at, problem=problem)
    assert line in visible(views.health(replace(HEALTH, dead_man=state)).text).split("\n")
    assert "dead man" not in views.health(HEALTH).text


def test_after_a_start_the_status_says_what_keeps_orders_back() -> None:
    unsure = replace(HEALTH, finding_out="I am still finding out about T-3.")
    assert "I am still finding out about T-3." in visible(views.health(unsure).text).split("\n")
    assert "finding out" not in views.health(HEALTH).text


def test_the_status_tells_in_one_line_that_the_feeds_are_up() -> None:
    text = views.health(replace(HEALTH, feeds=(_feed(), _feed()), alerts=5)).text
    assert "feeds 2 of 2 up, heard 0.9 s ago\nalerts 5\n" in text


def test_the_status_names_a_feed_that_is_down_since_when_and_what_is_done_instead() -> None:
    down = _feed(down_since=NOON, reason="No pong came in time.")
    text = visible(views.health(replace(HEALTH, feeds=(down,))).text)
    assert "spot prices down since 12:00 UTC, I ask for all prices instead: No pong came in time" in text


def test_the_status_promises_no_substitute_for_the_news_of_the_account() -> None:
    private = Stream(venue=Venue.SPOT, channel=Channel.PRIVATE)
    text = views.health(replace(HEALTH, feeds=(_feed(private, down_since=NOON),))).text
    assert "spot account down" in text
    assert "instead" not in text
