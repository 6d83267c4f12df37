"""Strokes: every kind of market becomes a picture that Telegram takes."""

import io
import pickle
import struct
from datetime import UTC

import pytest

from chatbot.chat.painting import paint, serve
from chatbot.core.chart_picture import ChartPicture, picture
from chatbot.core.charts import LevelKind, Timeframe
from chatbot.sandbox.telegram_params import Upload
from chatbot.sandbox.telegram_pictures import Pictures
from tests.core.charted import chart, instrument, level

LEVELS = [
    level("67000", "#1"), level("66500", "buy", LevelKind.BUY), level("67900", "sell", LevelKind.SELL),
    level("67200", "long", LevelKind.ENTRY), level("99000", "#2"), level("10", "#3"),
]  # fmt: skip
MARKETS = {
    "hills": chart(["67000", "66000", "68000", "67400"] * 30, *LEVELS),
    "many": chart(["67000", "66000", "68000"], *(level(str(66_000 + n), f"#{n}") for n in range(100))),
    "tiny": chart(["0.00001234", "0.00001250"], of=instrument("PEPE-USDT", "0.00000001"), timeframe=Timeframe.MINUTE),
    "flat": chart(["1"] * 120, of=instrument("USDC-USDT", "0.0001"), timeframe=Timeframe.DAY),
    "one": chart(["3.5"], of=instrument("NEW-USDT", "0.001"), timeframe=Timeframe.WEEK),
    "dear": chart(["123456789.1", "123456790.2"], of=instrument("X-USDT", "0.1")),
}


@pytest.mark.parametrize("name", MARKETS)
def test_any_market_is_drawn_in_the_shape_of_a_phone(name: str) -> None:
    png = paint(picture(MARKETS[name], UTC))
    taken = Pictures().keep(Upload(name="chart.png", content=png), "")
    assert (taken.width, taken.height) == (1080, 1170)
    assert len(png) < 300_000


def test_levels_change_the_picture() -> None:
    assert paint(picture(chart(["67000", "68000"]), UTC)) != paint(picture(chart(["67000", "68000"], LEVELS[0]), UTC))


def test_pictures_are_served_one_after_another_until_there_are_no_more() -> None:
    def asked(shown: ChartPicture) -> bytes:
        body = pickle.dumps(shown)
        return struct.pack(">I", len(body)) + body

    shown = [picture(MARKETS[name], UTC) for name in ("one", "flat")]
    answers = io.BytesIO()
    serve(io.BytesIO(b"".join(map(asked, shown))), answers)
    answers.seek(0)
    assert answers.read(4) == bytes(4)
    for each in shown:
        (length,) = struct.unpack(">I", answers.read(4))
        assert answers.read(length) == paint(each)
    assert answers.read() == b""
