from dataclasses import replace
from decimal import Decimal

import pytest

from chatbot.core.errors import OverLimit, Refused, UsageError
from chatbot.core.limits import Limits, check, check_draft, drift, estimate, fit, in_terms_of, market_price
from chatbot.core.market import Instrument, Symbol, Ticker, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.orders import Amount, AmountKind, Draft, OrderSpec, OrderType, Side, TimeInForce
from chatbot.core.terms import Terms
from tests.core.bounded import BTC, LIMITS, TERMS, TICKER

_NONE = Decimal(0)


def _draft(side: Side, value: str, kind: AmountKind, price: str | None = None) -> Draft:
    amount = Amount(kind=kind, value=Decimal(value))
    return Draft(side=side, word="BTC", amount=amount, price=None if price is None else Decimal(price))


def _passes(draft: Draft, terms: Terms = TERMS, limits: Limits = LIMITS, spent: Decimal = _NONE) -> OrderSpec:
    spec = fit(draft, terms, "b1f0c0de")
    check(spec, estimate(spec, terms), terms, limits, spent)
    return spec


@pytest.mark.parametrize(
    ("draft", "size", "funds", "price"),
    [
        (_draft(Side.BUY, "100", AmountKind.QUOTE), None, "100", None),
        (_draft(Side.BUY, "99.9999999", AmountKind.QUOTE), None, "99.999999", None),
        (_draft(Side.BUY, "0.001", AmountKind.BASE), "0.001", None, None),
        (_draft(Side.BUY, "50", AmountKind.PERCENT), None, "500", None),
        (_draft(Side.BUY, "100", AmountKind.PERCENT), None, "1000", None),
        (_draft(Side.BUY, "100", AmountKind.QUOTE, "50000"), "0.002", None, "50000"),
        (_draft(Side.BUY, "100", AmountKind.PERCENT, "50000"), "0.02", None, "50000"),
        (_draft(Side.BUY, "0.001", AmountKind.BASE, "50000.19"), "0.001", None, "50000.1"),
        (_draft(Side.SELL, "0.001", AmountKind.BASE), "0.001", None, None),
        (_draft(Side.SELL, "0.0010000019", AmountKind.BASE), "0.001", None, None),
        (_draft(Side.SELL, "67.9901", AmountKind.QUOTE), "0.001", None, None),
        (_draft(Side.SELL, "50", AmountKind.PERCENT), "0.25", None, None),
        (_draft(Side.SELL, "100", AmountKind.PERCENT), "0.5", None, None),
        (_draft(Side.SELL, "0.001", AmountKind.BASE, "70000.11"), "0.001", None, "70000.2"),
        (_draft(Side.SELL, "70.0002", AmountKind.QUOTE, "70000.11"), "0.001", None, "70000.2"),
    ],
)
def test_what_is_asked_for_becomes_exactly_what_is_sent(
    draft: Draft, size: str | None, funds: str | None, price: str | None
) -> None:
    spec = fit(draft, TERMS, "b1f0c0de")
    sent = (spec.size, spec.funds, spec.price)
    expected = tuple(None if text is None else Decimal(text) for text in (size, funds, price))
    assert sent == expected
    assert (spec.symbol, spec.venue, spec.side, spec.client_oid) == ("BTC-USDT", Venue.SPOT, draft.side, "b1f0c0de")
    assert spec.type is (OrderType.MARKET if price is None else OrderType.LIMIT)


def _stop(side: Side, value: str, kind: AmountKind, trigger: str, price: str | None = None) -> Draft:
    return replace(_draft(side, value, kind, price), trigger=Decimal(trigger))


