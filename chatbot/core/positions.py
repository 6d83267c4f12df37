"""What an open futures position means: its size in coins, how far its liquidation is, what part of it closes."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from chatbot.core.account import Position
from chatbot.core.errors import Refused, UsageError
from chatbot.core.limits import market_price
from chatbot.core.market import Instrument, Symbol, Ticker, Venue
from chatbot.core.numbers import floor_to, plain
from chatbot.core.orders import Estimate, Order, OrderSpec, OrderType, Side

_HUNDRED, _NOTHING = Decimal(100), Decimal(0)
_QUOTES = ("USDT", "USDC", "USD")


def direction(position: Position) -> str:
    """`long` or `short`."""
    return "long" if position.lots > 0 else "short"


def way_out(position: Position) -> Side:
    """The side of an order that makes it smaller."""
    return Side.SELL if position.lots > 0 else Side.BUY


def coins(position: Position, instrument: Instrument) -> Decimal | None:
    """Its size in base coins, unsigned; None for an inverse contract, whose lots are quote units."""
    return None if instrument.inverse else abs(position.lots) * instrument.multiplier


def to_liquidation(position: Position) -> Decimal | None:
    """How far the mark price may go against it, as a fraction of itself: 0.05 is 5 %, zero or less is beyond it.

    None where KuCoin names no liquidation price, as for a position on cross margin that is far from it.
    """
    if position.liquidation_price is None or not position.mark_price:
        return None
    away = position.mark_price - position.liquidation_price
    return (away if position.lots > 0 else -away) / position.mark_price


def coin_of(symbol: Symbol) -> str:
    """The coin that a contract is named after: `XBTUSDTM` is BTC. What is named otherwise stays as it is."""
    pair = symbol.removesuffix("M")
    for quote in _QUOTES:
        if symbol.endswith("M") and pair.endswith(quote) and pair != quote:
            base = pair.removesuffix(quote)
            return "BTC" if base == "XBT" else base
    return symbol


def settled_in(symbol: Symbol) -> str:
    """The currency that a contract is worth and settles in, by its name: `XBTUSDM` is inverse and settles in BTC."""
    pair = symbol.removesuffix("M")
    return next((quote for quote in ("USDT", "USDC") if pair.endswith(quote)), coin_of(symbol))


def picked(positions: Iterable[Position], instrument: Instrument, side: str) -> Position:
    """The one position on `instrument` that is meant; `side` is long, short, or empty where there is no doubt.

    Raises Refused when there is none, UsageError where a long and a short stand side by side.
    """
    held = list(positions)
    there = [p for p in held if p.symbol == instrument.symbol and (not side or direction(p) == side)]
    if len(there) > 1:
        line = f"/close {instrument.symbol} {direction(there[0])}"
        raise UsageError(f"{instrument.symbol} has a long and a short: say which.", example=line)
    if there:
        return there[0]
    what = f"{side} position" if side else "position"
    raise Refused(f"No {what} is open on {instrument.symbol}.{_others(held, instrument)}")


def _others(held: Sequence[Position], instrument: Instrument) -> str:
    """Positions are taken for one another by who knows the coin alone."""
    names = sorted({str(p.symbol) for p in held if p.symbol != instrument.symbol})
    return f" Open: {', '.join(names[:5])}." if names else ""


def part(position: Position, percent: Decimal, instrument: Instrument) -> Decimal:
    """Whole lots, never more than `percent` of the position. Raises Refused for less than one, or too many at once."""
    name, lots = position.symbol, abs(position.lots)
    whole, most = floor_to(lots * percent / _HUNDRED, Decimal(1)), instrument.max_size
    if not whole:
        less = "that part of it is less than one lot."
        raise Refused(f"{name} has {plain(lots)} lots: {less}", aloud=f"{name}: {less}")
    if whole > most:
        raise Refused(f"KuCoin takes at most {plain(most)} lots of {name} at once: close a part first.")
    return whole


def order_out_of(position: Position, lots: Decimal, client_oid: str) -> OrderSpec:
    """At the market, and whatever sends it says that it may only reduce."""
    return OrderSpec(
        client_oid=client_oid,
        symbol=position.symbol,
        venue=Venue.FUTURES,
        side=way_out(position),
        type=OrderType.MARKET,
        size=lots,
        funds=None,
        price=None,
    )


def only_closes(order: Order) -> bool:
    """Of an order of ours: at the market on futures we send nothing but ways out.

    After a kill it may be what was asked for, and cancelled half way it would leave the rest of the position open.
    """
    return order.venue is Venue.FUTURES and order.type is OrderType.MARKET


def cost_of(spec: OrderSpec, position: Position, instrument: Instrument, ticker: Ticker, fee_rate: Decimal) -> Estimate:
    """In the contract's own currency; `free_after` are the lots that stay open.

    What only reduces counts against no limit, so its notional is nothing. Raises Refused when nobody offers anything.
    """
    lots, price = spec.size or _NOTHING, market_price(spec.side, ticker)
    size = lots * instrument.multiplier
    funds = size / price if instrument.inverse else size * price
    return Estimate(
        price=price,
        size=size,
        funds=funds,
        fee=funds * fee_rate,
        notional=_NOTHING,
        free_after=abs(position.lots) - lots,
    )
