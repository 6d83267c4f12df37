"""/status: the truth at a glance, every figure's age, and what is wrong never behind a button."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from chatbot.chat.views.status import details, glance
from chatbot.core.account import KeyInfo
from chatbot.core.feed import Channel, Stream, StreamState
from chatbot.core.keys import Gravity, Keys, SeenKey, Topic, Verdict
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.services.dead_man import DeadManState
from chatbot.services.disk import Disk
from chatbot.services.health import Health
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, labels, shown
from tests.chat.test_chat_views_stops import STOP

SPOT_PRICES = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)
KEY = KeyInfo(
    permissions=frozenset({"Spot", "Futures", "General"}), ip_bound=True, version=3, uid="1", master=True,
    created_at=NOON,
)  # fmt: skip
KEYS = Keys(seen=(SeenKey(name="key", info=KEY, verdicts=()),))


def feed(stream: Stream = SPOT_PRICES, **changes: object) -> StreamState:
    fields: dict[str, object] = {
        "stream": stream, "topics": 5, "down_since": None, "heard_at": NOON - timedelta(seconds=0.9), "garbage": 0,
        "reconnects": 0, "reason": "",
    }  # fmt: skip
    return StreamState(**(fields | changes))  # type: ignore[arg-type]


HEALTH = Health(
    mode=TradingMode.LIVE, stop=None, telegram_heard=NOON - timedelta(seconds=3),
    round_trip=timedelta(milliseconds=142), kucoin="ok", clock_offset=timedelta(milliseconds=12), keys=KEYS,
    dead_man=None, waiting=0, undelivered=0, unknown_orders=0, strangers=0, feeds=(feed(), feed()), alerts=5,
    started_at=NOON - timedelta(days=6), read_at=NOON, telegram_trip=timedelta(milliseconds=230),
    clock_read_at=NOON - timedelta(seconds=2), keys_seen_at=NOON - timedelta(seconds=4),
    disk=Disk(
        size=4_100_000, examined_at=NOON - timedelta(hours=9), backed_up_at=NOON - timedelta(hours=9, minutes=5)
    ),
)  # fmt: skip


def test_the_status_of_a_bot_that_is_well_fits_on_a_phone() -> None:
    assert shown(glance(HEALTH)).split("\n") == [
        "Trading is LIVE: real orders on KuCoin.",
        "Telegram ok 0.2 s, queue 0",
        "KuCoin ok 0.1 s, clock +12 ms",
        "Feeds 2 of 2, oldest word 0.9 s ago",
        "Key Spot, Futures; IP bound; cannot withdraw",
        "Up 6 d, db 4.1 MB, checked 9 h ago, backup 9 h 5 m ago",
    ]
    assert labels(glance(HEALTH)) == ["Refresh", "Details"]


def test_every_figure_that_is_not_of_now_says_how_old_it_is() -> None:
    old = replace(HEALTH, clock_read_at=NOON - timedelta(minutes=9), keys_seen_at=NOON - timedelta(hours=3))
    text = shown(glance(old))
    assert "clock +12 ms (9 m old)" in text
    assert "cannot withdraw (3 h old)" in text
    assert "looked at 3 h ago" in shown(details(old))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stop": STOP}, "STOPPED by Anna at 12:00 UTC"),
        ({"round_trip": None, "kucoin": "No answer."}, "KuCoin does not answer: No answer, clock"),
        ({"round_trip": None, "kucoin": "KuCoin does not answer (503)."}, "\nKuCoin does not answer (503), clock"),
        ({"kucoin": "takes only cancels at the moment"}, "KuCoin takes only cancels at the moment, 0.1 s, clock"),
        ({"telegram_trip": None}, "Telegram does not answer, queue 0"),
        ({"undelivered": 2}, "queue 0, not deliverable 2"),
        ({"unknown_orders": 1}, "orders of unknown fate 1"),
        ({"mode": TradingMode.PAPER}, "Trading is on paper: the market's prices, no real money."),
        ({"clock_offset": timedelta(seconds=-2)}, "clock -2000 ms"),
        ({"finding_out": "I am still finding out about T-3."}, "I am still finding out about T-3."),
        ({"keys": replace(KEYS, held="the key is read-only")}, "orders are held: the key is read-only"),
        ({"feeds": ()}, "Feeds: nothing to listen for"),
        ({"feeds": (feed(), feed(down_since=NOON))}, "Feeds 1 of 2"),
        ({"disk": Disk()}, "db 0.1 MB, checked 6 d ago, no backup known"),
    ],
)
def test_what_is_wrong_is_said_at_a_glance(changes: dict[str, object], words: str) -> None:
    assert words in shown(glance(replace(HEALTH, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("right", ["Withdrawal", "Transfer", "SomethingNew"])
def test_a_key_that_may_move_money_is_not_called_harmless(right: str) -> None:
    verdict = Verdict(topic=Topic.RIGHTS, gravity=Gravity.WARNING, words=f"has the right {right}", mend="")
    info = replace(KEY, permissions=frozenset({"General", "Spot", right}), ip_bound=False)
    keys = Keys(seen=(SeenKey(name="spot key", info=info, verdicts=(verdict,)),))
    text = shown(glance(replace(HEALTH, keys=keys)))
    assert "cannot withdraw" not in text
    assert "not bound to an IP" in text
    assert f"the spot key has the right {right}" in text


@pytest.mark.parametrize(
    ("falls_in", "problem", "line", "wrong"),
    [
        (75, "", "dead man's switch on BTC-USDT: falls in 1 m 15 s unless renewed", False),
        (15, "No answer.", "dead man's switch on BTC-USDT: falls in 15 s unless renewed: No answer.", True),
        (None, "No answer.", "dead man's switch NOT set for BTC-USDT: No answer.", True),
        (-1, "No answer.", "dead man's switch NOT set for BTC-USDT: No answer.", True),
    ],
)
def test_the_dead_mans_switch_is_in_the_details_and_at_a_glance_when_something_is_wrong(
    falls_in: int | None, problem: str, line: str, wrong: bool
) -> None:
    falls_at = None if falls_in is None else NOON + timedelta(seconds=falls_in)
    state = DeadManState(symbols=(Symbol("BTC-USDT"),), falls_at=falls_at, problem=problem)
    seen = replace(HEALTH, dead_man=state)
    assert line in shown(details(seen)).split("\n")
    assert (line in shown(glance(seen)).split("\n")) == wrong


def test_a_feed_that_is_down_is_named_since_when_why_and_what_is_done_instead() -> None:
    down = feed(down_since=NOON, reason="No pong came in time.")
    line = "spot prices down since 12:00 UTC, I ask for all prices instead: No pong came in time"
    for look in (glance, details):
        assert line in shown(look(replace(HEALTH, feeds=(down,)))).split("\n")
    private = feed(Stream(venue=Venue.SPOT, channel=Channel.PRIVATE), down_since=NOON)
    text = shown(glance(replace(HEALTH, feeds=(private,))))
    assert "spot account down" in text
    assert "instead" not in text, "nothing stands in for news of the account"


def test_the_details_tell_the_rest() -> None:
    seen = replace(HEALTH, strangers=3, feeds=(feed(reconnects=2), feed(heard_at=None)))
    rows = shown(details(seen)).split("\n")
    for row in (
        "Telegram ok 0.2 s, heard 3 s ago",
        "messages waiting 0",
        "clock +12 ms against KuCoin's",
        "spot prices up, 5 topics, heard 0.9 s ago, begun anew 2 times",
        "spot prices up, 5 topics, not heard yet",
        "alerts 5",
        "key Futures, General, Spot; IP bound",
        "strangers turned away 3",
        "up 6 d, since 25 Feb 12:00 UTC",
        "database 4.1 MB, checked 9 h ago, backup 9 h 5 m ago",
    ):
        assert row in rows
    assert actions(details(seen)) == ["status details", "status"]
    assert actions(glance(seen)) == ["status", "status details"]


@given(words=hostile)
def test_no_word_of_others_becomes_markup(words: str) -> None:
    stop = replace(STOP, person=words)
    seen = replace(
        HEALTH, stop=stop, kucoin=words, round_trip=None, finding_out=words, keys=replace(KEYS, held=words),
        feeds=(feed(down_since=NOON, reason=words),),
    )  # fmt: skip
    shown(glance(seen))
    shown(details(seen))