@pytest.mark.parametrize(
    ("draft", "sent", "price", "funds", "distance"),
    [
        # a stop-market order is reckoned at its trigger
        (_stop(Side.SELL, "0.001", AmountKind.BASE, "60000"), ("0.001", None, None, "60000"), "60000", "60", "0"),
        (_stop(Side.BUY, "70", AmountKind.QUOTE, "70000"), (None, "70", None, "70000"), "70000", "70", "0"),
        (_stop(Side.BUY, "0.001", AmountKind.BASE, "70000"), ("0.001", None, None, "70000"), "70000", "70", "0"),
        (_stop(Side.SELL, "60", AmountKind.QUOTE, "60000"), ("0.001", None, None, "60000"), "60000", "60", "0"),
        # a sale gets the trigger's price at best, however low its limit; a buy pays its limit at most
        (_stop(Side.SELL, "0.001", AmountKind.BASE, "60000", "57000"), ("0.001", None, "57000", "60000"), "57000",
         "60", "5"),
        (_stop(Side.SELL, "0.001", AmountKind.BASE, "60000", "61000"), ("0.001", None, "61000", "60000"), "61000",
         "61", "-1.6667"),
        (_stop(Side.BUY, "0.001", AmountKind.BASE, "70000", "71400"), ("0.001", None, "71400", "70000"), "71400",
         "71.4", "2"),
        # rounded in the person's favour, as prices are
        (_stop(Side.SELL, "0.001", AmountKind.BASE, "60000.01"), ("0.001", None, None, "60000.1"), "60000.1",
         "60.0001", "0"),
        (_stop(Side.BUY, "0.001", AmountKind.BASE, "70000.19"), ("0.001", None, None, "70000.1"), "70000.1",
         "70.0001", "0"),
    ],
)  # fmt: skip
def test_a_stop_order_counts_for_what_it_comes_to_where_it_fires(
    draft: Draft, sent: tuple[str | None, ...], price: str, funds: str, distance: str
) -> None:
    spec = _passes(draft)
    assert (spec.size, spec.funds, spec.price, spec.trigger) == tuple(None if v is None else Decimal(v) for v in sent)
    cost = estimate(spec, TERMS)
    assert (cost.price, cost.funds, cost.notional) == (Decimal(price), Decimal(funds), Decimal(funds))
    assert cost.reach is not None
    assert (cost.reach.market, cost.reach.distance) == (TICKER.price, Decimal(distance))


