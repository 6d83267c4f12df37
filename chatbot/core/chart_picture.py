"""A chart as it is drawn: where on the picture each thing stands.

Everything is decided here; whoever draws it only strokes lines. Floats begin at `ChartPicture`: nothing is decided on
them, a pixel is coarser than they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from math import inf

from chatbot.core.charts import Bar, Chart, Level, LevelKind
from chatbot.core.market import Instrument
from chatbot.core.numbers import ceil_to, grouped, places
from chatbot.core.timescale import time_ticks
from chatbot.core.values import frozen


@frozen
class Candlestick:
    """`at` counts timeframes from the left edge."""

    at: float
    open: float
    high: float
    low: float
    close: float
    volume: float


@frozen
class Line:
    """A level at `price`; its words stand at `tag`, empty where there is no room for them."""

    kind: LevelKind
    price: float
    tag: float
    text: str


@frozen
class ChartPicture:
    """All that is drawn: plain values that cross to another process. Ticks are places and their words.

    From `left` to `right`, in timeframes since the first candle; from `low` to `high`.
    """

    title: str
    read_at: str
    left: float
    right: float
    low: float
    high: float
    sticks: tuple[Candlestick, ...]
    lines: tuple[Line, ...]
    above: str
    below: str
    prices: tuple[tuple[float, str], ...]
    times: tuple[tuple[float, str], ...]
    last: float
    last_text: str


_REACH = Decimal("0.4")
"""A level this part of the candles' height beyond them is still drawn in; what is further is only named."""

_MARGIN = Decimal("0.06")
_TAG = 0.045
"""The height of a line's words, as part of the picture's."""

_LEAST_SLOTS = 24
"""Of a market that has just begun, too, a candle is a candle and no door."""

_MOST_TAGS = 9
_MOST_NAMES = 3
_PRICE_TICKS = 7
_NICE = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


def picture(chart: Chart, zone: tzinfo) -> ChartPicture:
    """`zone` is the reader's; candles of a day or longer are KuCoin's own days, in UTC."""
    bars, span = chart.bars, chart.timeframe.span
    first = bars[0].start
    slots = max(chart.read_at - first, bars[-1].start - first + span) / span
    levels = _merged(chart.levels)
    low, high = _range(chart, levels)
    near = [level for level in levels if low <= level.price <= high]
    show = chart.instrument.show_price
    return ChartPicture(
        title=f"{chart.instrument.symbol}   {chart.timeframe.value}",
        read_at=_moment(chart.read_at.astimezone(zone)),
        left=min(slots - _LEAST_SLOTS, 0.0) - 0.7,
        right=slots,
        low=float(low),
        high=float(high),
        sticks=tuple(_stick(bar, first, span) for bar in bars),
        lines=_lines(near, chart.last, float(low), float(high), chart.instrument),
        above=_named("↑", [lv for lv in levels if lv.price > high], chart.instrument),
        below=_named("↓", [lv for lv in reversed(levels) if lv.price < low], chart.instrument),
        prices=_price_ticks(low, high, chart.last),
        times=time_ticks(first, span, slots, zone, width=_LEAST_SLOTS),
        last=float(chart.last),
        last_text=show(chart.last),
    )


def _moment(local: datetime) -> str:
    return f"{local.day} {local:%b %H:%M %Z}"


def _stick(bar: Bar, first: datetime, span: timedelta) -> Candlestick:
    return Candlestick(
        at=(bar.start - first) / span,
        open=float(bar.open),
        high=float(bar.high),
        low=float(bar.low),
        close=float(bar.close),
        volume=float(bar.volume),
    )


def _merged(levels: Iterable[Level]) -> list[Level]:
    """One for each price and kind, lowest first: what stands on one line is named together."""
    together: dict[tuple[Decimal, LevelKind], list[Level]] = defaultdict(list)
    for level in levels:
        together[level.price, level.kind].append(level)
    merged = []
    for key in sorted(together, key=lambda k: (k[0], k[1].value)):
        names = list(dict.fromkeys(level.label for level in together[key]))
        more = f" +{len(names) - _MOST_NAMES}" if len(names) > _MOST_NAMES else ""
        merged.append(replace(together[key][0], label=" ".join(names[:_MOST_NAMES]) + more))
    return merged


def _range(chart: Chart, levels: Sequence[Level]) -> tuple[Decimal, Decimal]:
    """The lowest and highest price of the picture: the candles, what is near them, and some air. Never of no height."""
    low, high = min(bar.low for bar in chart.bars), max(bar.high for bar in chart.bars)
    reach = max((high - low) * _REACH, chart.last * Decimal("0.002"))
    shown = [level.price for level in levels if low - reach <= level.price <= high + reach]
    low, high = min([low, *shown]), max([high, *shown])
    air = (high - low) * _MARGIN or max(chart.last / 500, chart.instrument.price_increment * 5)
    return low - air, high + air


def _lines(levels: Sequence[Level], last: Decimal, low: float, high: float, instrument: Instrument) -> tuple[Line, ...]:
    """Of too many, the nearest to the price keep their words."""
    worded = sorted(range(len(levels)), key=lambda n: abs(levels[n].price - last))[:_MOST_TAGS]
    named = [levels[n] for n in sorted(worded)]
    tags = _apart([float(level.price) for level in named], low, high)
    words = [
        Line(kind=lv.kind, price=float(lv.price), tag=tag, text=f"{lv.label}  {instrument.show_price(lv.price)}")
        for lv, tag in zip(named, tags, strict=True)
    ]
    silent = [
        Line(kind=level.kind, price=float(level.price), tag=float(level.price), text="")
        for n, level in enumerate(levels)
        if n not in worded
    ]
    return (*words, *silent)


def _apart(wanted: Sequence[float], low: float, high: float) -> list[float]:
    """As near to where they belong as they can stand without covering each other, lowest first, all on the picture.

    Pushed up only, and pushed down only, they keep their distances; halfway between the two they still do.
    """
    gap = (high - low) * _TAG
    upwards, downwards = _pushed(wanted, gap), _pushed([-price for price in reversed(wanted)], gap)
    tags = [(up - down) / 2 for up, down in zip(upwards, reversed(downwards), strict=True)]
    tags = _pushed(tags, gap, low + gap / 2)
    return [-tag for tag in reversed(_pushed([-tag for tag in reversed(tags)], gap, gap / 2 - high))]


def _pushed(wanted: Sequence[float], gap: float, floor: float = -inf) -> list[float]:
    """Each where it wants to be, or above the one before it."""
    placed: list[float] = []
    for price in wanted:
        placed.append(max(price, placed[-1] + gap if placed else floor))
    return placed


def _named(arrow: str, levels: Sequence[Level], instrument: Instrument) -> str:
    """What lies beyond the edge, the nearest first."""
    if not levels:
        return ""
    names = [f"{level.label} {instrument.show_price(level.price)}" for level in levels[:2]]
    more = f"   +{len(levels) - 2}" if len(levels) > 2 else ""
    return f"{arrow} {'   '.join(names)}{more}"


def _price_ticks(low: Decimal, high: Decimal, last: Decimal) -> tuple[tuple[float, str], ...]:
    """Round prices, with as many digits as tell them apart; the last price has the place of its own words alone."""
    rough = (high - low) / _PRICE_TICKS
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * nice for nice in _NICE if power * nice >= rough)
    first, near = ceil_to(max(low, Decimal(0)), step), (high - low) * Decimal(str(_TAG))
    ticks = [first + step * n for n in range(int((high - first) / step) + 1)]
    return tuple((float(tick), grouped(tick, places(step))) for tick in ticks if abs(tick - last) > near)
