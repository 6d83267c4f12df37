"""Amounts as one reader sees them."""

from decimal import Decimal

from chatbot.core.amounts import PLAIN, Amounts


def test_hidden_amounts_all_look_the_same() -> None:
    hidden = Amounts(hidden=True, currency="EUR", rate=Decimal("0.9"))
    assert hidden.of("1") == hidden.of("123,456.78") == "•••"
    assert hidden.beside(Decimal(5)) == ""
    assert PLAIN.of("1") == "1"


def test_the_other_currency_follows_where_it_has_a_price() -> None:
    assert Amounts(currency="EUR", rate=Decimal("0.92")).beside(Decimal("6510.88")) == " (5,990.01 EUR)"
    assert Amounts(currency="EUR", rate=Decimal("0.92")).beside(Decimal("-0.001")) == " (0.00 EUR)"
    assert Amounts(currency="EUR").beside(Decimal(1)) == PLAIN.beside(Decimal(1)) == ""