@pytest.mark.parametrize(
    ("draft", "kind", "sentence"),
    [
        (_stop(Side.SELL, "0.002", AmountKind.BASE, "60000"), OverLimit, "120 USDT; one order may be 100"),
        (_stop(Side.SELL, "0.001", AmountKind.BASE, "70000"), Refused, "it would fire at once"),
        (_stop(Side.SELL, "0.6", AmountKind.BASE, "60000"), Refused, "needs 0.6 BTC; Trade has 0.5 free"),
        (_stop(Side.SELL, "0.001", AmountKind.BASE, "0.01"), Refused, "orders start at 0.1 USDT"),
        (replace(_draft(Side.BUY, "0.001", AmountKind.BASE, "68010.3"), post_only=True), Refused, "trade at once"),
    ],
)  # fmt: skip
def test_what_a_stop_or_post_only_order_is_refused_for(draft: Draft, kind: type[Refused], sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        _passes(draft)


def test_a_stop_order_that_is_too_large_whatever_comes_is_refused_before_there_is_a_market() -> None:
    with pytest.raises(OverLimit, match="120 USDT"):
        check_draft(_stop(Side.SELL, "0.002", AmountKind.BASE, "60000"), BTC, LIMITS)
    check_draft(_stop(Side.BUY, "100", AmountKind.QUOTE, "70000"), BTC, LIMITS)
    check_draft(_stop(Side.SELL, "100", AmountKind.PERCENT, "60000"), BTC, LIMITS)


def test_how_an_order_may_trade_comes_through_unchanged() -> None:
    draft = replace(_draft(Side.BUY, "0.001", AmountKind.BASE, "50000"), in_force=TimeInForce.FOK)
    assert _passes(draft).in_force is TimeInForce.FOK
    assert _passes(replace(draft, in_force=TimeInForce.GTC, post_only=True)).post_only


@pytest.mark.parametrize(
    ("unit", "kind"), [("USDT", AmountKind.QUOTE), ("BTC", AmountKind.BASE), ("$", AmountKind.QUOTE)]
)
def test_an_amount_in_a_unit_is_funds_or_a_size(unit: str, kind: AmountKind) -> None:
    amount = Amount(kind=AmountKind.IN_UNIT, value=Decimal(5), unit=unit)
    assert in_terms_of(BTC, amount, Side.BUY) == Amount(kind=kind, value=Decimal(5))


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
@pytest.mark.parametrize("unit", ["EUR", "ETH", "USDC", ""])
def test_an_amount_in_a_third_currency_is_not_guessed(unit: str, side: Side) -> None:
    with pytest.raises(UsageError, match=r"BTC-USDT is BTC against USDT") as refused:
        in_terms_of(BTC, Amount(kind=AmountKind.IN_UNIT, value=Decimal(5), unit=unit), side)
    assert refused.value.example == f"/{side.value} BTC-USDT 5usdt"


def test_dollars_are_no_bitcoins() -> None:
    eth_btc = replace(BTC, symbol=Symbol("ETH-BTC"), base="ETH", quote="BTC")
    with pytest.raises(UsageError):
        in_terms_of(eth_btc, Amount(kind=AmountKind.IN_UNIT, value=Decimal(5), unit="$"), Side.BUY)


@pytest.mark.parametrize("kind", [AmountKind.BASE, AmountKind.QUOTE, AmountKind.PERCENT])
def test_an_amount_without_a_unit_stays_what_it_is(kind: AmountKind) -> None:
    amount = Amount(kind=kind, value=Decimal(5))
    assert in_terms_of(BTC, amount, Side.BUY) is amount


def test_an_amount_in_a_unit_is_never_read_as_a_percentage() -> None:
    amount = Amount(kind=AmountKind.IN_UNIT, value=Decimal(50), unit="USDT")
    spec = fit(Draft(side=Side.BUY, word="BTC", amount=amount), TERMS, "b1f0c0de")
    assert spec.funds == Decimal(50)


def test_a_market_order_meets_the_best_offer_of_the_other_side() -> None:
    assert market_price(Side.BUY, TICKER) == TICKER.ask
    assert market_price(Side.SELL, TICKER) == TICKER.bid


@pytest.mark.parametrize(
    ("side", "ticker"),
    [(Side.BUY, replace(TICKER, ask=Decimal(0))), (Side.SELL, replace(TICKER, bid=Decimal(0)))],
)
def test_there_is_no_market_order_where_nobody_offers(side: Side, ticker: Ticker) -> None:
    with pytest.raises(Refused, match="no offers"):
        _passes(_draft(side, "50", AmountKind.QUOTE), replace(TERMS, ticker=ticker))


def test_a_buy_is_estimated_with_its_fee_on_top() -> None:
    cost = estimate(fit(_draft(Side.BUY, "100", AmountKind.QUOTE), TERMS, "b1f0c0de"), TERMS)
    assert (cost.price, cost.funds, cost.fee) == (Decimal("68010.3"), Decimal(100), Decimal("0.1"))
    assert cost.size == Decimal("0.00147036")
    assert cost.free_after == Decimal("900.9")


def test_a_sale_takes_the_size_alone_from_what_is_free() -> None:
    cost = estimate(fit(_draft(Side.SELL, "0.001", AmountKind.BASE, "70000"), TERMS, "b1f0c0de"), TERMS)
    assert (cost.price, cost.funds, cost.fee) == (Decimal(70000), Decimal(70), Decimal("0.07"))
    assert cost.free_after == Decimal("0.499")


def test_the_notional_is_in_usdt_whatever_the_quote() -> None:
    terms = replace(TERMS, quote_in_usdt=Decimal("1.5"))
    assert estimate(fit(_draft(Side.BUY, "100", AmountKind.QUOTE), terms, "b1f0c0de"), terms).notional == Decimal(150)


_FUTURES = replace(BTC, symbol=Symbol("XBTUSDTM"), venue=Venue.FUTURES)
_DEAR = replace(BTC, min_funds=Decimal(10))


@pytest.mark.parametrize(
    ("draft", "terms", "limits", "kind", "sentence"),
    [
        (_draft(Side.BUY, "50", AmountKind.QUOTE), TERMS, replace(LIMITS, mode=TradingMode.OFF), Refused,
         "Trading is off (TRADING_MODE)."),
        (_draft(Side.BUY, "50", AmountKind.QUOTE), replace(TERMS, instrument=_FUTURES), LIMITS, Refused,
         "XBTUSDTM is a futures contract; I open positions on spot only."),
        (_draft(Side.BUY, "50", AmountKind.QUOTE), TERMS, replace(LIMITS, symbols=frozenset({Symbol("ETH-USDT")})),
         OverLimit, "BTC-USDT is not on the list that may be traded (ORDER_SYMBOLS)."),
        (_draft(Side.BUY, "50", AmountKind.QUOTE), TERMS, replace(LIMITS, symbols=frozenset()), OverLimit,
         "BTC-USDT is not on the list that may be traded (ORDER_SYMBOLS)."),
        (_draft(Side.BUY, "50", AmountKind.QUOTE), replace(TERMS, instrument=replace(BTC, tradable=False)), LIMITS,
         Refused, "KuCoin has closed BTC-USDT to trading."),
        (_draft(Side.SELL, "0.000001", AmountKind.BASE), TERMS, LIMITS, Refused,
         "BTC-USDT orders are 0.00001 to 100 BTC; this is 0.000001."),
        (_draft(Side.SELL, "101", AmountKind.BASE), TERMS, LIMITS, Refused,
         "BTC-USDT orders are 0.00001 to 100 BTC; this is 101."),
        (_draft(Side.BUY, "1000000", AmountKind.QUOTE), TERMS, LIMITS, Refused,
         "BTC-USDT takes at most 999,999 USDT at the market."),
        (_draft(Side.BUY, "9.99", AmountKind.QUOTE), replace(TERMS, instrument=_DEAR), LIMITS, Refused,
         "BTC-USDT orders start at 10 USDT; this is 9.99."),
        (_draft(Side.SELL, "0.0001", AmountKind.BASE), replace(TERMS, instrument=_DEAR), LIMITS, Refused,
         "BTC-USDT orders start at 10 USDT; this is 6.79901."),
        (_draft(Side.BUY, "50", AmountKind.QUOTE), replace(TERMS, quote_free=Decimal(50)), LIMITS, Refused,
         "That needs 50.05 USDT; Trade has 50 free."),
        (_draft(Side.BUY, "50", AmountKind.QUOTE), replace(TERMS, quote_free=_NONE, quote_in_main=Decimal(412)),
         LIMITS, Refused,
         "That needs 50.05 USDT; Trade has 0 free. Main has 412 USDT: move it to Trade in KuCoin's app."),
        (_draft(Side.SELL, "0.001", AmountKind.BASE), replace(TERMS, base_free=_NONE, base_in_main=Decimal(2)),
         LIMITS, Refused,
         "That needs 0.001 BTC; Trade has 0 free. Main has 2 BTC: move it to Trade in KuCoin's app."),
        (_draft(Side.BUY, "50", AmountKind.PERCENT), replace(TERMS, quote_free=_NONE), LIMITS, Refused,
         "Trade holds no free USDT."),
        (_draft(Side.SELL, "50", AmountKind.PERCENT), replace(TERMS, base_free=_NONE, base_in_main=Decimal(2)),
         LIMITS, Refused, "Trade holds no free BTC. Main has 2 BTC: move it to Trade in KuCoin's app."),
        (_draft(Side.BUY, "0.0000001", AmountKind.QUOTE), TERMS, LIMITS, Refused,
         "BTC-USDT trades in steps of 0.000001 USDT; that is less than one."),
        (_draft(Side.SELL, "0.000000001", AmountKind.BASE), TERMS, LIMITS, Refused,
         "BTC-USDT trades in steps of 0.00000001 BTC; that is less than one."),
        (_draft(Side.BUY, "1", AmountKind.BASE, "0.09"), TERMS, LIMITS, Refused,
         "BTC-USDT is priced in steps of 0.1."),
        (_draft(Side.BUY, "100.01", AmountKind.QUOTE), TERMS, LIMITS, OverLimit,
         "That is 100.01 USDT; one order may be 100 (ORDER_MAX_NOTIONAL)."),
    ],
)  # fmt: skip
def test_every_refusal_is_a_sentence_that_names_its_rule(
    draft: Draft, terms: Terms, limits: Limits, kind: type[Refused], sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        _passes(draft, terms, limits)
    assert (type(refused.value), str(refused.value)) == (kind, sentence)


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        (_draft(Side.BUY, "0.000001", AmountKind.BASE), "BTC-USDT orders are 0.00001 to 100 BTC; this is 0.000001."),
        (_draft(Side.SELL, "101", AmountKind.BASE), "BTC-USDT orders are 0.00001 to 100 BTC; this is 101."),
        (_draft(Side.BUY, "0.01", AmountKind.QUOTE), "BTC-USDT orders start at 0.1 USDT; this is 0.01."),
        (_draft(Side.BUY, "1000000", AmountKind.QUOTE), "BTC-USDT takes at most 999,999 USDT at the market."),
        (_draft(Side.SELL, "0.000000001", AmountKind.BASE),
         "BTC-USDT trades in steps of 0.00000001 BTC; that is less than one."),
        (_draft(Side.BUY, "0.0000001", AmountKind.QUOTE),
         "BTC-USDT trades in steps of 0.000001 USDT; that is less than one."),
        (_draft(Side.BUY, "1", AmountKind.BASE, "0.09"), "BTC-USDT is priced in steps of 0.1."),
        (_draft(Side.BUY, "5", AmountKind.BASE, "66000"),
         "That is 330,000 USDT; one order may be 100 (ORDER_MAX_NOTIONAL)."),
        (_draft(Side.SELL, "0.002", AmountKind.BASE, "66000"),
         "That is 132 USDT; one order may be 100 (ORDER_MAX_NOTIONAL)."),
        (_draft(Side.BUY, "101", AmountKind.QUOTE), "That is 101 USDT; one order may be 100 (ORDER_MAX_NOTIONAL)."),
    ],
)  # fmt: skip
def test_what_no_market_will_mend_is_refused_before_there_is_a_price(draft: Draft, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        check_draft(draft, BTC, LIMITS)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("instrument", "limits", "sentence"),
    [
        (_FUTURES, LIMITS, "futures contract"),
        (replace(BTC, tradable=False), LIMITS, "closed BTC-USDT"),
        (BTC, replace(LIMITS, mode=TradingMode.OFF), "Trading is off"),
        (BTC, replace(LIMITS, symbols=frozenset()), "ORDER_SYMBOLS"),
    ],
)
def test_what_may_not_be_traded_at_all_is_refused_beforehand(
    instrument: Instrument, limits: Limits, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        check_draft(_draft(Side.BUY, "50", AmountKind.PERCENT), instrument, limits)


@pytest.mark.parametrize(
    "draft",
    [
        _draft(Side.BUY, "50", AmountKind.PERCENT),
        _draft(Side.SELL, "100", AmountKind.PERCENT, "70000"),
        _draft(Side.BUY, "5", AmountKind.BASE),
        _draft(Side.SELL, "0.001", AmountKind.BASE, "1"),
        _draft(Side.SELL, "1000000", AmountKind.QUOTE),
        _draft(Side.BUY, "100", AmountKind.QUOTE, "50000"),
    ],
)
def test_what_a_later_market_may_allow_is_not_refused_beforehand(draft: Draft) -> None:
    check_draft(draft, BTC, LIMITS)


@pytest.mark.parametrize(
    ("spent", "left"), [("450", "50"), ("499.99", "0.01"), ("500", "0"), ("600", "0"), ("400.01", "99.99")]
)
def test_what_is_left_of_the_day_bounds_an_order(spent: str, left: str) -> None:
    with pytest.raises(OverLimit) as refused:
        _passes(_draft(Side.BUY, "100", AmountKind.QUOTE), spent=Decimal(spent))
    assert str(refused.value) == f"That is 100 USDT; {left} of today's 500 is left (DAILY_MAX_NOTIONAL)."


def test_an_order_may_use_a_limit_to_the_last_cent() -> None:
    assert _passes(_draft(Side.BUY, "100", AmountKind.QUOTE), spent=Decimal(400)).funds == Decimal(100)
    everything = replace(TERMS, quote_free=Decimal("50.05"))
    assert _passes(_draft(Side.BUY, "50", AmountKind.QUOTE), everything).funds == Decimal(50)
    assert _passes(_draft(Side.SELL, "0.00001", AmountKind.BASE)).size == BTC.min_size
    assert _passes(_draft(Side.BUY, "0.1", AmountKind.QUOTE)).funds == BTC.min_funds
    listed = replace(LIMITS, symbols=frozenset({BTC.symbol}))
    assert _passes(_draft(Side.BUY, "50", AmountKind.QUOTE), limits=listed).symbol == BTC.symbol


def test_limits_are_in_usdt_whatever_the_quote() -> None:
    terms = replace(TERMS, quote_in_usdt=Decimal(3))
    with pytest.raises(OverLimit, match="That is 150 USDT"):
        _passes(_draft(Side.BUY, "50", AmountKind.QUOTE), terms)


@pytest.mark.parametrize(
    ("shown", "now", "percent"),
    [("68014", "68014", "0"), ("100", "100.5", "0.5"), ("100", "99.5", "0.5"), ("0.00001", "0.00002", "100")],
)
def test_drift_is_the_distance_in_percent_either_way(shown: str, now: str, percent: str) -> None:
    assert drift(Decimal(shown), Decimal(now)) == Decimal(percent)
