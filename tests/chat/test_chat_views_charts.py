"""The words around a picture."""

from dataclasses import replace

from chatbot.chat.views import charts as views
from chatbot.chat.views.markup import CAPTION_LIMIT, units
from chatbot.core.charts import Level, LevelKind, Timeframe
from chatbot.core.market import Symbol
from chatbot.services.charts import Drawn
from tests.chat.shown import actions, labels, shown
from tests.core.charted import chart, instrument, level

PNG = b"png"


def _caption(*levels: Level, blind: bool = False, in_group: bool = False) -> list[str]:
    drawn = Drawn(chart=chart(["67000", "66000", "68340"], *levels), blind=blind)
    return shown(views.chart(drawn, PNG, in_group=in_group)).split("\n")


def test_the_caption_says_what_where_and_how_far_it_came() -> None:
    assert _caption() == ["BTC-USDT 1h   68,340.0", "+2.00 % up in 3 h"]


def test_what_is_drawn_in_is_counted_without_an_amount() -> None:
    levels = (
        level("1"), level("2"), level("3", "buy", LevelKind.BUY), level("4", "long", LevelKind.ENTRY),
    )  # fmt: skip
    assert _caption(*levels)[2] == "With 2 alerts, 1 order, your long"
    assert _caption(level("3", "sell", LevelKind.SELL), level("3", "buy", LevelKind.BUY))[2] == "With 2 orders"


def test_what_is_missing_says_so() -> None:
    assert _caption(blind=True)[-1] == views.BLIND
    assert _caption(in_group=True)[-1] == views.IN_GROUP


def test_the_buttons_are_all_timeframes_and_refresh_on_the_same_message() -> None:
    reply = views.chart(
        Drawn(chart=chart(["1", "2"], timeframe=Timeframe.FOUR_HOURS), blind=False), PNG, in_group=False
    )
    assert labels(reply) == ["1m", "5m", "15m", "1h", "4h", "1d", "1w", "Refresh"]
    assert actions(reply)[0] == "rechart BTC-USDT 1m"
    assert actions(reply)[-1] == "rechart BTC-USDT 4h"
    assert [b.text for row in reply.buttons for b in row if b.style is not None] == ["4h"]
    assert reply.picture == PNG


def test_no_symbol_is_long_enough_for_more_than_a_caption() -> None:
    strange = replace(instrument(), symbol=Symbol("<b>" * 20))
    drawn = Drawn(chart=chart(["1", "2"], *(level(str(n), f"#{n}") for n in range(900)), of=strange), blind=True)
    reply = views.chart(drawn, PNG, in_group=False)
    assert units(shown(reply)) < CAPTION_LIMIT
    assert "<b>" in shown(reply)


def test_without_the_library_it_says_how_to_get_it() -> None:
    assert 'pip install "kucoin-chatbot[charts]"' in views.MISSING
