"""What holds for every order, whatever is asked for and whatever the market looks like."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from chatbot.core.errors import Refused
from chatbot.core.limits import check, check_draft, estimate, fit
from chatbot.core.numbers import is_multiple
from chatbot.core.orders import Amount, AmountKind, Draft, OrderSpec, Side
from chatbot.core.terms import Terms
from tests.core.bounded import BTC, LIMITS, TERMS, TICKER

_WIDE = replace(LIMITS, max_notional=Decimal(5000), daily_max=Decimal(6000))


def _decimals(least: str, most: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=Decimal(least), max_value=Decimal(most), places=places)


_steps = st.builds(lambda digit, exponent: Decimal(digit).scaleb(exponent), st.sampled_from([1, 5]), st.integers(-8, 0))


@st.composite
def _any_terms(draw: Callable[[st.SearchStrategy[Decimal]], Decimal]) -> Terms:
    bid = draw(_decimals("0.00001", "200000", 5))
    instrument = replace(BTC, price_increment=draw(_steps), size_increment=draw(_steps), funds_increment=draw(_steps))
    return replace(
        TERMS,
        instrument=instrument,
        ticker=replace(TICKER, bid=bid, ask=bid + draw(_decimals("0", "10", 5))),
        fee_rate=draw(_decimals("0", "0.01", 5)),
        base_free=draw(_decimals("0", "100000", 8)),
        quote_free=draw(_decimals("0", "1000000", 8)),
        quote_in_usdt=draw(_decimals("0.01", "70000", 2)),
    )


_shares = st.builds(lambda value: Amount(kind=AmountKind.PERCENT, value=value), _decimals("0.01", "100", 2))
_amounts = _shares | st.builds(
    lambda kind, value: Amount(kind=kind, value=value),
    st.sampled_from([AmountKind.BASE, AmountKind.QUOTE]),
    _decimals("0.00000001", "1000000", 8),
)
_prices = st.none() | _decimals("0.00001", "200000", 5)


def _drafts(amounts: st.SearchStrategy[Amount]) -> st.SearchStrategy[Draft]:
    return st.builds(
        lambda side, amount, price: Draft(side=side, word="BTC", amount=amount, price=price),
        st.sampled_from(Side),
        amounts,
        _prices,
    )


def _fitted(draft: Draft, terms: Terms) -> OrderSpec:
    """Drafts of which nothing is left after rounding are another test's."""
    try:
        return fit(draft, terms, "b1f0c0de")
    except Refused:
        assume(False)
        raise


@given(_drafts(_amounts), _any_terms())
def test_an_order_is_never_more_than_was_asked_for(draft: Draft, terms: Terms) -> None:
    spec = _fitted(draft, terms)
    cost = estimate(spec, terms)
    buying = spec.side is Side.BUY
    share = draft.amount.value / 100
    used, wanted = {
        AmountKind.BASE: (spec.size, draft.amount.value),
        AmountKind.QUOTE: (cost.funds, draft.amount.value),
        AmountKind.PERCENT: (
            (cost.funds + cost.fee, terms.quote_free * share) if buying else (spec.size, terms.base_free * share)
        ),
    }[draft.amount.kind]
    assert used is not None
    assert 0 < used <= wanted


@given(_drafts(_amounts), _any_terms())
def test_what_is_sent_is_in_steps_of_the_instrument(draft: Draft, terms: Terms) -> None:
    spec = _fitted(draft, terms)
    assert spec.size is None or is_multiple(spec.size, terms.instrument.size_increment)
    assert spec.funds is None or is_multiple(spec.funds, terms.instrument.funds_increment)
    assert spec.price is None or is_multiple(spec.price, terms.instrument.price_increment)


@given(_drafts(_amounts), _any_terms())
def test_a_price_is_rounded_in_the_persons_favour_by_less_than_a_step(draft: Draft, terms: Terms) -> None:
    spec = _fitted(draft, terms)
    assert (spec.price is None) == (draft.price is None)
    if spec.price is not None and draft.price is not None:
        gain = draft.price - spec.price if spec.side is Side.BUY else spec.price - draft.price
        assert 0 <= gain < terms.instrument.price_increment


@given(_drafts(_shares), _any_terms())
def test_a_share_of_what_is_free_can_always_be_paid_with_its_fee(draft: Draft, terms: Terms) -> None:
    assert estimate(_fitted(draft, terms), terms).free_after >= 0


@given(_drafts(_amounts), _any_terms(), _decimals("0", "600", 2))
def test_what_passes_is_within_every_limit(draft: Draft, terms: Terms, spent: Decimal) -> None:
    spec = _fitted(draft, terms)
    cost = estimate(spec, terms)
    try:
        check(spec, cost, terms, _WIDE, spent)
    except Refused:
        return
    assert cost.notional <= _WIDE.max_notional
    assert cost.notional + spent <= _WIDE.daily_max
    assert cost.free_after >= 0
    assert cost.funds >= terms.instrument.min_funds
    assert spec.size is None or terms.instrument.min_size <= spec.size <= terms.instrument.max_size


@given(_drafts(_amounts), _any_terms())
def test_nothing_is_refused_beforehand_that_could_pass_at_its_time(draft: Draft, terms: Terms) -> None:
    terms = replace(terms, quote_in_usdt=Decimal(1))
    spec = _fitted(draft, terms)
    try:
        check(spec, estimate(spec, terms), terms, _WIDE, Decimal(0))
    except Refused:
        return
    check_draft(draft, terms.instrument, _WIDE)
