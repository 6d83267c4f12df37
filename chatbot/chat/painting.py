"""The painter: a process of its own that turns charts into pictures, so that matplotlib is nowhere else.

    python -m chatbot.chat.painting

It reads from its standard input, over and over, four bytes of length and a pickled `ChartPicture`, and
answers with four bytes of length and a PNG; a length of zero says that it is ready. It ends with its
input, that is with whoever started it; and by itself when one picture takes too long.
"""

import contextlib
import os
import pickle
import signal
import struct
import sys
from io import BytesIO
from typing import BinaryIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from chatbot.core.chart_picture import Candlestick, ChartPicture, Line
from chatbot.core.charts import LevelKind

_LENGTH = struct.Struct(">I")
_LONGEST = 15
"""Seconds after which a picture will never be done: nobody waits for it any more."""

_SIZE, _DPI = (7.2, 7.8), 150
_LEFT, _LETTER = 0.025, 0.0172
"""The edge, and what a letter of the price axis takes, as parts of the width."""

_GROUND, _GRID, _WORDS, _FAINT = "#12161c", "#222a35", "#e8ecf1", "#8d99a8"
_UP, _DOWN = "#26b38a", "#f0616d"
_COLOURS = {
    LevelKind.ALERT: "#f5b942",
    LevelKind.BUY: "#45d6a5",
    LevelKind.SELL: "#ff8a93",
    LevelKind.ENTRY: "#6cb2ff",
}
_BODY = 0.36
"""Half a candle's width, in timeframes."""

_THIN = 0.004
"""The least height of a body, as part of the picture's: one that opened where it closed is still seen."""


def paint(picture: ChartPicture) -> bytes:
    """A PNG."""
    figure = Figure(figsize=_SIZE, dpi=_DPI, facecolor=_GROUND)
    FigureCanvasAgg(figure)
    letters = max(len(words) for words in (picture.last_text, *(words for _, words in picture.prices)))
    width = 1 - _LEFT - 0.03 - letters * _LETTER
    prices, volumes = figure.add_axes((_LEFT, 0.235, width, 0.695)), figure.add_axes((_LEFT, 0.06, width, 0.15))
    for axes in (prices, volumes):
        _bare(axes, picture)
    _candles(prices, picture)
    _levels(prices, picture)
    _last(prices, picture)
    _volumes(volumes, picture)
    figure.text(_LEFT, 0.962, picture.title, color=_WORDS, fontsize=17, fontweight="bold", va="center")
    figure.text(0.975, 0.962, picture.read_at, color=_FAINT, fontsize=11.5, ha="right", va="center")
    png = BytesIO()
    figure.savefig(png, format="png", pil_kwargs={"compress_level": 2})
    return png.getvalue()


def _bare(axes: Axes, picture: ChartPicture) -> None:
    axes.set_facecolor(_GROUND)
    axes.set_xlim(picture.left, picture.right)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, labelsize=12.5, labelcolor=_FAINT, pad=5)
    axes.yaxis.tick_right()
    axes.set_axisbelow(True)
    axes.grid(visible=True, color=_GRID, linewidth=0.9)
    axes.set_xticks([at for at, _ in picture.times], [])


def _rising(stick: Candlestick) -> bool:
    return stick.close >= stick.open


def _colours(picture: ChartPicture) -> list[str]:
    return [_UP if _rising(stick) else _DOWN for stick in picture.sticks]


def _box(left: float, right: float, bottom: float, top: float) -> list[tuple[float, float]]:
    return [(left, bottom), (left, top), (right, top), (right, bottom)]


def _candles(axes: Axes, picture: ChartPicture) -> None:
    least = (picture.high - picture.low) * _THIN
    colours = _colours(picture)
    wicks = [[(stick.at, stick.low), (stick.at, stick.high)] for stick in picture.sticks]
    bodies = []
    for stick in picture.sticks:
        bottom, top = sorted((stick.open, stick.close))
        slack = max(least - (top - bottom), 0.0) / 2
        bodies.append(_box(stick.at - _BODY, stick.at + _BODY, bottom - slack, top + slack))
    axes.set_ylim(picture.low, picture.high)
    axes.set_yticks([at for at, _ in picture.prices], [words for _, words in picture.prices])
    axes.add_collection(LineCollection(wicks, colors=colours, linewidths=1.2))
    axes.add_collection(PolyCollection(bodies, facecolors=colours, edgecolors="none"))


def _volumes(axes: Axes, picture: ChartPicture) -> None:
    most = max((stick.volume for stick in picture.sticks), default=0.0)
    boxes = [_box(stick.at - _BODY, stick.at + _BODY, 0.0, stick.volume) for stick in picture.sticks]
    axes.set_ylim(0.0, most * 1.08 or 1.0)
    axes.set_yticks([])
    axes.set_xticks([at for at, _ in picture.times], [words for _, words in picture.times])
    axes.add_collection(PolyCollection(boxes, facecolors=_colours(picture), edgecolors="none", alpha=0.55))
    axes.text(0.0, 1.0, "volume", color=_FAINT, fontsize=10.5, va="bottom", transform=axes.transAxes)


def _levels(axes: Axes, picture: ChartPicture) -> None:
    for line in picture.lines:
        alpha = 0.9 if line.text else 0.25
        axes.axhline(line.price, color=_COLOURS[line.kind], linewidth=1.3, linestyle=(0, (5, 3)), alpha=alpha)
        if line.text:
            _tag(axes, line)
    edges = ((picture.above, 0.995, "top"), (picture.below, 0.006, "bottom"))
    for words, height, side in edges:
        if words:
            _words(axes, words, height, side)


def _tag(axes: Axes, line: Line) -> None:
    axes.text(
        0.008,
        line.tag,
        line.text,
        color=_COLOURS[line.kind],
        fontsize=11.5,
        va="center",
        transform=axes.get_yaxis_transform(),
        bbox={"boxstyle": "round,pad=0.22", "facecolor": _GROUND, "edgecolor": _COLOURS[line.kind], "linewidth": 0.8},
        zorder=5,
    )


def _words(axes: Axes, words: str, height: float, side: str) -> None:
    axes.text(
        0.99,
        height,
        words,
        color=_FAINT,
        fontsize=11.5,
        ha="right",
        va=side,
        transform=axes.transAxes,
        bbox={"boxstyle": "round,pad=0.22", "facecolor": _GROUND, "edgecolor": "none"},
        zorder=6,
    )


def _last(axes: Axes, picture: ChartPicture) -> None:
    colour = _UP if _rising(picture.sticks[-1]) else _DOWN
    axes.axhline(picture.last, color=colour, linewidth=1.0, linestyle=(0, (1, 2)))
    axes.text(
        1.006,
        picture.last,
        picture.last_text,
        color="white",
        fontsize=12.5,
        fontweight="bold",
        va="center",
        transform=axes.get_yaxis_transform(),
        bbox={"boxstyle": "square,pad=0.25", "facecolor": colour, "edgecolor": "none"},
        zorder=7,
    )


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Until there is nothing more to read."""
    answers.write(_LENGTH.pack(0))
    answers.flush()
    while len(head := asked.read(_LENGTH.size)) == _LENGTH.size:
        signal.alarm(_LONGEST)
        picture = pickle.loads(asked.read(*_LENGTH.unpack(head)))  # noqa: S301 - written by our own parent
        png = paint(picture)
        answers.write(_LENGTH.pack(len(png)) + png)
        answers.flush()
        signal.alarm(0)


def main() -> None:
    """What anything prints goes to the standard error: the standard output belongs to the pictures."""
    with contextlib.suppress(OSError):
        os.nice(5)  # the bot comes first
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
