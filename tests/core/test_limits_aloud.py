"""Where others read along, a refusal does not tell what a part of the account comes to."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chatbot.core.errors import Refused
from chatbot.core.limits import Limits, check, estimate, fit
from chatbot.core.orders import Amount, AmountKind, Draft, Side
from tests.core.bounded import LIMITS, TERMS

ROOMY = replace(LIMITS, max_notional=Decimal(10**6))


@pytest.mark.parametrize(
    ("percent", "limits", "aloud"),
    [
        ("50", LIMITS, "That is too many USDT: one order may be 100 (ORDER_MAX_NOTIONAL)."),
        ("50", ROOMY, "That is more than is left of today's 500 USDT (DAILY_MAX_NOTIONAL)."),
        ("0.001", LIMITS, "BTC-USDT orders are 0.00001 to 100 BTC; this is less."),
        ("0.002", LIMITS, "BTC-USDT orders start at 10 USDT; this is less."),
    ],
)
def test_a_part_of_what_is_there_is_refused_without_saying_what_it_comes_to(
    percent: str, limits: Limits, aloud: str
) -> None:
    half = Draft(side=Side.SELL, word="BTC", price=None, amount=Amount(kind=AmountKind.PERCENT, value=Decimal(percent)))
    instrument = replace(TERMS.instrument, min_funds=Decimal(10))
    terms = replace(TERMS, instrument=instrument)
    spec = fit(half, terms, "b1f0c0de")
    with pytest.raises(Refused) as refused:
        check(spec, estimate(spec, terms), terms, limits, Decimal(0))
    assert refused.value.aloud == aloud
    assert str(refused.value) != aloud
