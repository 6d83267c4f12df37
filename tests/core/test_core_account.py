from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.account import AccountKind, Balance, value_in_usdt, valued

_PRICES = {"BTC": Decimal(67000), "KCS": Decimal("9.5"), "SHIB": Decimal("0.00001"), "ZERO": Decimal(0)}


def _holds(currency: str, total: str, kind: AccountKind = AccountKind.TRADE, held: str = "0") -> Balance:
    return Balance(
        kind=kind,
        currency=currency,
        total=Decimal(total),
        available=Decimal(total) - Decimal(held),
        held=Decimal(held),
    )


@pytest.mark.parametrize(
    ("currency", "amount", "worth"),
    [
        ("USDT", "12.5", Decimal("12.5")),
        ("BTC", "0.5", Decimal(33500)),
        ("BTC", "-0.5", Decimal(-33500)),
        ("NOBODYKNOWS", "0", Decimal(0)),
        ("NOBODYKNOWS", "1", None),
    ],
)
def test_a_holding_is_worth_its_amount_at_the_price_of_its_currency(
    currency: str, amount: str, worth: Decimal | None
) -> None:
    assert value_in_usdt(currency, Decimal(amount), _PRICES) == worth


def test_holdings_are_listed_dearest_first_and_those_without_a_price_last() -> None:
    balances = [
        _holds("ODD", "5"),
        _holds("SHIB", "1000"),
        _holds("USDT", "300", held="100"),
        _holds("BTC", "0.1"),
        _holds("AAA", "7"),
        _holds("ZERO", "9"),
    ]
    rows = valued(balances, AccountKind.TRADE, _PRICES)
    assert [row.currency for row in rows] == ["BTC", "USDT", "SHIB", "ZERO", "AAA", "ODD"]
    assert [row.worth for row in rows] == [Decimal(6700), Decimal(300), Decimal("0.01"), Decimal(0), None, None]
    assert rows[1].held == Decimal(100)


def test_the_pockets_are_never_mixed_and_empty_holdings_left_out() -> None:
    balances = [_holds("USDT", "1"), _holds("USDT", "2", AccountKind.MAIN), _holds("BTC", "0")]
    assert [row.total for row in valued(balances, AccountKind.TRADE, _PRICES)] == [Decimal(1)]
    assert [row.total for row in valued(balances, AccountKind.MAIN, _PRICES)] == [Decimal(2)]


_amounts = st.decimals(min_value=0, max_value=Decimal("1e9"), places=8)


@given(st.lists(st.tuples(st.sampled_from(["USDT", "BTC", "KCS", "ODD"]), _amounts), max_size=8))
def test_no_holding_is_lost_or_made_up(holdings: list[tuple[str, Decimal]]) -> None:
    rows = valued([_holds(c, str(a)) for c, a in holdings], AccountKind.TRADE, _PRICES)
    assert sorted((r.currency, r.total) for r in rows) == sorted((c, a) for c, a in holdings if a)
    priced = [r.worth for r in rows if r.worth is not None]
    assert priced == sorted(priced, reverse=True)
