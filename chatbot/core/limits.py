"""The checks every order passes, first when its card is drawn and again when it is tapped.

`fit` turns what a person asked for into exactly what could be sent, rounded to the
instrument's increments and never to more than was asked; `estimate` says what that
would cost; `check` refuses what our rules, or the exchange's, would not let through.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from chatbot.core import book
from chatbot.core.bounds import check_size, less_than_a_step
from chatbot.core.errors import OverLimit, Refused, UsageError
from chatbot.core.market import Book, Instrument, Symbol, Ticker, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import ceil_to, plain, tidy
from chatbot.core.orders import Amount, AmountKind, Draft, Estimate, OrderSpec, OrderType, Side
from chatbot.core.symbols import HOME_QUOTE

_HUNDRED = Decimal(100)
_DOLLARS = frozenset({"USDT", "USDC"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The settings' rules. Money in USDT, `max_drift` in percent; `symbols` None allows all.

    Above `approval_above` somebody else has to agree, above `totp_above` a code is asked for; None: never.
    """

    mode: TradingMode
    symbols: frozenset[str] | None
    max_notional: Decimal
    daily_max: Decimal
    confirm: timedelta
    max_drift: Decimal
    most_per_minute: int = 10
    approval_above: Decimal | None = None
    totp_above: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an order would meet right now.

    `base_free` and `quote_free` are what Trade holds and no order has reserved, `…_in_main` what
    lies in the pocket that orders cannot spend; `quote_in_usdt` is the USDT price of one unit of quote.
    `book` is there for market orders.
    """

    instrument: Instrument
    ticker: Ticker
    fee_rate: Decimal
    base_free: Decimal
    quote_free: Decimal
    base_in_main: Decimal
    quote_in_main: Decimal
    quote_in_usdt: Decimal
    book: Book | None = None


def in_terms_of(instrument: Instrument, amount: Amount, side: Side) -> Amount:
    """`100usdt` as quote funds of BTC-USDT, `0.01btc` as a size. Raises UsageError for a third currency."""
    if amount.kind is not AmountKind.IN_UNIT:
        return amount
    unit = instrument.quote if amount.unit == "$" and instrument.quote in _DOLLARS else amount.unit
    if unit not in (instrument.base, instrument.quote):
        raise UsageError(
            f"{instrument.symbol} is {instrument.base} against {instrument.quote}; {amount.unit} is neither.",
            example=f"/{side.value} {instrument.symbol} {plain(amount.value)}{instrument.quote.lower()}",
        )
    return Amount(kind=AmountKind.BASE if unit == instrument.base else AmountKind.QUOTE, value=amount.value)


def fit(draft: Draft, terms: Terms, client_oid: str) -> OrderSpec:
    """Raises Refused when nothing is left after rounding, UsageError for an amount in a third currency."""
    instrument = terms.instrument
    draft = replace(draft, amount=in_terms_of(instrument, draft.amount, draft.side))
    price = None if draft.price is None else _limit_price(draft.side, draft.price, instrument)
    by_funds = draft.side is Side.BUY and price is None and draft.amount.kind is not AmountKind.BASE
    wanted = _wanted_funds(draft, terms) if by_funds else _wanted_size(draft, terms, price)
    rounded = instrument.round_funds(wanted) if by_funds else instrument.round_size(wanted)
    if not rounded:
        raise Refused(_too_little(draft, terms, wanted, by_funds=by_funds))
    return OrderSpec(
        client_oid=client_oid,
        symbol=instrument.symbol,
        venue=instrument.venue,
        side=draft.side,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        size=None if by_funds else rounded,
        funds=rounded if by_funds else None,
        price=price,
    )


def market_price(side: Side, ticker: Ticker) -> Decimal:
    """What a market order would meet first. Raises Refused when nobody offers anything."""
    price = ticker.ask if side is Side.BUY else ticker.bid
    if not price:
        raise Refused(f"{ticker.symbol} has no offers now.")
    return price


def _meets(side: Side, price: Decimal | None, ticker: Ticker) -> Decimal:
    """What an order is reckoned at. A limit sale below the bid sells at the bid, and must not count as cheaper."""
    if price is None:
        return market_price(side, ticker)
    return max(price, ticker.bid) if side is Side.SELL else price


def estimate(spec: OrderSpec, terms: Terms) -> Estimate:
    price = spec.price if spec.price is not None else market_price(spec.side, terms.ticker)
    meets = _meets(spec.side, spec.price, terms.ticker)
    size = spec.size if spec.size is not None else terms.instrument.round_size((spec.funds or Decimal(0)) / price)
    funds = spec.funds if spec.funds is not None else size * meets
    fee = funds * terms.fee_rate
    buying = spec.side is Side.BUY
    return Estimate(
        price=price,
        size=size,
        funds=funds,
        fee=fee,
        notional=funds * terms.quote_in_usdt,
        free_after=terms.quote_free - funds - fee if buying else terms.base_free - size,
        reach=book.reach(spec, terms.ticker, terms.book),
    )


def check_draft(draft: Draft, instrument: Instrument, limits: Limits) -> None:
    """Finds what an order would be refused for whatever the market does. Raises UsageError, Refused, OverLimit."""
    _check_rules(instrument.symbol, instrument, limits)
    amount = in_terms_of(instrument, draft.amount, draft.side)
    price = None if draft.price is None else _limit_price(draft.side, draft.price, instrument)
    buying = draft.side is Side.BUY
    by_funds = buying and amount.kind is AmountKind.QUOTE and price is None
    if amount.kind is AmountKind.PERCENT or (amount.kind is AmountKind.QUOTE and not buying):
        return  # it depends on what there is then, and at which price
    wanted = amount.value / price if amount.kind is AmountKind.QUOTE and price is not None else amount.value
    size, funds = (None, instrument.round_funds(wanted)) if by_funds else (instrument.round_size(wanted), None)
    if not (size or funds):
        raise Refused(less_than_a_step(instrument, by_funds=by_funds))
    worth = size * price if size is not None and price is not None else funds
    check_size(instrument, size, funds, worth if buying else None)  # a sale may meet a better price
    if worth is not None and instrument.quote == HOME_QUOTE:
        _check_notional(worth, limits)


def check(spec: OrderSpec, cost: Estimate, terms: Terms, limits: Limits, spent_today: Decimal) -> None:
    """Raises Refused or OverLimit. `spent_today` is the day's notional of all people, this order not included."""
    _check_rules(spec.symbol, terms.instrument, limits)
    check_size(terms.instrument, spec.size, spec.funds, cost.funds)
    _check_balance(spec, cost, terms)
    _check_notional(cost.notional, limits)
    left = max(limits.daily_max - spent_today, Decimal(0))
    if cost.notional > left:
        raise OverLimit(
            f"That is {tidy(cost.notional, 2)} USDT; {tidy(left, 2)} of today's"
            f" {tidy(limits.daily_max, 2)} is left (DAILY_MAX_NOTIONAL)."
        )


