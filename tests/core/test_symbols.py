from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import UnknownSymbol, UsageError
from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.symbols import Catalogue, alike, normal
from tests.core.bounded import BTC


def _spot(base: str, quote: str = "USDT") -> Instrument:
    return replace(BTC, symbol=Symbol(f"{base}-{quote}"), base=base, quote=quote)


def _future(symbol: str, base: str, quote: str = "USDT", *, inverse: bool = False) -> Instrument:
    return replace(BTC, symbol=Symbol(symbol), venue=Venue.FUTURES, base=base, quote=quote, inverse=inverse)


_ALL = Catalogue(
    (
        _future("XBTUSDTM", "BTC"),
        _future("XBTUSDM", "BTC", "USD", inverse=True),
        _future("XBTUSDCM", "BTC", "USDC"),
        _future("XBTMH26", "BTC", "USD", inverse=True),
        _future("ETHUSDTM", "ETH"),
        _future("1000BONKUSDTM", "1000BONK"),
        _spot("ETH", "BTC"),
        _spot("BTC", "USDC"),
        _spot("BTC"),
        _spot("ETH"),
        _spot("BCH"),
        _spot("SOL"),
        _spot("LINK"),
        _spot("KCS", "BTC"),
    )
)


@pytest.mark.parametrize(
    ("word", "symbol"),
    [
        ("BTC", "BTC-USDT"),
        ("btc", "BTC-USDT"),
        (" Btc ", "BTC-USDT"),
        ("btc-usdt", "BTC-USDT"),
        ("BTC/USDT", "BTC-USDT"),
        ("btcusdt", "BTC-USDT"),
        ("xbt", "BTC-USDT"),
        ("XBT-USDT", "BTC-USDT"),
        ("btc/usdc", "BTC-USDC"),
        ("BTCUSDC", "BTC-USDC"),
        ("eth/btc", "ETH-BTC"),
        ("ETHBTC", "ETH-BTC"),
        ("eth", "ETH-USDT"),
        ("xbtusdtm", "XBTUSDTM"),
        ("XBTUSDM", "XBTUSDM"),
        ("XBTMH26", "XBTMH26"),
        ("1000bonk", "1000BONKUSDTM"),
    ],
)
def test_a_word_finds_the_symbol_people_mean(word: str, symbol: str) -> None:
    assert _ALL.find(word).symbol == symbol


@pytest.mark.parametrize(
    ("word", "symbol"),
    [
        ("btc", "XBTUSDTM"),
        ("BTC-USDT", "XBTUSDTM"),
        ("btcusdt", "XBTUSDTM"),
        ("xbt", "XBTUSDTM"),
        ("XBTUSDTM", "XBTUSDTM"),
        ("XBTUSDM", "XBTUSDM"),
        ("BTC-USDC", "XBTUSDTM"),
        ("eth/btc", "ETHUSDTM"),
    ],
)
def test_a_word_finds_the_perpetual_people_mean(word: str, symbol: str) -> None:
    assert _ALL.perpetual(word).symbol == symbol


@pytest.mark.parametrize("word", ["SOL", "SOL-USDT", "XBTMH26", "KCS"])
def test_what_has_no_perpetual_is_unknown_among_them(word: str) -> None:
    with pytest.raises(UnknownSymbol):
        _ALL.perpetual(word)


def test_only_futures_without_an_end_are_perpetuals() -> None:
    perpetuals = {i.symbol for i in _ALL.instruments if i.perpetual}
    assert perpetuals == {"XBTUSDTM", "XBTUSDM", "XBTUSDCM", "ETHUSDTM", "1000BONKUSDTM"}


@pytest.mark.parametrize(
    ("word", "first"), [("bct", "BTC"), ("linc", "LINK"), ("BTC-USTD", "BTC-USDT"), ("slo", "SOL")]
)
def test_a_word_that_fits_nothing_is_answered_with_the_nearest(word: str, first: str) -> None:
    with pytest.raises(UnknownSymbol) as refused:
        _ALL.find(word)
    assert refused.value.nearest[0] == first
    assert len(refused.value.nearest) <= 3


def test_a_coin_called_by_its_spoken_name_is_suggested_and_never_taken() -> None:
    with pytest.raises(UnknownSymbol) as refused:
        _ALL.find("bitcoin")
    assert refused.value.nearest == ("BTC",)


@pytest.mark.parametrize(
    ("name", "word", "like"),
    [("BTC", "BCT", True), ("LINK", "LINC", True), ("BTC", "BITCOIN", True), ("LINK", "BERLIN", False)],
)
def test_what_is_alike_is_told_from_words_of_other_matters(name: str, word: str, like: bool) -> None:
    assert alike(name, word) is like


def test_a_word_like_nothing_has_no_nearest() -> None:
    assert _ALL.nearest("QQQQQQ") == ()


def test_suggestions_can_be_found_in_turn() -> None:
    assert all(_ALL.find(name) for word in ("bct", "BTC-UST", "E") for name in _ALL.nearest(word.upper()))


def test_a_lone_coin_without_the_home_pair_is_not_guessed() -> None:
    with pytest.raises(UnknownSymbol):
        _ALL.find("KCS")


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "ВТС",  # Cyrillic
        "ΒTC",  # Greek capital Beta
        "BTC-USDТ",  # one Cyrillic letter
        "ｂｔｃ",  # full width
        "uſdt",  # long s: its capital is an ASCII S
        "lınk",  # dotless i: its capital is an ASCII I
        "ﬁl",  # a ligature: its capitals are ASCII
        "ß",
        "B\u200bTC",  # zero width space
        "BTC\u200d",
        "\u202eCTB",  # right to left
        "BTC\x00",
        "BTC\x00-USDT",
        "BTC--USDT",
        "BTC-",
        "-USDT",
        "BTC-USDT-X",
        "BTC USDT",
        "BTC\nUSDT",
        "BTC.USDT",
        "BTC_USDT",
        "<b>",
        "٣",  # an Arabic digit
        "A" * 21,
        "A" * 1_000_000,
    ],
)
def test_what_is_not_letters_digits_and_one_divider_is_no_symbol(word: str) -> None:
    with pytest.raises(UsageError) as refused:
        _ALL.find(word)
    assert not isinstance(refused.value, UnknownSymbol)
    assert refused.value.example


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_plain_word_or_refused(word: str) -> None:
    try:
        text = normal(word)
    except UsageError:
        return
    assert word.strip().isascii()
    assert text == word.strip().upper().replace("/", "-")


@pytest.mark.parametrize("instrument", _ALL.instruments, ids=lambda i: i.symbol)
def test_every_symbol_as_the_exchange_writes_it_is_itself(instrument: Instrument) -> None:
    assert _ALL.find(instrument.symbol) is instrument
    assert _ALL.find(instrument.symbol.lower()) is instrument
    assert _ALL.get(instrument.symbol) is instrument


def test_get_takes_only_the_exact_symbol() -> None:
    assert _ALL.get(Symbol("btc-usdt")) is None


def test_a_coin_knows_its_perpetual() -> None:
    spot, perpetual = _ALL.find("BTC-USDT"), _ALL.find("XBTUSDTM")
    assert _ALL.perpetual_of(spot) is perpetual
    assert _ALL.perpetual_of(perpetual) is perpetual
    assert _ALL.perpetual_of(_ALL.find("SOL")) is None
    assert _ALL.perpetual_of(_ALL.find("XBTMH26")) is perpetual
