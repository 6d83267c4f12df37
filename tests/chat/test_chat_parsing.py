"""Parsing: one strict grammar, a sentence and a working example for everything else."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatbot.chat import parsing
from chatbot.chat.parsing_options import order_line
from chatbot.core.errors import UsageError
from chatbot.core.numbers import plain
from chatbot.core.orders import Amount, AmountKind, Draft, Side, TimeInForce

GRAMMAR = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")

HOSTILE = [
    "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf", "1e400", "1e5", "1E-9", "1e-9", "-1", "+1", "1_000", "0x10",
    "0b1", "0o7", "1,5", "1,000", "1.000,50", "1 000", "1\u00a0000", "1\u202f000", "\u0661\u0662\u0663", "\uff11\uff12",
    "\u09e7", "\u00b2", "\u00bd", "\u2167", "", " ", ".", "1.", ".5", "1..2", "1.2.3", "1'000", "--1", "1-", "1+1",
    "1/2", "\u22121", "1\u200b0", "\u202e10", "10\x00", "1" * 13, "0." + "0" * 13, "9" * 10_000, "1;2", "$", "<b>1</b>",
    "\U0001f4b0",
]  # fmt: skip
"""What `Decimal`, `float` or a person's eye might take for a number, and the grammar does not."""

AMOUNTS = [
    ("0.01", AmountKind.BASE, "0.01", ""),
    ("1", AmountKind.BASE, "1", ""),
    ("100usdt", AmountKind.IN_UNIT, "100", "USDT"),
    ("100USDT", AmountKind.IN_UNIT, "100", "USDT"),
    ("0.5btc", AmountKind.IN_UNIT, "0.5", "BTC"),
    ("7c98", AmountKind.IN_UNIT, "7", "C98"),
    ("3x2y2", AmountKind.IN_UNIT, "3", "X2Y2"),
    ("$100", AmountKind.IN_UNIT, "100", "$"),
    ("$0.5", AmountKind.IN_UNIT, "0.5", "$"),
    ("50%", AmountKind.PERCENT, "50", ""),
    ("100%", AmountKind.PERCENT, "100", ""),
    ("0.5%", AmountKind.PERCENT, "0.5", ""),
    ("max", AmountKind.PERCENT, "100", ""),
    ("MAX", AmountKind.PERCENT, "100", ""),
]

numbers = st.decimals(
    min_value=Decimal("0.000000000001"), max_value=Decimal("999999999999"), places=12, allow_nan=False
)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_what_only_looks_like_a_number_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parsing.number(text, "/buy BTC 100usdt")
    assert refused.value.example == "/buy BTC 100usdt"
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
@pytest.mark.parametrize("shape", ["{}", "${}", "{}%", "{}usdt"])
def test_no_amount_is_made_of_it_in_any_form(text: str, shape: str) -> None:
    with pytest.raises(UsageError):
        parsing.amount(shape.format(text), "/buy BTC 100usdt")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
@pytest.mark.parametrize("line", ["BTC {}", "BTC 1 @ {}", "BTC 1@{}"])
def test_no_order_is_made_of_it(text: str, line: str) -> None:
    with pytest.raises(UsageError) as refused:
        parsing.order(Side.BUY, line.format(text))
    _assert_works(refused.value.example)


@pytest.mark.parametrize("text", ["1,5", "1,000", "0,5"])
@pytest.mark.parametrize("shape", ["{}", "${}", "{}%", "{}usdt"])
def test_a_comma_gets_a_hint_and_never_a_guess(text: str, shape: str) -> None:
    with pytest.raises(UsageError, match="comma") as refused:
        parsing.amount(shape.format(text), "/buy BTC 100usdt")
    assert text.replace(",", ".") in str(refused.value)
    assert text.replace(",", "") in str(refused.value)


@pytest.mark.parametrize("text", ["0x10", "1e400", "1e5"])
def test_what_a_programmer_would_read_as_a_number_is_no_amount_of_a_coin(text: str) -> None:
    with pytest.raises(UsageError, match=f"“{text}” is not a number"):
        parsing.amount(text, "/buy BTC 100usdt")


@pytest.mark.parametrize("text", ["0", "0.0", "$0", "0%", "0usdt", "0.000000000000"])
def test_zero_is_nothing_to_trade(text: str) -> None:
    with pytest.raises(UsageError, match="Zero"):
        parsing.amount(text, "/buy BTC 100usdt")


def test_a_percent_sign_may_stand_apart() -> None:
    assert parsing.order(Side.SELL, "BTC 50 %").amount == Amount(kind=AmountKind.PERCENT, value=Decimal(50))


def test_more_than_all_of_it_is_refused() -> None:
    with pytest.raises(UsageError, match="More than 100 %"):
        parsing.amount("100.1%", "/buy BTC 100usdt")


