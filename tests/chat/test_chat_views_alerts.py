"""Alerts that fired, and what is said of watching itself, as people read them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.messages import Reply
from chatbot.chat.views import alert_buttons
from chatbot.chat.views import alerts as views
from chatbot.chat.views.markup import Html, plain_text, units
from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Direction, Firing, Question, Source
from chatbot.core.errors import InsufficientBalance, Killed, Refused
from chatbot.core.market import Symbol, Venue
from chatbot.core.notices import Subject
from chatbot.core.wishes import Told
from tests.chat.desk import NOON
from tests.chat.shown import actions, hostile, in_view, labels, shown, visible
from tests.chat.test_chat_views_market import PERPETUAL, SPOT

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
UP, DOWN = Direction.ABOVE, Direction.BELOW
PRICE = Question(
    kind=AlertKind.PRICE, symbol=Symbol("BTC-USDT"), venue=Venue.SPOT, direction=UP, level=Decimal(68000)
)  # fmt: skip
MOVE = replace(PRICE, kind=AlertKind.MOVE, level=Decimal("0.05"), window=HOUR)
RULE = AlertRule(
    id=12, question=PRICE, person_id=11, person="Anna", chat_id=11, state=AlertState.DONE, armed_at=NOON - HOUR,
    fired=1, fired_at=NOON, created_at=NOON - HOUR,
)  # fmt: skip
FIRING = Firing(
    id=345, rule_id=12, occasion="arm 1", number=1, source=Source.LIVE, value=Decimal("68012.4"), at=NOON,
    told_at=NOON, detail="68000",
)  # fmt: skip
TOLD = Told(rule=RULE, firing=FIRING, instrument=SPOT, today=1)


def _funding(kind: AlertKind, value: str, detail: str, level: str = "0") -> Told:
    direction = UP if kind is AlertKind.FUNDING_LEVEL else None
    question = Question(
        kind=kind, symbol=Symbol("XBTUSDTM"), venue=Venue.FUTURES, direction=direction, level=Decimal(level)
    )
    firing = replace(
        FIRING, source=Source.POLL, value=Decimal(value), detail=detail, settles_at=NOON + 22 * MINUTE,
        occasion="settles",
    )  # fmt: skip
    return Told(rule=replace(RULE, question=question), firing=firing, instrument=PERPETUAL, today=1)


def _late(told: Told, source: Source = Source.CANDLE) -> Told:
    return replace(told, firing=replace(told.firing, source=source, told_at=told.firing.at + 17 * MINUTE))


def _read(told: Told, *, may_trade: bool = False) -> list[str]:
    return shown(views.fired(told, NOON, may_trade=may_trade, charts=False)).split("\n")


def test_a_fired_alert_tells_the_event_then_the_value_then_which_it_is() -> None:
    told = replace(TOLD, rule=replace(RULE, note="resistance", order="buy BTC 0.001 @ 62000"))
    reply = views.fired(told, NOON, may_trade=True, charts=False)
    assert shown(reply).split("\n") == [
        "BTC crossed above 68,000",
        "68,012.4 at 12:00 UTC",
        "#12·1 “resistance”",
        "order: buy BTC 0.001 @ 62000",
        "told once, it will not tell again",
    ]
    assert (reply.subject, reply.subject_id) == (Subject.ALERT, 345)


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        (replace(TOLD, rule=replace(RULE, question=replace(PRICE, direction=DOWN))),
         ["BTC crossed below 68,000", "68,012.4 at 12:00 UTC"]),
        (replace(TOLD, rule=replace(RULE, question=MOVE), firing=replace(FIRING, value=Decimal("0.0524"))),
         ["BTC rose: +5.24 % within 1 h", "asked for 5 %, at 12:00 UTC"]),
        (replace(TOLD, rule=replace(RULE, question=replace(MOVE, direction=DOWN)),
                 firing=replace(FIRING, value=Decimal("0.0524"))),
         ["BTC fell: -5.24 % within 1 h", "asked for 5 %, at 12:00 UTC"]),
        (_funding(AlertKind.FUNDING_LEVEL, "0.00061", "current", "0.0005"),
         ["BTC funding above +0.0500 %", "+0.0610 %, settles at 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_LEVEL, "0.00061", "predicted", "0.0005"),
         ["BTC funding above +0.0500 %", "+0.0610 %, predicted for 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_FLIP, "-0.00031", "current"),
         ["BTC funding changed sign: shorts pay", "-0.0310 %, settles at 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_FLIP, "0.00031", "predicted"),
         ["BTC funding changed sign: longs pay", "+0.0310 %, predicted for 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_BOUND, "0.0029", "cap"),
         ["BTC funding near its cap", "+0.2900 %, settles at 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_BOUND, "-0.0029", "floor"),
         ["BTC funding near its floor", "-0.2900 %, settles at 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_INTERVAL, "14400", "28800>14400"),
         ["BTC funding settles every 4 h now, not 8 h", "settles at 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_PAYMENT, "0.489", "long USDT"),
         ["BTC long pays 0.49 USDT in 22 m", "settles at 12:22 UTC"]),
        (_funding(AlertKind.FUNDING_PAYMENT, "0.00000725", "short XBT"),
         ["BTC short pays 0.00000725 XBT in 22 m", "settles at 12:22 UTC"]),
    ],
)  # fmt: skip
def test_every_kind_has_its_words(told: Told, lines: list[str]) -> None:
    assert _read(told)[:2] == lines


def test_a_payment_that_is_told_too_late_is_not_counted_down_to() -> None:
    told = _funding(AlertKind.FUNDING_PAYMENT, "0.489", "long USDT")
    text = shown(views.fired(told, NOON + HOUR, may_trade=False, charts=False))
    assert text.startswith("BTC long pays 0.49 USDT\nsettles at 3 Mar 12:22 UTC")


def test_a_payment_told_in_a_group_keeps_the_amount_out_of_it() -> None:
    told = _funding(AlertKind.FUNDING_PAYMENT, "0.489", "long USDT")
    shared = replace(told, rule=replace(told.rule, chat_id=-1001))
    assert shown(views.fired(shared, NOON, may_trade=False, charts=False)).split("\n")[:3] == [
        "BTC long pays funding in 22 m",
        "settles at 12:22 UTC",
        "Amounts are not shown in a group; in our own chat: /funding XBTUSDTM",
    ]
    assert "#12·1 BTC long pays funding, by Anna, 12:22 UTC" in shown(views.digest([shared, shared], NOON)[0])
    assert "0.49" in shown(views.digest([told, told], NOON)[0])


def test_a_late_alert_says_its_minute_and_how_late_it_is() -> None:
    assert _read(_late(TOLD))[1:3] == ["68,012.4 was traded", "late: in the minute 12:00 UTC, told 17 m later"]
    moved = _late(replace(TOLD, rule=replace(RULE, question=MOVE), firing=replace(FIRING, value=Decimal("0.06"))))
    assert _read(moved)[1:3] == ["asked for 5 %", "late: in the minute 12:00 UTC, told 17 m later"]
    funding = _late(_funding(AlertKind.FUNDING_LEVEL, "0.00061", "current", "0.0005"), Source.HISTORY)
    assert _read(funding)[1:3] == ["+0.0610 % settled at 12:22 UTC", "late: told 17 m later"]


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (2 * MINUTE, ["68,012.4 at 12:00 UTC", "#12·1, 2nd time today"]),
        (3 * MINUTE, ["68,012.4 at 3 Mar 12:00 UTC", "told 3 m late: it could not be delivered before",
                      "#12·1, 2nd time that day"]),
        (26 * HOUR, ["68,012.4 at 3 Mar 12:00 UTC", "told 1 d 2 h late: it could not be delivered before",
                     "#12·1, 2nd time that day"]),
    ],
)  # fmt: skip
def test_what_had_to_wait_says_its_day_and_how_late_it_is_told(after: timedelta, lines: list[str]) -> None:
    card = views.fired(replace(TOLD, today=2), NOON + after, may_trade=False, charts=False)
    assert shown(card).split("\n")[1:-1] == lines


def test_of_a_late_alert_that_had_to_wait_as_well_all_the_time_counts() -> None:
    card = views.fired(_late(TOLD), NOON + 26 * HOUR, may_trade=False, charts=False)
    assert shown(card).split("\n")[2] == "late: in the minute 3 Mar 12:00 UTC, told 1 d 2 h later"
    rate = _late(_funding(AlertKind.FUNDING_LEVEL, "0.00061", "current", "0.0005"), Source.HISTORY)
    card = views.fired(rate, NOON + 26 * HOUR, may_trade=False, charts=False)
    assert shown(card).split("\n")[1:3] == ["+0.0610 % settled at 3 Mar 12:22 UTC", "late: told 1 d 2 h later"]


def test_a_rate_or_a_move_that_had_to_wait_names_its_day() -> None:
    move = replace(TOLD, rule=replace(RULE, question=MOVE), firing=replace(FIRING, value=Decimal("0.06")))
    pay = _funding(AlertKind.FUNDING_PAYMENT, "0.489", "long USDT")
    flip = _funding(AlertKind.FUNDING_FLIP, "-0.00031", "predicted")
    second = [
        shown(views.fired(t, NOON + HOUR, may_trade=False, charts=False)).split("\n")[1] for t in (move, pay, flip)
    ]
    assert second == [
        "asked for 5 %, at 3 Mar 12:00 UTC",
        "settles at 3 Mar 12:22 UTC",
        "-0.0310 %, predicted for 3 Mar 12:22 UTC",
    ]


def test_many_that_had_to_wait_say_their_days_and_how_late_they_are() -> None:
    old = replace(TOLD, firing=replace(FIRING, at=NOON - 26 * HOUR, told_at=NOON - 26 * HOUR))
    reply, _ = views.digest([old, _late(TOLD), TOLD], NOON)
    assert shown(reply).split("\n") == [
        "3 alerts",
        "told up to 1 d 2 h late: they could not be delivered before",
        "#12·1 BTC crossed above 68,000: 68,012.4, 2 Mar 10:00 UTC late",
        "#12·1 BTC crossed above 68,000: 68,012.4, 12:00 UTC late",
        "#12·1 BTC crossed above 68,000: 68,012.4, 12:00 UTC",
    ]


@pytest.mark.parametrize(
    ("today", "every", "words"),
    [
        (1, None, "#12·1"), (2, None, "#12·1, 2nd time today"), (1, HOUR, "#12·1, 1st time today"),
        (3, HOUR, "#12·1, 3rd time today"), (11, HOUR, "#12·1, 11th time today"),
        (21, HOUR, "#12·1, 21st time today"), (112, HOUR, "#12·1, 112th time today"),
    ],
)  # fmt: skip
def test_how_often_it_told_today_is_counted_in_words(today: int, every: timedelta | None, words: str) -> None:
    assert _read(replace(TOLD, rule=replace(RULE, every=every), today=today))[2] == words


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (None, ""), ("0.0184", ", +1.8 % in 1 h"), ("-0.0184", ", -1.8 % in 1 h"), ("0", ", 0.0 % in 1 h"),
        ("0.0003", ", 0.0 % in 1 h"), ("-0.0003", ", 0.0 % in 1 h"), ("12.5", ", +1,250.0 % in 1 h"),
    ],
)  # fmt: skip
def test_how_far_the_price_moved_within_an_hour_stands_beside_it(hour: str | None, words: str) -> None:
    moved = None if hour is None else Decimal(hour)
    assert _read(replace(TOLD, hour=moved))[1] == f"68,012.4 at 12:00 UTC{words}"


def test_an_alert_that_rests_says_until_when() -> None:
    resting = replace(RULE, state=AlertState.COOLING, every=4 * HOUR, eligible_at=NOON + 4 * HOUR)
    assert _read(replace(TOLD, rule=resting))[-1] == "quiet until 16:00 UTC"
    lasting = replace(resting, until=NOON + 5 * HOUR)
    assert _read(replace(TOLD, rule=lasting))[-1] == "quiet until 16:00 UTC"
    ending = replace(resting, until=NOON + 3 * HOUR)
    assert _read(replace(TOLD, rule=ending))[-1] == "ends at 15:00 UTC, it will not tell again"


@pytest.mark.parametrize(
    ("told", "may_trade", "expected"),
    [
        (TOLD, True, ["Snooze 1h", "Again", "Mute BTC", "Move to 68,500", "Delete", "Buy", "Sell"]),
        (TOLD, False, ["Snooze 1h", "Again", "Mute BTC", "Move to 68,500", "Delete"]),
        (replace(TOLD, rule=replace(RULE, state=AlertState.COOLING)), False,
         ["Snooze 1h", "Mute BTC", "Move to 68,500", "Delete"]),
        (replace(TOLD, rule=replace(RULE, state=AlertState.PAUSED)), False, ["Mute BTC", "Move to 68,500", "Delete"]),
        (replace(TOLD, muted=True), False, ["Snooze 1h", "Again", "Unmute BTC", "Move to 68,500", "Delete"]),
        (replace(TOLD, rule=replace(RULE, question=MOVE)), True,
         ["Snooze 1h", "Again", "Mute BTC", "Delete", "Buy", "Sell"]),
        (_funding(AlertKind.FUNDING_FLIP, "0.001", "current"), True,
         ["Snooze 1h", "Again", "Mute XBTUSDTM", "Delete"]),
        (replace(TOLD, instrument=None), True, ["Snooze 1h", "Again", "Mute BTC", "Delete", "Buy", "Sell"]),
        (replace(TOLD, rule=replace(RULE, state=AlertState.GONE)), True, []),
        (replace(TOLD, rule=replace(RULE, state=AlertState.DELETED)), True, []),
        (replace(TOLD, rule=replace(RULE, state=AlertState.ENDED)), True, []),
    ],
)  # fmt: skip
def test_under_an_alert_is_what_can_be_done_about_it(told: Told, expected: list[str], *, may_trade: bool) -> None:
    assert labels(views.fired(told, NOON, may_trade=may_trade, charts=False)) == expected


def test_the_buttons_name_the_firing_and_the_level() -> None:
    assert actions(views.fired(TOLD, NOON, may_trade=True, charts=False)) == [
        "snooze 345", "again 345", "mute 345", "move 345 68500", "drop 345", "buy BTC-USDT", "sell BTC-USDT",
    ]  # fmt: skip
    assert "mute 345 off" in actions(views.fired(replace(TOLD, muted=True), NOON, may_trade=True, charts=False))


def test_a_chart_is_offered_where_one_can_be_drawn() -> None:
    assert actions(views.fired(TOLD, NOON, may_trade=False, charts=True))[-1] == "chart BTC-USDT"


@pytest.mark.parametrize(
    ("direction", "level", "value", "step", "further"),
    [
        (UP, "68000", "68012.4", "0.1", "68500"),
        (DOWN, "60000", "59990", "0.1", "59600"),
        (UP, "3000", "3001", "0.01", "3020"),
        (UP, "1", "1.0001", "0.0001", "1.01"),
        (UP, "0.00000123", "0.00000123", "0.00000001", "0.00000124"),
        (UP, "0.00000123", "0.00000123", "0.0000000001", "0.00000124"),
        (DOWN, "0.00000002", "0.00000002", "0.00000001", "0.00000001"),
        (DOWN, "0.00000001", "0.00000001", "0.00000001", None),
        (UP, "68000", "75000", "0.1", "75500"),
        (DOWN, "100", "99.5", "0.25", "99"),
    ],
)
def test_the_next_level_is_round_and_a_little_further(
    direction: Direction, level: str, value: str, step: str, further: str | None
) -> None:
    told = _priced(direction, Decimal(level), Decimal(value), Decimal(step))
    assert alert_buttons.next_level(told) == (None if further is None else Decimal(further))


def _priced(direction: Direction, level: Decimal, value: Decimal, step: Decimal) -> Told:
    return Told(
        rule=replace(RULE, question=replace(PRICE, direction=direction, level=level)),
        firing=replace(FIRING, value=value),
        instrument=replace(SPOT, price_increment=step),
        today=1,
    )


@given(
    direction=st.sampled_from(Direction), step=st.sampled_from(["0.1", "0.01", "0.25", "0.00000001", "5"]),
    steps=st.integers(1, 10**9), beyond=st.integers(0, 1000),
)  # fmt: skip
def test_a_next_level_can_always_still_be_reached(direction: Direction, step: str, steps: int, beyond: int) -> None:
    increment = Decimal(step)
    level = steps * increment
    value = level + beyond * increment if direction is UP else max(level - beyond * increment, increment)
    told = _priced(direction, level, value, increment)
    further = alert_buttons.next_level(told)
    assert further is not None or direction is DOWN
    if further is not None:
        assert (further > value) == (direction is UP)
        assert further % increment == 0
        assert further > 0


@given(name=hostile, note=hostile, order=hostile)
def test_whatever_stands_in_a_rule_is_never_markup(name: str, note: str, order: str) -> None:
    question = replace(PRICE, symbol=Symbol(name))
    told = Told(rule=replace(RULE, question=question, note=note, order=order), firing=FIRING, instrument=None, today=1)
    text = shown(views.fired(told, NOON, may_trade=True, charts=False))
    assert in_view(f"“{note}”") in text or not note
    shown(views.digest([told], NOON)[0])
    visible(views.gone(told.rule))
    visible(views.order_refused(told.rule, Killed(name)))


def test_after_a_tap_the_last_line_tells_what_was_done() -> None:
    card = views.fired(TOLD, NOON, may_trade=False, charts=False)
    first = views.after(card.text, Html("quiet until 13:00 (Anna)"), card.buttons, UTC)
    assert first.edit
    assert first.toast == "Quiet until 13:00 (Anna)"
    assert shown(first).split("\n") == [
        "BTC crossed above 68,000", "68,012.4 at 12:00 UTC", "#12·1", "quiet until 13:00 (Anna)",
    ]  # fmt: skip
    second = views.after(first.text, Html("deleted (Anna)"), (), UTC)
    assert shown(second).split("\n")[2:] == ["#12·1", "deleted (Anna)"]
    assert visible(views.after("", Html("deleted (Anna)"), (), UTC).text).strip() == "deleted (Anna)"


def test_many_in_one_message_are_a_line_each() -> None:
    funding = _funding(AlertKind.FUNDING_LEVEL, "0.00061", "current", "0.0005")
    moved = replace(TOLD, rule=replace(RULE, id=13, question=MOVE), firing=replace(FIRING, value=Decimal("0.0524")))
    reply, listed = views.digest([TOLD, _late(TOLD), moved, funding], NOON)
    assert listed == 4
    assert shown(reply).split("\n") == [
        "4 alerts",
        "#12·1 BTC crossed above 68,000: 68,012.4, 12:00 UTC",
        "#12·1 BTC crossed above 68,000: 68,012.4, 12:00 UTC late",
        "#13·1 BTC rose: +5.24 % within 1 h, 12:00 UTC",
        "#12·1 BTC funding above +0.0500 %: +0.0610 %, 12:22 UTC",
    ]
    assert (labels(reply), actions(reply)) == (["Alerts"], ["alerts"])
    assert shown(views.digest([TOLD], NOON)[0]).startswith("1 alert\n")


def _packed(tolds: Sequence[Told]) -> list[Reply]:
    messages = []
    while tolds:
        reply, listed = views.digest(tolds, NOON)
        assert listed >= 1
        messages.append(reply)
        tolds = tolds[listed:]
    return messages


def test_a_hundred_alerts_fit_three_messages_and_all_are_there() -> None:
    long = replace(PERPETUAL, symbol=Symbol("1000000BABYDOGEUSDTM"), base="1000000BABYDOGE")
    worst = [
        _late(
            Told(
                rule=replace(
                    RULE, id=1_000_000 + n,
                    question=replace(PRICE, symbol=long.symbol, venue=Venue.FUTURES, level=Decimal("0.000000001234")),
                ),
                firing=replace(FIRING, number=1000, value=Decimal("0.000000001234")),
                instrument=long, today=1,
            )
        )
        for n in range(100)
    ]  # fmt: skip
    messages = _packed(worst)
    assert len(messages) <= 3
    rows = [row for message in messages for row in shown(message).split("\n")[1:]]
    assert [row.split("·")[0] for row in rows] == [f"#{told.rule.id}" for told in worst]
    assert max(map(len, rows)) <= 90
    assert all(row.endswith("12:00 UTC late") for row in rows)
    assert all(units(plain_text(Html(message.text))) <= 4096 for message in messages)


@given(st.lists(st.tuples(hostile, st.booleans()), min_size=1, max_size=90))
def test_no_alert_is_lost_between_messages(tolds: list[tuple[str, bool]]) -> None:
    many = [
        Told(
            rule=replace(RULE, id=n, question=replace(PRICE, symbol=Symbol(name.replace("\n", " ") or "X"))),
            firing=replace(FIRING, source=Source.CANDLE if late else Source.LIVE), instrument=None, today=1,
        )
        for n, (name, late) in enumerate(tolds, 1)
    ]  # fmt: skip
    messages = _packed(many)
    assert sum(message.text.count("\n#") for message in messages) == len(many)
    assert all(units(plain_text(Html(message.text))) <= 4096 for message in messages)


def test_a_rule_that_cannot_fire_any_more_is_told_with_its_note() -> None:
    assert visible(views.gone(replace(RULE, note="resistance"))) == (
        "#12 BTC-USDT crosses above 68,000: it cannot fire any more.\n"
        "KuCoin no longer lists BTC-USDT. I have taken it off your alerts.\n“resistance”"
    )


def test_an_order_without_a_ticket_says_why() -> None:
    rule = replace(RULE, order="buy BTC 0.001 @ 62000")
    assert visible(views.order_refused(rule, InsufficientBalance("Trade has 3.00 USDT free."))) == (
        "#12 fired, and its order made no ticket: buy BTC 0.001 @ 62000\nTrade has 3.00 USDT free."
    )
    short = Refused("Trade has 3.00 USDT free.", aloud="Trade has less than that free.")
    assert "3.00 USDT" in visible(views.order_refused(rule, short))
    assert "3.00 USDT" not in visible(views.order_refused(replace(rule, chat_id=-1001), short))
