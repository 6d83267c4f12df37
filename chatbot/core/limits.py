"""The checks every order passes, first when its card is drawn and again when it is tapped.

`fit` turns what a person asked for into exactly what could be sent, rounded to the
instrument's increments and never to more than was asked; `estimate` says what that
would cost; `check` refuses what our rules, or the exchange's, would not let through.

A stop order counts from its tap on, for as long as it waits, and for what it comes to where it fires: at its limit
price, or at its trigger. What the market does between the trigger and the last execution nobody can bound, so
neither do the limits; far from the market is what lies far beyond the trigger, for that is where it would trade.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from chatbot.core import book
from chatbot.core.bounds import check_size, less_than_a_step
from chatbot.core.conditions import check_conditions
from chatbot.core.errors import OverLimit, Refused, UsageError
from chatbot.core.market import Instrument, Symbol, Ticker, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import ceil_to, plain, tidy
from chatbot.core.orders import Amount, AmountKind, Draft, Estimate, OrderSpec, OrderType, Side
from chatbot.core.symbols import HOME_QUOTE
from chatbot.core.terms import Terms
from chatbot.core.values import frozen

_HUNDRED = Decimal(100)
_DOLLARS = frozenset({"USDT", "USDC"})


@frozen
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
    price, trigger = (
        None if typed is None else _limit_price(draft.side, typed, instrument) for typed in (draft.price, draft.trigger)
    )
    by_funds = draft.side is Side.BUY and price is None and draft.amount.kind is not AmountKind.BASE
    meets = _meets(draft.side, price, trigger, terms.ticker)
    wanted = _wanted_funds(draft, terms) if by_funds else _wanted_size(draft, terms, meets)
    rounded = instrument.round_funds(wanted) if by_funds else instrument.round_size(wanted)
    if not rounded:
        raise _too_little(draft, terms, wanted, by_funds=by_funds)
    return OrderSpec(
        client_oid=client_oid,
        symbol=instrument.symbol,
        venue=instrument.venue,
        side=draft.side,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        size=None if by_funds else rounded,
        funds=rounded if by_funds else None,
        price=price,
        trigger=trigger,
        in_force=draft.in_force,
        post_only=draft.post_only,
    )


def market_price(side: Side, ticker: Ticker) -> Decimal:
    """What a market order would meet first. Raises Refused when nobody offers anything."""
    price = ticker.ask if side is Side.BUY else ticker.bid
    if not price:
        raise Refused(f"{ticker.symbol} has no offers now.")
    return price


def _meets(side: Side, price: Decimal | None, trigger: Decimal | None, ticker: Ticker) -> Decimal:
    """What an order is reckoned at. A limit sale below the bid sells at the bid, and must not count as cheaper.

    When a stop order fires, the market is at its trigger.
    """
    if price is None:
        return market_price(side, ticker) if trigger is None else trigger
    return max(price, ticker.bid if trigger is None else trigger) if side is Side.SELL else price


def estimate(spec: OrderSpec, terms: Terms) -> Estimate:
    meets = _meets(spec.side, spec.price, spec.trigger, terms.ticker)
    price = meets if spec.price is None else spec.price
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
    known = draft.price if draft.price is not None else draft.trigger
    price = None if known is None else _limit_price(draft.side, known, instrument)
    buying = draft.side is Side.BUY
    by_funds = buying and amount.kind is AmountKind.QUOTE and draft.price is None
    if amount.kind is AmountKind.PERCENT or (amount.kind is AmountKind.QUOTE and not buying):
        return  # it depends on what there is then, and at which price
    by_price = amount.kind is AmountKind.QUOTE and not by_funds and price is not None
    wanted = amount.value / price if by_price and price is not None else amount.value
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
    if cost.free_after < 0:
        raise terms.shortage(spec.side, cost.funds + cost.fee if spec.side is Side.BUY else cost.size)
    check_conditions(spec, terms.ticker)
    _check_notional(cost.notional, limits)
    left = max(limits.daily_max - spent_today, Decimal(0))
    if cost.notional > left:
        day = tidy(limits.daily_max, 2)
        raise OverLimit(
            f"That is {tidy(cost.notional, 2)} USDT; {tidy(left, 2)} of today's {day} is left (DAILY_MAX_NOTIONAL).",
            aloud=f"That is more than is left of today's {day} USDT (DAILY_MAX_NOTIONAL).",
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


def _wanted_size(draft: Draft, terms: Terms, meets: Decimal) -> Decimal:
    amount = draft.amount
    sizes: dict[AmountKind, Callable[[], Decimal]] = {
        AmountKind.BASE: lambda: amount.value,
        AmountKind.QUOTE: lambda: amount.value / meets,
    }
    if amount.kind in sizes:
        return sizes[amount.kind]()
    if draft.side is Side.SELL:
        return terms.base_free * amount.value / _HUNDRED
    return terms.quote_free * amount.value / _HUNDRED / (meets * (1 + terms.fee_rate))


def _too_little(draft: Draft, terms: Terms, wanted: Decimal, *, by_funds: bool) -> Refused:
    if not wanted:
        none = f"Trade holds no free {terms.spent_by(draft.side)}."
        return Refused(f"{none}{terms.other_pocket(draft.side)}", aloud=none)
    return Refused(less_than_a_step(terms.instrument, by_funds=by_funds))


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
        most = f"one order may be {tidy(limits.max_notional, 2)} (ORDER_MAX_NOTIONAL)."
        raise OverLimit(f"That is {tidy(notional, 2)} USDT; {most}", aloud=f"That is too many USDT: {most}")