@pytest.mark.parametrize(("text", "kind", "value", "unit"), AMOUNTS)
def test_every_form_of_an_amount(text: str, kind: AmountKind, value: str, unit: str) -> None:
    assert parsing.amount(text, "x") == Amount(kind=kind, value=Decimal(value), unit=unit)


@pytest.mark.parametrize(
    "text", ["BTC 0.01 @ 60000", "BTC 0.01 @60000", "BTC 0.01@ 60000", "BTC 0.01@60000", "  BTC\t0.01  @  60000 "]
)
def test_every_form_of_a_price(text: str) -> None:
    amount = Amount(kind=AmountKind.BASE, value=Decimal("0.01"))
    assert parsing.order(Side.SELL, text) == Draft(side=Side.SELL, word="BTC", amount=amount, price=Decimal(60000))


@pytest.mark.parametrize("text", ["btc-usdt 100usdt", "btc-usdt 100 usdt", "btc-usdt  100  USDT"])
def test_a_unit_may_stand_apart(text: str) -> None:
    amount = Amount(kind=AmountKind.IN_UNIT, value=Decimal(100), unit="USDT")
    assert parsing.order(Side.BUY, text) == Draft(side=Side.BUY, word="btc-usdt", amount=amount)


_HALF = Amount(kind=AmountKind.PERCENT, value=Decimal(50))
_SALE = Draft(side=Side.SELL, word="BTC", amount=_HALF)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BTC 50% stop 60000", {"trigger": Decimal(60000)}),
        ("BTC 50% STOP 60000", {"trigger": Decimal(60000)}),
        ("BTC 50 % stop 60000", {"trigger": Decimal(60000)}),
        ("BTC 50% @ 59900 stop 60000", {"price": Decimal(59900), "trigger": Decimal(60000)}),
        ("BTC 50% stop 60000 @59900", {"price": Decimal(59900), "trigger": Decimal(60000)}),
        ("BTC 50% stop 60000@59900", {"price": Decimal(59900), "trigger": Decimal(60000)}),
        ("BTC 50% @ 60000 post", {"price": Decimal(60000), "post_only": True}),
        ("BTC 50% post @ 60000", {"price": Decimal(60000), "post_only": True}),
        ("BTC 50% ioc @ 60000", {"price": Decimal(60000), "in_force": TimeInForce.IOC}),
        ("BTC 50% @ 60000 Fok", {"price": Decimal(60000), "in_force": TimeInForce.FOK}),
        ("BTC 50% fok stop 61000 @ 60000", {
            "price": Decimal(60000), "trigger": Decimal(61000), "in_force": TimeInForce.FOK,
        }),
    ],
)  # fmt: skip
def test_what_follows_the_amount_may_stand_in_any_order(text: str, expected: dict[str, Any]) -> None:
    assert parsing.order(Side.SELL, text) == replace(_SALE, **expected)
    assert parsing.order(Side.SELL, order_line(parsing.order(Side.SELL, text)).partition(" ")[2]) == replace(
        _SALE, **expected
    )


def test_an_option_is_no_unit_of_the_amount() -> None:
    one = Amount(kind=AmountKind.BASE, value=Decimal(1))
    assert parsing.order(Side.BUY, "BTC 1 stop 70000").amount == one
    assert parsing.order(Side.BUY, "BTC 1 post @ 5").amount == one


@pytest.mark.parametrize(
    ("text", "sentence", "example"),
    [
        ("BTC 1 post", "without a price trades at the market at once; post goes with", "/sell BTC 1 @ 60000 post"),
        ("BTC 1 ioc", "ioc goes with a price", "/sell BTC 1 @ 60000 ioc"),
        ("BTC 1 stop 5 fok", "fok goes with a price", "/sell BTC 1 @ 60000 stop 5 fok"),
        ("BTC 1 @ 7 post ioc", "they do not go together", "/sell BTC 1 @ 7 post"),
        ("BTC 1 @ 7 fok post", "they do not go together", "/sell BTC 1 @ 7 post"),
        ("BTC 1 @ 7 fok ioc", "say one of them", "/sell BTC 1 @ 7 ioc"),
        ("BTC 1 @ 7 post stop 8", "has to trade when it fires", "/sell BTC 1 stop 8"),
        ("BTC 1 stop", "After stop comes one price.", "/sell BTC 1 stop 60000"),
        ("BTC 1 stop stop 5", "“stop” is not a number.", "/sell BTC 1 stop 60000"),
        ("BTC 1 stop 5 stop 6", "“stop” stands there twice.", "/sell BTC 1 @ 60000"),
        ("BTC 1 @ 5 post POST", "“POST” stands there twice.", "/sell BTC 1 @ 60000"),
        ("BTC 1 stop 0", "Zero", "/sell BTC 1 stop 60000"),
        ("BTC 1 stop 60,000", "A comma could mean", "/sell BTC 1 stop 60000"),
        ("BTC 1 stop 60k", "“60k” is not a number.", "/sell BTC 1 stop 60000"),
        ("BTC 1 @ 5 please", "“please” after the price", "/sell BTC 1 @ 60000"),
        ("BTC 50% gtc", "I did not understand “gtc”", "/sell BTC 50% @ 60000"),
        ("BTC stop 5", "Say what to sell and how much.", "/sell BTC 100usdt"),
        ("stop 5", "Say what to sell and how much.", "/sell BTC 100usdt"),
        ("post 5 @ 6", "Say what to sell and how much.", "/sell BTC 100usdt"),
        ("\u202eBTC 1 post", "goes with a price", "/sell BTC 0.001 @ 60000 post"),
    ],
)
def test_what_makes_no_sense_together_gets_a_sentence_and_what_was_most_likely_meant(
    text: str, sentence: str, example: str
) -> None:
    with pytest.raises(UsageError) as refused:
        parsing.order(Side.SELL, text)
    assert sentence in str(refused.value)
    assert refused.value.example == example
    _assert_works(example)