def drift(shown: Decimal, now: Decimal) -> Decimal:
    """How far the price moved since the card was drawn, in percent, unsigned."""
    return abs(now - shown) / shown * _HUNDRED


def _limit_price(side: Side, price: Decimal, instrument: Instrument) -> Decimal:
    """Rounded in the person's favour: a buy never pays more, a sell never takes less."""
    increment = instrument.price_increment
    rounded = instrument.round_price(price) if side is Side.BUY else ceil_to(price, increment)
    if not rounded:
        raise Refused(f"{instrument.symbol} is priced in steps of {plain(increment)}.")
    return rounded


def _wanted_funds(draft: Draft, terms: Terms) -> Decimal:
    if draft.amount.kind is AmountKind.QUOTE:
        return draft.amount.value
    return terms.quote_free * draft.amount.value / _HUNDRED / (1 + terms.fee_rate)


def _wanted_size(draft: Draft, terms: Terms, price: Decimal | None) -> Decimal:
    amount, meets = draft.amount, _meets(draft.side, price, terms.ticker)
    sizes: dict[AmountKind, Callable[[], Decimal]] = {
        AmountKind.BASE: lambda: amount.value,
        AmountKind.QUOTE: lambda: amount.value / meets,
    }
    if amount.kind in sizes:
        return sizes[amount.kind]()
    if draft.side is Side.SELL:
        return terms.base_free * amount.value / _HUNDRED
    return terms.quote_free * amount.value / _HUNDRED / (meets * (1 + terms.fee_rate))


def _too_little(draft: Draft, terms: Terms, wanted: Decimal, *, by_funds: bool) -> str:
    instrument = terms.instrument
    if not wanted:
        currency = instrument.quote if draft.side is Side.BUY else instrument.base
        return f"Trade holds no free {currency}.{_other_pocket(draft.side, terms)}"
    return less_than_a_step(instrument, by_funds=by_funds)


def _check_rules(symbol: Symbol, instrument: Instrument, limits: Limits) -> None:
    if limits.mode is TradingMode.OFF:
        raise Refused("Trading is off (TRADING_MODE).")
    if instrument.venue is not Venue.SPOT:
        raise Refused(f"{symbol} is a futures contract; I open positions on spot only.")
    if limits.symbols is not None and symbol not in limits.symbols:
        raise OverLimit(f"{symbol} is not on the list that may be traded (ORDER_SYMBOLS).")
    if not instrument.tradable:
        raise Refused(f"KuCoin has closed {symbol} to trading.")


def _check_notional(notional: Decimal, limits: Limits) -> None:
    if notional > limits.max_notional:
        raise OverLimit(
            f"That is {tidy(notional, 2)} USDT; one order may be {tidy(limits.max_notional, 2)} (ORDER_MAX_NOTIONAL)."
        )


def _check_balance(spec: OrderSpec, cost: Estimate, terms: Terms) -> None:
    if cost.free_after >= 0:
        return
    buying = spec.side is Side.BUY
    currency = terms.instrument.quote if buying else terms.instrument.base
    needs = cost.funds + cost.fee if buying else cost.size
    has = terms.quote_free if buying else terms.base_free
    sentence = f"That needs {tidy(needs, 8)} {currency}; Trade has {tidy(has, 8)} free."
    raise Refused(sentence + _other_pocket(spec.side, terms))


def _other_pocket(side: Side, terms: Terms) -> str:
    """Money in Main is the usual reason why Trade cannot pay."""
    buying = side is Side.BUY
    lying = terms.quote_in_main if buying else terms.base_in_main
    currency = terms.instrument.quote if buying else terms.instrument.base
    return f" Main has {tidy(lying, 8)} {currency}: move it to Trade in KuCoin's app." if lying else ""
