"""Alert rules as people make, list and question them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from chatbot.chat import parsing_alerts
from chatbot.chat.views import alert_rules as views
from chatbot.chat.views.alert_why import why
from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, paused
from chatbot.core.market import Symbol, Venue
from chatbot.core.wishes import FeedHealth, Standing, Why, Wish
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, labels, shown
from tests.chat.test_chat_views_alerts import DOWN, FIRING, HOUR, MINUTE, MOVE, PRICE, RULE, UP
from tests.chat.test_chat_views_market import PERPETUAL, SPOT

BERLIN = ZoneInfo("Europe/Berlin")
ARMED = replace(RULE, state=AlertState.ARMED, fired=0, fired_at=None)
COOLING = replace(
    RULE, state=AlertState.COOLING, every=4 * HOUR, eligible_at=NOON + 2 * HOUR + 30 * MINUTE, fired=3
)  # fmt: skip
WAITING = replace(COOLING, state=AlertState.WAITING, eligible_at=NOON)
STANDING = Standing(
    rule=ARMED, instrument=SPOT, last=Decimal("67412.3"), last_at=NOON, distance=Decimal("0.00871"),
)  # fmt: skip
RATE = Standing(
    rule=replace(
        ARMED,
        question=replace(
            PRICE, kind=AlertKind.FUNDING_LEVEL, symbol=Symbol("XBTUSDTM"), venue=Venue.FUTURES, level=Decimal("0.0005")
        ),
    ),
    instrument=PERPETUAL,
    last=Decimal("0.000145"),
    distance=Decimal("0.000355"),
)
WHY = Why(standing=STANDING, feed=FeedHealth.LIVE, blind_since=None, last_firing=None, now=NOON)
WISH = Wish(kind=AlertKind.PRICE, word="btc", direction=UP, level=Decimal(68000), every=4 * HOUR, note="top")


def _read(standing: Standing) -> list[str]:
    return shown(views.rule(standing, BERLIN, NOON)).split("\n")


def _why(seen: Why) -> list[str]:
    return shown(why(seen)).split("\n")


def test_a_new_rule_tells_its_number_what_it_asks_and_how_far_that_is() -> None:
    assert _read(STANDING) == ["#12 BTC crosses above 68,000 (0.87 % away)", "once"]


def test_a_card_tells_all_that_was_wished_for() -> None:
    rule = replace(
        ARMED, every=4 * HOUR, until=datetime(2026, 12, 31, 17, tzinfo=UTC), note="resistance", order="sell BTC 50%"
    )
    assert _read(replace(STANDING, rule=rule))[1:] == [
        "repeats, at most every 4 h",
        "until 2026-12-31 18:00 CET",
        "“resistance”",
        "with it comes the ticket: sell BTC 50%",
    ]


def test_what_is_known_already_is_said_to_be() -> None:
    text = shown(views.rule(STANDING, BERLIN, NOON, known=True))
    assert text.startswith("You have that already, and it stays as it is:\n#12 BTC crosses above 68,000")


def test_a_card_of_a_resting_rule_says_what_it_waits_for_and_no_distance() -> None:
    assert _read(replace(STANDING, rule=COOLING)) == [
        "#12 BTC crosses above 68,000",
        "repeats, at most every 4 h",
        "quiet until 14:30 UTC, for 2 h 30 m more; armed again once BTC is back at 67,932",
    ]
    assert _read(replace(STANDING, rule=WAITING))[-1] == "waits until BTC is back at 67,932: then it is armed again"


@pytest.mark.parametrize(
    ("rule", "back"),
    [
        (WAITING, "BTC is back at 67,932"),
        (replace(WAITING, question=replace(PRICE, direction=DOWN)), "BTC is back at 68,068"),
        (replace(WAITING, question=replace(PRICE, level=Decimal("67412.3"))), "BTC is back at 67,344.8"),
        (
            replace(WAITING, question=replace(PRICE, direction=DOWN, level=Decimal("67412.3"))),
            "BTC is back at 67,479.8",
        ),
        (replace(WAITING, question=MOVE), "the move is down to 4.5 %"),
    ],
)
def test_what_arms_a_rule_again_is_a_price_there_can_be(rule: AlertRule, back: str) -> None:
    """67,344.8877 falling is first met by 67,344.8; 67,479.7123 rising by 67,479.8."""
    assert _read(replace(STANDING, rule=rule))[-1] == f"waits until {back}: then it is armed again"


def test_a_funding_rule_rests_by_the_clock_alone() -> None:
    rule = replace(COOLING, question=RATE.rule.question)
    assert _read(replace(RATE, rule=rule))[-1] == "quiet until 14:30 UTC, for 2 h 30 m more"


def test_the_buttons_of_a_rule_end_with_it() -> None:
    assert actions(views.rule(STANDING, BERLIN, NOON)) == [
        "relevel 12", "remark 12", "pause 12", "why 12", "unalert 12", "alerts 1",
    ]  # fmt: skip
    assert actions(why(WHY)) == ["why 12", "rule 12", "unalert 12", "alerts 1"]
    assert labels(views.rule(replace(STANDING, rule=RULE), BERLIN, NOON)) == ["All alerts"]


def test_a_paused_rule_says_so_and_offers_to_go_on() -> None:
    standing = replace(STANDING, rule=paused(ARMED))
    assert _read(standing)[-1] == "paused: it watches nothing until you resume it"
    assert labels(views.rule(standing, BERLIN, NOON))[2] == "Resume"
    assert shown(views.rules([standing], 1, ())).endswith(", paused")
    assert _why(replace(WHY, standing=standing))[-1] == "Not working: it was paused. Resume it from its card."


def test_a_rule_without_a_level_offers_none_to_edit() -> None:
    flip = replace(RATE, rule=replace(RATE.rule, question=replace(RATE.rule.question, kind=AlertKind.FUNDING_FLIP)))
    assert "Edit level" not in labels(views.rule(flip, BERLIN, NOON))
    assert "Edit level" in labels(views.rule(RATE, BERLIN, NOON))


def test_what_is_muted_stands_on_the_card_and_below_the_list() -> None:
    muted = replace(STANDING, muted=True)
    assert _read(muted)[-1] == "BTC is muted: what fires is not sent"
    assert "BTC is muted: what fires is not sent" in _why(replace(WHY, standing=muted))
    listed = views.rules([muted], 1, (Symbol("BTC-USDT"), Symbol("XBTUSDTM")))
    assert shown(listed).endswith("\nmuted: BTC, XBTUSDTM")
    assert [a for a in actions(listed) if a.startswith("unmute")] == ["unmute BTC-USDT", "unmute XBTUSDTM"]
    assert "unmute BTC-USDT" in actions(views.rules([], 1, (Symbol("BTC-USDT"),)))


def test_a_list_is_a_line_each_with_the_distance_or_what_it_waits_for() -> None:
    move = replace(STANDING, rule=replace(ARMED, id=13, question=MOVE), distance=Decimal("0.02"))
    unheard = replace(STANDING, rule=replace(ARMED, id=14, question=replace(PRICE, direction=DOWN)), distance=None)
    pays = replace(RATE.rule.question, kind=AlertKind.FUNDING_PAYMENT, direction=None, level=Decimal(1))
    payment = replace(RATE, rule=replace(ARMED, id=15, question=pays), distance=None)
    resting = [replace(STANDING, rule=replace(r, id=n)) for n, r in ((16, COOLING), (17, WAITING))]
    rows = shown(views.rules([STANDING, move, RATE, unheard, payment, *resting], 1, ())).split("\n")
    assert rows == [
        "7 alerts, nearest first",
        "#12 BTC > 68,000, 0.87 % away",
        "#13 BTC +5 % in 1 h, 2.00 % to go",
        "#12 BTC funding > +0.0500 %, 0.0355 % away",
        "#14 BTC < 68,000",
        "#15 BTC position pays funding",
        "#16 BTC > 68,000, quiet until 14:30 UTC",
        "#17 BTC > 68,000, waits",
    ]
    assert all(len(row) <= 34 for row in (rows[1], rows[2], rows[4]))


def test_a_list_has_a_button_for_each_and_pages() -> None:
    many = [replace(STANDING, rule=replace(ARMED, id=n)) for n in range(1, 46)]
    first, last = views.rules(many, 1, ()), views.rules(many, 3, ())
    assert shown(first).startswith("45 alerts, nearest first, page 1 of 3\n#1 ")
    assert labels(first) == [*(f"#{n}" for n in range(1, 21)), "Further »", "New alert", "History"]
    assert labels(last) == [*(f"#{n}" for n in range(41, 46)), "« Nearer", "New alert", "History"]
    assert actions(first)[-3] == "alerts 2"
    assert actions(first)[0] == "rule 1"
    assert views.rules(many, 99, ()) == last
    assert views.rules(many, 0, ()) == first
    assert max(len(row) for row in first.buttons) == 4


def test_a_thousand_rules_are_a_list() -> None:
    many = [replace(STANDING, rule=replace(ARMED, id=n)) for n in range(1, 1001)]
    assert shown(views.rules(many, 50, ())).startswith("1,000 alerts, nearest first, page 50 of 50\n#981 ")


def test_no_alerts_are_an_invitation() -> None:
    reply = views.rules([], 1, ())
    assert shown(reply) == "You have no alerts.\nExample: /alert BTC > 68000"
    assert labels(reply) == ["New alert", "History"]
    assert shown(views.rules([STANDING], 1, ())).startswith("1 alert, nearest first\n")


def test_what_was_deleted_is_named() -> None:
    assert shown(views.removed(STANDING)) == "#12 BTC crosses above 68,000: deleted."
    assert [shown(views.all_removed(n)) for n in (0, 1, 1000)] == [
        "You had no alerts.", "1 alert deleted.", "1,000 alerts deleted.",
    ]  # fmt: skip


def test_why_tells_value_age_distance_and_source() -> None:
    assert _why(replace(WHY, now=NOON + 9 * MINUTE)) == [
        "#12 BTC crosses above 68,000 (0.87 % away)",
        "last 67,412.3, 9 m old",
        "armed since 11:00 UTC, for 1 h 9 m",
        "has not fired yet",
        "prices: live",
        "Working: it tells when BTC crosses above 68,000.",
    ]
    assert _why(WHY)[1] == "last 67,412.3, just now"


@pytest.mark.parametrize(
    ("seen", "line", "text"),
    [
        (replace(WHY, standing=replace(STANDING, last=None, last_at=None)), 1, "no price seen yet"),
        (replace(WHY, standing=RATE), 1, "rate +0.0145 %"),
        (replace(WHY, standing=replace(RATE, last=None)), 1, "no rate seen yet"),
        (replace(WHY, standing=RATE, feed=FeedHealth.POLLING), 4, "rates: asked for once a minute"),
        (replace(WHY, standing=replace(STANDING, rule=COOLING)), 2,
         "quiet until 14:30 UTC, for 2 h 30 m more; armed again once BTC is back at 67,932"),
        (replace(WHY, standing=replace(STANDING, rule=WAITING)), -1, "Working: it rests, as said above."),
        (replace(WHY, standing=replace(STANDING, rule=COOLING), last_firing=FIRING), 3,
         "fired 3 times, last at 12:00 UTC"),
        (replace(WHY, standing=replace(STANDING, rule=replace(ARMED, fired=1)), last_firing=FIRING,
                 now=NOON + 50 * HOUR), 3, "fired once, last at 12:00 UTC, 2 d ago"),
        (replace(WHY, feed=FeedHealth.POLLING), 4, "prices: asked for, as the feed is down"),
        (replace(WHY, feed=FeedHealth.BLIND, blind_since=NOON - 5 * MINUTE), 4, "prices: none since 11:55 UTC"),
        (replace(WHY, feed=FeedHealth.BLIND, blind_since=NOON - 5 * MINUTE), -1,
         "Not working now: what crosses meanwhile is found and told as soon as prices are back."),
        (replace(WHY, standing=replace(STANDING, rule=RULE)), -1, "It was to tell this once, and did."),
        (replace(WHY, standing=replace(STANDING, rule=replace(RULE, state=AlertState.ENDED))), -1, "Its time is over."),
        (replace(WHY, standing=replace(STANDING, rule=replace(RULE, state=AlertState.DELETED))), -1,
         "It was deleted."),
        (replace(WHY, standing=replace(STANDING, rule=replace(RULE, state=AlertState.GONE), instrument=None)), -1,
         "It cannot fire any more: KuCoin no longer lists its symbol."),
    ],
)  # fmt: skip
def test_why_has_a_line_for_every_case(seen: Why, line: int, text: str) -> None:
    assert _why(seen)[line] == text


def test_a_rule_is_not_called_unlisted_before_anything_was_read() -> None:
    """After a start there is no catalogue for a moment."""
    text = "\n".join(_why(replace(WHY, standing=replace(STANDING, instrument=None))))
    assert "Working: it tells when BTC-USDT crosses above 68,000." in text


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (WISH, ["rises to 68,000", "falls to 68,000"]),
        (replace(WISH, kind=AlertKind.MOVE, level=Decimal("0.05"), window=HOUR), ["rises 5 %", "falls 5 %"]),
        (replace(WISH, kind=AlertKind.MOVE, level=Decimal(1), window=HOUR), ["rises 100 %"]),
        (replace(WISH, kind=AlertKind.FUNDING_LEVEL, level=Decimal("-0.0005")),
         ["goes above -0.0500 %", "goes below -0.0500 %"]),
    ],
)  # fmt: skip
def test_both_ways_lead_to_the_whole_wish(wish: Wish, expected: list[str]) -> None:
    reply = views.which_way(replace(wish, direction=None), SPOT, Decimal("67412.3"), BERLIN)
    shown(reply)
    assert labels(reply) == expected
    for action, direction in zip(actions(reply), Direction, strict=False):
        line = action.removeprefix("run /alert ")
        assert parsing_alerts.wish(line, NOON, BERLIN) == replace(wish, direction=direction)


def test_a_level_behind_the_price_can_be_asked_for_from_the_other_side() -> None:
    reply = views.passed(replace(WISH, level=Decimal(60000)), SPOT, Decimal("67412.3"), BERLIN)
    assert shown(reply).startswith("BTC-USDT is above 60,000 already: 67,412.3 now.")
    assert actions(reply) == ["run /alert btc < 60000 every 4h note top"]
    reply = views.passed(replace(WISH, direction=DOWN, level=Decimal(70000)), SPOT, Decimal("67412.3"), BERLIN)
    assert shown(reply).startswith("BTC-USDT is below 70,000 already")
    assert actions(reply) == ["run /alert btc > 70000 every 4h note top"]
    assert views.passed(replace(WISH, level=Decimal("67412.3")), SPOT, Decimal("67412.3"), BERLIN).buttons == ()


@given(name=hostile, note=hostile, order=hostile)
def test_whatever_stands_in_a_rule_makes_a_card(name: str, note: str, order: str) -> None:
    rule = replace(ARMED, question=replace(PRICE, symbol=Symbol(name)), note=note, order=order)
    standing = Standing(rule=rule, instrument=None, distance=Decimal("0.5"))
    shown(views.rule(standing, BERLIN, NOON))
    shown(views.rules([standing], 1, ()))
    shown(why(replace(WHY, standing=standing)))
    shown(views.removed(standing))
