"""Charts, as far as words go: the caption, the buttons, and what is said where none can be drawn."""

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import Html, code, html, lines, percent, up_or_down
from chatbot.core.charts import Chart, Level, LevelKind, Timeframe
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.times import in_words
from chatbot.services.charts import Drawn

_ROWS = (
    (Timeframe.MINUTE, Timeframe.FIVE_MINUTES, Timeframe.QUARTER, Timeframe.HOUR),
    (Timeframe.FOUR_HOURS, Timeframe.DAY, Timeframe.WEEK),
)
BLIND = "Your orders and positions could not be read: they are not in the picture."
IN_GROUP = "Orders and positions are not shown in a group."
MISSING = lines(
    "Charts are not installed where I run.",
    html("The owner can add them: {} and a restart.", code('pip install "kucoin-chatbot[charts]"')),
)


def chart(drawn: Drawn, png: bytes, *, in_group: bool) -> Reply:
    shown = drawn.chart
    note = IN_GROUP if in_group else BLIND if drawn.blind else None
    caption = lines(_headline(shown), _drawn_in(shown.levels), note)
    return Reply(text=caption, buttons=_buttons(shown), picture=png)


def _headline(chart: Chart) -> Html:
    instrument = chart.instrument
    return html(
        "<b>{}</b> {}   <b>{}</b>\n{} {} in {}",
        instrument.symbol,
        chart.timeframe.value,
        instrument.show_price(chart.last),
        percent(chart.change),
        up_or_down(chart.change),
        in_words(chart.covers),
    )


def _drawn_in(levels: tuple[Level, ...]) -> Html | None:
    """How many of what; prices only, sizes stay out of a picture."""
    kinds = [level.kind for level in levels]
    alerts = kinds.count(LevelKind.ALERT)
    orders = kinds.count(LevelKind.BUY) + kinds.count(LevelKind.SELL)
    entries = [f"your {level.label}" for level in levels if level.kind is LevelKind.ENTRY]
    counted = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((alerts, "alert"), (orders, "order")) if n]
    found = [*counted, *entries]
    return html("With {}", ", ".join(found)) if found else None


def _buttons(chart: Chart) -> Buttons:
    symbol = chart.instrument.symbol
    rows = [[_timeframe(each, chart) for each in row] for row in _ROWS]
    rows[-1].append(Button(text="Refresh", action=f"rechart {symbol} {chart.timeframe.value}"))
    return tuple(map(tuple, rows))


def _timeframe(each: Timeframe, chart: Chart) -> Button:
    chosen = each is chart.timeframe
    action = f"rechart {chart.instrument.symbol} {each.value}"
    return Button(text=each.value, action=action, style=ButtonStyle.PRIMARY if chosen else None)
