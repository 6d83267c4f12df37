from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from chatbot.chat.views import digest as views
from chatbot.core.amounts import Amounts
from chatbot.core.digests import Digest, Paid, Under, Wellness
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Lane, Letter
from tests.chat.shown import hostile, in_view, labels, shown, visible

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT = datetime(2026, 3, 3, 8, tzinfo=BERLIN)
WELL = Wellness(feeds_down=(), problem="", held="", stopped_by="", unsent=0)
DIGEST = Digest(
    person="Anna", mode=TradingMode.LIVE, at=EIGHT, due_at=EIGHT.astimezone(UTC), late=None,
    equity=Decimal("6510.88"), before=Decimal("6472.68"), since=EIGHT - timedelta(days=1), amounts=Amounts(),
    yesterday=Paid(funding=Decimal("-1.42"), fees=Decimal("0.31")), held=2, filled=1, armed=7, nearest=None,
    wellness=WELL,
)  # fmt: skip


def read(told: Digest, *, hidden: bool = False) -> list[str]:
    return visible(views.digest(told, hidden=hidden)).split("\n")


def test_a_morning_at_a_glance() -> None:
    assert read(DIGEST) == [
        "Morning, Anna. Tuesday",
        "Equity 6,510.88 USDT (+38.20, +0.59 %)",
        "Funding yesterday -1.42   fees -0.31",
        "Overnight: 2 alerts held, 1 order filled",
        "Alerts: 7 alerts",
        "Feed ok, key ok, 0 unsent",
    ]


def test_hidden_amounts_leave_the_percent() -> None:
    lines = read(replace(DIGEST, amounts=Amounts(currency="EUR", rate=Decimal("0.92"))), hidden=True)
    assert lines[1:3] == ["Equity ••• USDT (+0.59 %)", "Funding yesterday •••   fees •••"]
    assert not any(digits in "\n".join(lines) for digits in ("6,510", "38.2", "1.42", "0.31", "EUR"))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"equity": None}, "Equity not known: KuCoin did not tell"),
        ({"before": None}, "Equity 6,510.88 USDT"),
        ({"before": Decimal(0), "since": None}, "Equity 6,510.88 USDT (+6,510.88)"),
        ({"before": Decimal("6510.88"), "since": None}, "Equity 6,510.88 USDT (no change, 0.00 %)"),
        ({"yesterday": Paid(funding=None, fees=Decimal(0))}, "Funding yesterday not known   fees 0.00"),
        ({"yesterday": Paid(funding=Decimal("0.004"), fees=Decimal(0))}, "Funding yesterday +0.0040   fees 0.00"),
        ({"held": 1, "filled": 0}, "Overnight: 1 alert held"),
        ({"since": EIGHT - timedelta(days=3)}, "Equity 6,510.88 USDT (+38.20, +0.59 % since 28 Feb 08:00 CET)"),
        ({"armed": 0}, "No alerts"),
        ({"late": timedelta(hours=4)}, "late: this was due at 07:00 UTC, 4 h ago"),
        ({"mode": TradingMode.PAPER}, "PAPER"),
        ({"wellness": replace(WELL, stopped_by="Ben")}, "STOPPED by Ben"),
        ({"wellness": replace(WELL, feeds_down=("spot prices",), unsent=3)}, "Spot prices down, key ok, 3 unsent"),
        ({"wellness": replace(WELL, problem="x")}, "Feed ok, KuCoin does not answer, key ok, 0 unsent"),
        ({"wellness": replace(WELL, held="x")}, "Feed ok, orders are held: see /status, 0 unsent"),
    ],
)
def test_what_is_another_way_says_so(changes: dict[str, object], line: str) -> None:
    assert line in read(replace(DIGEST, **changes))  # type: ignore[arg-type]  # of Digest


def test_a_quiet_night_and_a_day_without_costs_take_no_line() -> None:
    told = replace(DIGEST, held=0, filled=0, yesterday=Paid(funding=Decimal(0), fees=Decimal(0)))
    assert len(read(told)) == 4


@given(hostile, hostile)
def test_names_are_names(person: str, stopper: str) -> None:
    told = replace(DIGEST, person=person, wellness=replace(WELL, stopped_by=stopper))
    text = visible(views.digest(told, hidden=False))
    assert in_view(stopper) in text


@pytest.mark.parametrize(
    ("under", "expected"),
    [
        (Under(number=3, hidden=False, held=2, came=True), ["Held alerts", "Positions", "Hide amounts"]),
        (Under(number=3, hidden=True, held=0, came=True), ["Positions", "Show amounts"]),
    ],
)
def test_the_buttons_lead_to_what_the_lines_tell(under: Under, expected: list[str]) -> None:
    assert [button.text for row in views.buttons(under) for button in row] == expected


def test_held_notices_of_other_kinds_are_shown_as_they_would_have_come() -> None:
    letters = [Letter(chat_id=1, lane=Lane.REPORT, text="<b>funding</b> &lt;1") for _ in range(2)]
    reply = views.held(letters, 20, (0, 2))
    assert shown(reply).split("\n") == ["20 notices were held", "• funding <1", "• funding <1", "page 2 of 2"]
    assert labels(reply) == ["◀", "Alerts"]


def test_nothing_held_is_said() -> None:
    assert shown(views.held([], 0, (0, 1))) == "Nothing is held for you."
    assert shown(views.held([], 0, (7, 1))) == "What was held is no longer kept."
