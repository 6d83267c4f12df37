"""What may follow /alert: one strict grammar, forgiving of spaces and case; the rest gets its own line back, mended."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatbot.chat import parsing, parsing_alerts
from chatbot.core.alerts import AlertKind, Direction
from chatbot.core.errors import UsageError
from chatbot.core.orders import Side
from chatbot.core.wishes import Wish
from tests.chat.desk import NOON
from tests.chat.test_chat_parsing import HOSTILE

BERLIN = ZoneInfo("Europe/Berlin")
PRICE, MOVE, RATE = AlertKind.PRICE, AlertKind.MOVE, AlertKind.FUNDING_LEVEL
FLIP, BOUND, INTERVAL, PAYMENT = (
    AlertKind.FUNDING_FLIP, AlertKind.FUNDING_BOUND, AlertKind.FUNDING_INTERVAL, AlertKind.FUNDING_PAYMENT
)  # fmt: skip
UP, DOWN = Direction.ABOVE, Direction.BELOW
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)

QUESTIONS = [
    ("BTC > 68000", PRICE, UP, "68000", None),
    ("BTC>68000", PRICE, UP, "68000", None),
    ("BTC >68000", PRICE, UP, "68000", None),
    ("  BTC\t>\n68000 ", PRICE, UP, "68000", None),
    ("BTC >= 68000", PRICE, UP, "68000", None),
    ("BTC above 68000", PRICE, UP, "68000", None),
    ("BTC BELOW 60k", PRICE, DOWN, "60000", None),
    ("BTC < 60K", PRICE, DOWN, "60000", None),
    ("BTC < 60 k", PRICE, DOWN, "60000", None),
    ("BTC<=1.5m", PRICE, DOWN, "1500000", None),
    ("BTC < 0.000000000001", PRICE, DOWN, "0.000000000001", None),
    ("BTC 68000", PRICE, None, "68000", None),
    ("BTC 68k", PRICE, None, "68000", None),
    ("BTC +5% 1h", MOVE, UP, "0.05", HOUR),
    ("BTC+5% 1h", MOVE, UP, "0.05", HOUR),
    ("BTC -3% 15m", MOVE, DOWN, "0.03", 15 * MINUTE),
    ("BTC-3% 15m", MOVE, DOWN, "0.03", 15 * MINUTE),
    ("BTC - 3 % 15 M", MOVE, DOWN, "0.03", 15 * MINUTE),
    ("BTC -99.5% 1m", MOVE, DOWN, "0.995", MINUTE),
    ("BTC +250% 24h", MOVE, UP, "2.5", DAY),
    ("BTC +0.25% 1d", MOVE, UP, "0.0025", DAY),
    ("BTC 5% 1h", MOVE, None, "0.05", HOUR),
    ("funding BTC > 0.05%", RATE, UP, "0.0005", None),
    ("Funding BTC>0.05 %", RATE, UP, "0.0005", None),
    ("funding BTC < -0.01%", RATE, DOWN, "-0.0001", None),
    ("funding BTC above -0.01%", RATE, UP, "-0.0001", None),
    ("funding BTC < 0.01%", RATE, DOWN, "0.0001", None),
    ("funding BTC 0.05%", RATE, None, "0.0005", None),
    ("funding BTC -0.05%", RATE, None, "-0.0005", None),
    ("funding BTC flip", FLIP, None, None, None),
    ("funding BTC CAP", BOUND, None, None, None),
    ("funding BTC interval", INTERVAL, None, None, None),
    ("funding BTC pay", PAYMENT, None, "0", None),
    ("funding BTC pay > 1", PAYMENT, None, "1", None),
    ("funding BTC pay>0.5", PAYMENT, None, "0.5", None),
]

OPTIONS = [
    ("every 4h", {"every": 4 * HOUR}),
    ("EVERY 4 h", {"every": 4 * HOUR}),
    ("every 1m", {"every": MINUTE}),
    ("every 30d", {"every": 30 * DAY}),
    ("once", {}),
    ("until 2026-12-31", {"until": datetime(2026, 12, 31, 23, tzinfo=UTC)}),
    ("until 2026-12-31 18:00", {"until": datetime(2026, 12, 31, 17, tzinfo=UTC)}),
    ("until 2026-7-1 8:05", {"until": datetime(2026, 7, 1, 6, 5, tzinfo=UTC)}),
    ("note resistance", {"note": "resistance"}),
    ("NOTE  a > b,\n<b>every 4h</b>", {"note": "a > b, <b>every 4h</b>"}),
    ("note \u202eevil\x00 👨‍👩‍👧", {"note": "evil 👨‍👩‍👧"}),
    ("buy 0.001 @ 62000", {"order": "buy BTC 0.001 @ 62000"}),
    ("buy 0.001@62000", {"order": "buy BTC 0.001 @ 62000"}),
    ("Buy 100usdt", {"order": "buy BTC 100USDT"}),
    ("buy 100 usdt", {"order": "buy BTC 100USDT"}),
    ("buy $100", {"order": "buy BTC $100"}),
    ("sell 50 %", {"order": "sell BTC 50%"}),
    ("sell max", {"order": "sell BTC 100%"}),
    ("buy btc 0.001 @ 62000", {"order": "buy BTC 0.001 @ 62000"}),
    ("buy max 5", {"order": "buy MAX 5"}),
    ("sell max stop 60000", {"order": "sell BTC 100% stop 60000"}),
    ("sell 0.01 stop 60000 @ 59900 every 4h", {"order": "sell BTC 0.01 @ 59900 stop 60000", "every": 4 * HOUR}),
    ("once buy 1 post @ 5 until 2026-12-31 note post it", {
        "order": "buy BTC 1 @ 5 post", "until": datetime(2026, 12, 31, 23, tzinfo=UTC), "note": "post it",
    }),
    ("buy eth 1 ioc @5", {"order": "buy ETH 1 @ 5 ioc"}),
    ("sell 50% FOK @ 70000", {"order": "sell BTC 50% @ 70000 fok"}),
    ("buy eth/usdt 0.5", {"order": "buy ETH-USDT 0.5"}),
    ("every 4h buy 5 until 2026-12-31", {
        "every": 4 * HOUR, "order": "buy BTC 5", "until": datetime(2026, 12, 31, 23, tzinfo=UTC),
    }),
    ("until 2026-12-31 18:00 every 1d note x every 2h", {
        "every": DAY, "until": datetime(2026, 12, 31, 17, tzinfo=UTC), "note": "x every 2h",
    }),
]  # fmt: skip

_PAST = "{} is in the past; here it is 2026-03-03 13:00 CET."

MISTAKES = [
    ("", "Say which coin.", "BTC > 68000"),
    ("> 68000", "Say which coin.", "BTC > 68000"),
    ("68000", "Say which coin.", "BTC 68000"),
    ("68.5k", "Say which coin.", "BTC 68500"),
    ("+5% 1h", "Say which coin.", "BTC +5% 1h"),
    ("funding", "Say which coin.", "funding BTC > 0.05%"),
    ("funding > 0.1%", "Say which coin.", "funding BTC > 0.1%"),
    ("B🦊C > 5", "That is not a symbol.", "BTC > 5"),
    ("\u0412TC > 5", "That is not a symbol.", "BTC > 5"),
    ("ETH", "Say at which price, or after which move.", "ETH > 68000"),
    ("ETH >", "Say at which price.", "ETH > 68000"),
    ("ETH rises 3000", "I did not understand “rises”", "ETH 3000"),
    ("ETH > 3,000", "A comma could mean 3.000 or 3000", "ETH > 3000"),
    ("ETH > 0,5", "A comma could mean 0.5 or 05", "ETH > 0.5"),
    ("ETH > 3 000", "Numbers are written without spaces.", "ETH > 3000"),
    ("ETH > 1e5", "“1e5” is not a number.", "ETH > 68000"),
    ("ETH > -5", "A price has no sign", "ETH > 5"),
    ("ETH +5 1h", "A price has no sign", "ETH 5"),
    ("ETH > 0", "A price is above zero.", "ETH > 68000"),
    ("ETH > 999999999999m", "No price is that high.", "ETH > 68000"),
    ("ETH > 1000000000000", "No price is that high.", "ETH > 68000"),
    ("ETH > 68\u212a", "is not a number", "ETH > 68000"),
    ("ETH > 5%", "After > a percentage starts with +", "ETH > +5%"),
    ("ETH < +5%", "After < a percentage starts with -", "ETH < -5%"),
    ("ETH < -100%", "Nothing falls by 100 % or more.", "ETH < -1%"),
    ("ETH > +0%", "0 % is no move: say how far it should go.", "ETH > +1%"),
    ("ETH +0% 1h", "0 % is no move: say how far it should go.", "ETH +5% 1h"),
    ("ETH 0% 1h", "0 % is no move: say how far it should go.", "ETH 5% 1h"),
    ("ETH -100% 1h", "Nothing falls by 100 % or more.", "ETH -5% 1h"),
    ("ETH +2,5% 1h", "A comma could mean 2.5 or 25", "ETH +2.5% 1h"),
    ("ETH +5%", "Say within how long: from 1m to 24h.", "ETH +5% 1h"),
    ("ETH +5% every 4h", "Say within how long: from 1m to 24h.", "ETH +5% 1h every 4h"),
    ("ETH +5% 3d", "That is too long: I watch a move within 24h (1d) at most.", "ETH +5% 1d"),
    ("ETH +5% 0m", "That is too short: I watch a move within 1m at least.", "ETH +5% 1m"),
    ("ETH +5% 5min", "I read spans of time such as 15m, 4h or 1d, not “5min”.", "ETH +5% 1h"),
    ("ETH +5% soon", "I read spans of time such as 15m, 4h or 1d, not “soon”.", "ETH +5% 1h"),
    ("funding ETH", "Say what about the funding", "funding ETH > 0.05%"),
    ("funding ETH >", "Say at which rate.", "funding ETH > 0.05%"),
    ("funding ETH > 0.05", "A funding rate ends in %.", "funding ETH > 0.05%"),
    ("funding ETH > 0%", "At 0 % the funding changes sign: flip tells that.", "funding ETH > 0.05%"),
    ("funding ETH > --1%", "is not a number", "funding ETH > 0.05%"),
    ("funding ETH floor", "I did not understand “floor”", "funding ETH > 0.05%"),
    ("funding ETH pay 1", "Before the sum comes >.", "funding ETH pay > 1"),
    ("funding ETH pay < 2", "I tell of payments above a sum, not below.", "funding ETH pay > 2"),
    ("funding ETH pay > much", "“much” is not a number.", "funding ETH pay > 1"),
    ("ETH > 5 evry 4h", "I did not understand “evry”", "ETH > 5 every 4h"),
    ("ETH > 5 please", "I did not understand “please”", "ETH > 5"),
    ("ETH > 5 every", "Say how often at most.", "ETH > 5 every 4h"),
    ("ETH > 5 every note x", "Say how often at most.", "ETH > 5 every 4h note x"),
    ("ETH > 5 every 31d", "It can repeat every 1m to 30d.", "ETH > 5 every 30d"),
    ("ETH > 5 every 0m", "It can repeat every 1m to 30d.", "ETH > 5 every 1m"),
    ("ETH > 5 every 4h once", "Say once or every, and only one of them.", "ETH > 5 every 4h"),
    ("ETH > 5 once every 4h", "Say once or every, and only one of them.", "ETH > 5"),
    ("ETH > 5 once once", "Say once or every, and only one of them.", "ETH > 5"),
    ("ETH > 5 until", "Say until which day.", "ETH > 5 until 2026-04-02"),
    ("every 4h ETH > 5", "The coin and its price come first.", "BTC > 68000"),
    ("until 2026-12-31 ETH > 5", "The coin and its price come first.", "BTC > 68000"),
    ("ETH > 5 until 2025-12-31", _PAST.format("2025-12-31"), "ETH > 5 until 2026-04-02"),
    ("ETH > 5 until 2026-03-03 13:00", _PAST.format("2026-03-03 13:00"), "ETH > 5 until 2026-04-02"),
    ("ETH > 5 until friday", "I read days written as 2026-04-02, and", "ETH > 5 until 2026-04-02"),
    ("ETH > 5 until 2026-02-30", "There is no 2026-02-30.", "ETH > 5 until 2026-04-02"),
    ("ETH > 5 until 2026-12-31 25:00", "There is no 2026-12-31 25:00.", "ETH > 5 until 2026-04-02"),
    ("ETH > 5 until 31.12.2026", "I read days written as 2026-04-02, and", "ETH > 5 until 2026-04-02"),
    ("ETH > 5 note", "Say what to note.", "ETH > 5 note resistance"),
    ("ETH > 5 note " + "x" * 201, "A note has room for 200 characters; this one has 201.", "ETH > 5 note " + "x" * 200),
    ("ETH > 5 buy", "Say what to buy and how much.", "ETH > 5 buy ETH 0.001 @ 62000"),
    ("ETH > 5 buy 1,5", "A comma could mean 1.5 or 15", "ETH > 5 buy ETH 1.5"),
    ("ETH > 5 buy 1 @", "After @ comes one price.", "ETH > 5 buy ETH 0.001 @ 62000"),
    ("ETH > 5 buy 🦊 1", "“🦊” is not a number.", "ETH > 5 buy ETH 0.001 @ 62000"),
    ("ETH > 5 sell stop 1 every 4h", "Say what to sell and how much.", "ETH > 5 every 4h sell ETH 0.001 @ 62000"),
    ("ETH > 5 sell 1 post", "An order without a price trades at the market at once; post goes with a price.",
     "ETH > 5 sell ETH 0.001 @ 62000"),
    ("ETH > 5 buy \u0412TC 1", "That is not a symbol.", "ETH > 5 buy ETH 0.001 @ 62000"),
    ("ETH > 5 buy 1 sell 1", "One order goes with an alert, not two.", "ETH > 5 buy ETH 1"),
]  # fmt: skip

numbers = st.decimals(min_value=Decimal("0.00000001"), max_value=Decimal("999999999"), places=8)
symbols = st.from_regex(r"[A-Za-z0-9]{1,8}([-/][A-Za-z0-9]{2,5})?", fullmatch=True).filter(
    lambda word: word.lower() != "funding"
)
spans = st.builds(lambda n, unit: n * unit, st.integers(1, 24), st.sampled_from([MINUTE, HOUR]))
pieces = st.sampled_from([
    "BTC", "funding", ">", "<", ">=", "above", "68000", "68k", "+5%", "-3 %", "5%", "0", "1h", "3d", "every", "4h",
    "once", "until", "2026-12-31", "2020-01-01", "18:00", "note", "buy", "sell", "@", "0.001", "100usdt", "max",
    "stop", "post", "ioc",
    "pay", "flip", "cap", "1,5", "1e5", "NaN", "\u0661", "\u212a", "\x00", "\u202e", "🦊", "$", "-", "+", "%",
])  # fmt: skip


def _read(line: str) -> Wish:
    return parsing_alerts.wish(line, NOON, BERLIN)


@pytest.mark.parametrize(("line", "kind", "direction", "level", "window"), QUESTIONS)
def test_every_form_of_a_question(
    line: str, kind: AlertKind, direction: Direction | None, level: str | None, window: timedelta | None
) -> None:
    expected = Wish(
        kind=kind, word="BTC", direction=direction, level=Decimal(level) if level else None, window=window
    )  # fmt: skip
    assert _read(line) == expected


@pytest.mark.parametrize(
    ("line", "direction", "level"),
    [("BTC > +1%", UP, "0.01"), ("BTC<-2%", DOWN, "0.02"), ("BTC above +150%", UP, "1.5")],
)
def test_a_level_may_be_so_far_from_the_price_of_now(line: str, direction: Direction, level: str) -> None:
    assert _read(line) == Wish(kind=PRICE, word="BTC", direction=direction, level=Decimal(level), relative=True)


@pytest.mark.parametrize(("options", "expected"), OPTIONS, ids=lambda value: ascii(value)[:30])
@pytest.mark.parametrize("question", ["BTC > 68000", "BTC +5% 1h", "funding BTC flip", "funding BTC pay"])
def test_every_option_after_every_question(question: str, options: str, expected: dict[str, object]) -> None:
    wish = _read(f"{question} {options}")
    found = {"every": wish.every, "until": wish.until, "note": wish.note, "order": wish.order}
    assert found == {"every": None, "until": None, "note": "", "order": ""} | expected
    assert wish.kind is _read(question).kind


@pytest.mark.parametrize("word", ["btc", "BTC-USDT", "btc/usdt", "BTCUSDT", "XBTUSDTM", "1INCH", "funding-usdt"])
def test_a_symbol_stays_as_it_was_typed(word: str) -> None:
    for line in (f"{word} > 5", f"{word}>5", f"{word} -3% 1h", f"{word}-3% 1h", f"funding {word} flip"):
        assert _read(line).word == word


@pytest.mark.parametrize(("line", "sentence", "mended"), MISTAKES, ids=lambda value: ascii(value)[:40])
def test_a_mistake_gets_one_sentence_and_the_line_mended(line: str, sentence: str, mended: str) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)) as refused:
        _read(line)
    assert _normal(refused.value.example) == _normal(f"/alert {mended}")
    assert len(str(refused.value)) <= 150


def _normal(line: str) -> Wish:
    return _read(line.removeprefix("/alert "))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
@pytest.mark.parametrize(
    "shape",
    ["BTC > {}", "BTC < {}k", "BTC {}m", "BTC > +{}%", "BTC +{}% 1h", "BTC {}% 1h", "BTC +5% {}h",
     "funding BTC > {}%", "funding BTC < -{}%", "funding BTC pay > {}", "BTC > 5 every {}h", "BTC > 5 buy {}",
     "BTC > 5 buy 1 @ {}"],
)  # fmt: skip
def test_what_only_looks_like_a_number_is_nowhere_one(text: str, shape: str) -> None:
    try:
        wish = _read(shape.format(text))
    except UsageError as error:
        _assert_works(error.example)
    else:
        assert text.isascii()
        assert (shape, text) in _READ_OTHERWISE, wish


_READ_OTHERWISE = {(shape, text) for shape in ("BTC {}% 1h", "funding BTC > {}%") for text in ("-1", "+1")}
"""Where a sign has a meaning."""


def test_a_coin_that_begins_with_a_digit_may_be_named_in_its_own_order_only() -> None:
    """`100usdt 5` might be one, too; for another coin it would be a guess."""
    assert _read("1inch < 1 buy 5").order == "buy 1INCH 5"
    assert _read("1inch < 1 buy 1inch 5").order == "buy 1INCH 5"
    with pytest.raises(UsageError):
        _read("BTC < 60k buy 1inch 5")
    with pytest.raises(UsageError):
        _read("BTC < 60k buy 100usdt 60000")


@pytest.mark.parametrize("word", ["every", "Once", "UNTIL", "note", "buy", "above", "pay"])
def test_a_coin_may_be_called_like_an_option(word: str) -> None:
    wish = _read(f"{word} > 5 buy 5 note {word}")
    assert (wish.word, wish.order, wish.note) == (word, f"buy {word.upper()} 5", word)
    assert _read(parsing_alerts.written(wish, BERLIN)) == wish


@pytest.mark.parametrize("value", [timedelta(days=1, minutes=1), timedelta(hours=36), MINUTE, 2 * HOUR, 30 * DAY])
def test_a_span_is_written_as_it_is_read(value: timedelta) -> None:
    wish = Wish(kind=PRICE, word="BTC", direction=UP, level=Decimal(5), every=value)
    assert _read(parsing_alerts.written(wish, BERLIN)) == wish


@given(
    word=symbols, level=numbers, direction=st.sampled_from([*Direction, None]), every=st.none() | spans,
    until=st.none() | st.datetimes(datetime(2026, 3, 4), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kolkata", "Pacific/Apia"]),
    note=st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=200),
    order=st.sampled_from(["", "buy BTC 0.001 @ 62000", "sell ETH-USDT 50%", "buy BTC $100",
                           "sell BTC 50% @ 59900 stop 60000 ioc", "buy BTC 1 @ 5 post"]),
)  # fmt: skip
def test_a_price_wish_reads_back_what_was_written(
    word: str, level: Decimal, direction: Direction | None, every: timedelta | None, until: datetime | None,
    zone: str, note: str, order: str,
) -> None:  # fmt: skip
    minute = until.replace(second=0, microsecond=0) if until is not None else None
    wish = Wish(
        kind=PRICE, word=word, direction=direction, level=level, every=every, until=minute, note=note, order=order
    )
    home = ZoneInfo(zone)
    again = parsing_alerts.wish(parsing_alerts.written(wish, home), NOON, home)
    if minute is not None and again.until != minute:
        # a clock put back shows an hour twice, and the first is meant
        assert again.until is not None
        assert minute - again.until == HOUR
        assert again.until.astimezone(home).replace(tzinfo=None) == minute.astimezone(home).replace(tzinfo=None)
        minute = again.until
    assert again == Wish(
        kind=PRICE, word=word, direction=direction, level=level, every=every, until=minute, note=note, order=order
    )


@given(word=symbols, percent=numbers, direction=st.sampled_from([*Direction, None]), window=spans)
def test_a_move_reads_back_what_was_written(
    word: str, percent: Decimal, direction: Direction | None, window: timedelta
) -> None:
    size = percent / 100 if direction is not DOWN else min(percent / 100, Decimal("0.5"))
    wish = Wish(kind=MOVE, word=word, direction=direction, level=size, window=window)
    assert _read(parsing_alerts.written(wish, BERLIN)) == wish


@given(word=symbols, percent=numbers, negative=st.booleans(), direction=st.sampled_from([*Direction, None]))
def test_a_rate_reads_back_what_was_written(
    word: str, percent: Decimal, direction: Direction | None, *, negative: bool
) -> None:
    wish = Wish(kind=RATE, word=word, direction=direction, level=(-percent if negative else percent) / 100)
    assert _read(parsing_alerts.written(wish, BERLIN)) == wish


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.lists(pieces, max_size=9).map(" ".join))
@example("BTC > 5 until 2099-12-31")
@example("BTC > 5 note \u202e")
def test_whatever_is_typed_ends_in_a_wish_or_in_a_line_that_works(text: str) -> None:
    try:
        wish = _read(text)
    except UsageError as error:
        _assert_works(error.example)
        _assert_visible(str(error))
    else:
        _assert_sound(wish)
        assert _read(parsing_alerts.written(wish, BERLIN)) == wish


@pytest.mark.parametrize(
    "line",
    ["BTC > " + "9" * 4000, "-" * 4000, "BTC " + "-1" * 2000, "BTC" + " " * 4000 + "x", "1." * 2000, "BTC > 5 " * 500],
)
def test_a_whole_message_of_nonsense_is_answered_at_once(line: str) -> None:
    with pytest.raises(UsageError) as refused:
        _read(line)
    assert len(str(refused.value)) <= 150
    assert len(refused.value.example) <= 400


def _assert_visible(sentence: str) -> None:
    assert all(sign.isprintable() for sign in sentence)


def _assert_works(line: str) -> None:
    found = parsing.command(line, "desk_bot")
    assert found is not None
    assert found[0] == "alert"
    _assert_sound(_read(found[1]))


def _assert_sound(wish: Wish) -> None:
    """Nothing the service could stumble over."""
    level = wish.level
    assert level is None or (level.is_finite() and abs(level) < 10**12)
    if wish.kind is PRICE:
        assert level is not None
        assert level > 0
    if wish.kind is MOVE:
        assert level is not None
        assert wish.window is not None
        assert level > 0
        assert MINUTE <= wish.window <= DAY
    assert wish.every is None or MINUTE <= wish.every <= 30 * DAY
    assert wish.until is None or wish.until > NOON
    assert len(wish.note) <= 200
    if wish.order:
        side, _, rest = wish.order.partition(" ")
        assert parsing.order(Side(side), rest).amount.value > 0


@pytest.mark.parametrize(
    ("now", "typed", "until"),
    [
        ("2026-10-25T00:10", "2026-10-25 02:30", "2026-10-25T00:30"),
        ("2026-10-25T00:45", "2026-10-25 02:30", "2026-10-25T01:30"),
        ("2026-03-28T12:00", "2026-03-29 02:30", "2026-03-29T01:30"),
        ("2026-10-25T00:45", "2026-10-25", "2026-10-25T23:00"),
    ],
)
def test_an_hour_that_comes_twice_or_never_ends_an_alert_in_the_future(now: str, typed: str, until: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    wish = parsing_alerts.wish(f"BTC > 5 until {typed}", at, BERLIN)
    assert wish.until == datetime.fromisoformat(until).replace(tzinfo=UTC)