@pytest.mark.parametrize(
    "text",
    [
        "", "BTC", "@", "BTC @ 60000", "BTC @ 60000 0.01", "BTC 1 @", "BTC 1 @ 2 @ 3", "BTC 1 @ 2 3", "BTC 1 2 3",
        "BTC 1 000", "BTC 1 @ 60 000", "BTC 1 usdt now", "BTC 100usdt please", "1 BTC", "BTC one", "BTC 1 @ market",
        "BTC 1 @ 0", "BTC 0", "BTC -1", "BTC 50 50 %", "BTC 1 @ $60000", "BTC 1 @ 60000usdt",
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", Side)
def test_an_order_that_cannot_be_read_is_answered_with_one_that_can(text: str, side: Side) -> None:
    with pytest.raises(UsageError) as refused:
        parsing.order(side, text)
    assert refused.value.example.startswith(f"/{side.value} ")
    _assert_works(refused.value.example)


@given(value=numbers)
def test_a_number_reads_back_what_was_written(value: Decimal) -> None:
    assert parsing.number(plain(value), "x") == value


@given(value=numbers, price=numbers, unit=st.sampled_from(["", "usdt", "BTC", "X2Y2"]))
def test_an_order_reads_back_what_was_written(value: Decimal, price: Decimal, unit: str) -> None:
    draft = parsing.order(Side.BUY, f"BTC {plain(value)}{unit} @ {plain(price)}")
    assert (draft.amount.value, draft.price, draft.amount.unit) == (value, price, unit.upper())


@given(text=words)
@example("\u202e1")
@example("1\u0660")
def test_nothing_outside_the_grammar_is_a_number(text: str) -> None:
    try:
        value = parsing.number(text, "x")
    except UsageError:
        assert not GRAMMAR.fullmatch(text)
    else:
        assert GRAMMAR.fullmatch(text)
        assert text.isascii()
        assert value == Decimal(text)


@given(
    text=words
    | st.lists(
        st.sampled_from(["BTC", "1", "@", "$", "%", "usdt", "0.", ",", "max", "\x00", "stop", "post", "ioc"])
    ).map(" ".join)
)
def test_whatever_is_typed_ends_in_a_draft_or_in_a_usage_error(text: str) -> None:
    for side in Side:
        try:
            draft = parsing.order(side, text)
        except UsageError as error:
            _assert_works(error.example)
            _assert_visible(str(error))
        else:
            assert draft.amount.value > 0
            assert draft.price is None or draft.price > 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/price btc", ("price", "btc")),
        ("/PRICE  btc  eth ", ("price", "btc  eth")),
        ("/price", ("price", "")),
        ("/price@desk_bot btc", ("price", "btc")),
        ("/price@Desk_Bot", ("price", "")),
        ("/price\nbtc", ("price", "btc")),
        ("/price@other_bot btc", None),
        ("price btc", None),
        (" /price btc", None),
        ("/", None),
        ("//price", None),
        ("/prix\u00e9 btc", None),
        ("/price,btc", None),
        ("/\u0440rice btc", None),
        ("/" + "a" * 33, None),
        ("", None),
    ],
)
def test_a_command_is_a_slash_and_a_word_meant_for_this_bot(text: str, expected: tuple[str, str] | None) -> None:
    assert parsing.command(text, "desk_bot") == expected


@given(text=words)
def test_a_command_is_never_longer_than_telegram_lets_one_be(text: str) -> None:
    found = parsing.command(f"/{text}", "desk_bot")
    assert found is None or re.fullmatch("[a-z0-9_]{1,32}", found[0])


def _assert_visible(sentence: str) -> None:
    assert all(sign.isprintable() for sign in sentence)


def _assert_works(line: str) -> None:
    found = parsing.command(line, "desk_bot")
    assert found is not None
    assert parsing.order(Side(found[0]), found[1]).amount.value > 0
