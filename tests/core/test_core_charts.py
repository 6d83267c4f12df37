"""A chart's own figures."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from chatbot.core.charts import Timeframe
from tests.core.charted import NOW, chart


def test_every_timeframe_has_a_length() -> None:
    lengths = [each.span for each in Timeframe]
    assert lengths == sorted(lengths)
    assert [lengths[0], lengths[-1]] == [timedelta(minutes=1), timedelta(weeks=1)]


def test_the_change_is_from_where_the_picture_begins() -> None:
    assert chart(["100", "90", "125"]).change == Decimal("0.25")
    assert chart(["100", "90", "125"]).last == 125


def test_what_it_covers_is_told_in_whole_candles() -> None:
    assert chart(["1", "2", "3"]).covers == timedelta(hours=3)
    assert replace(chart(["1", "2", "3"]), read_at=NOW.replace(minute=0, second=0)).covers == timedelta(hours=3)
    silent = chart(["1", "2", "3"])
    assert replace(silent, bars=silent.bars[:1]).covers == timedelta(hours=3)
