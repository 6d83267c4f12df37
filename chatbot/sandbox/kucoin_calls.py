"""One call to the sandbox's KuCoin: what an endpoint is, what its handler is given, how parameters are read."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.times import from_millis
from chatbot.core.values import frozen
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.kucoin_auth import ApiKey
from chatbot.sandbox.kucoin_pools import Pool
from chatbot.sandbox.kucoin_ws_tokens import Tokens
from chatbot.sandbox.orders import ExchangeFill, ExchangeOrder
from chatbot.sandbox.refusals import Refusal

Row = dict[str, object]


@frozen
class Call:
    """`now` is the exchange's clock as it shows it; `status` what its status endpoint says.

    `host` is where the caller found this server: name or address, and port. While `hidden`,
    no query knows any order; while `deaf`, cancels are promised and nothing is done.
    """

    exchange: Exchange
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, object]
    key: ApiKey | None
    ip: str
    host: str
    tokens: Tokens
    now: datetime
    status: str
    hidden: bool
    deaf: bool

    def need(self, name: str) -> str:
        value = self.query.get(name, "")
        if not value:
            raise Refusal("400100", f"The parameter {name} is required.")
        return value

    @property
    def symbol(self) -> Symbol | None:
        value = self.query.get("symbol")
        return Symbol(value) if value else None

    def integer(self, name: str, default: int) -> int:
        value = self.query.get(name) or str(default)
        if not value.removeprefix("-").isdecimal():
            raise Refusal("400100", f"The parameter {name} is not a number.")
        return int(value)

    def moment(self, name: str, default: datetime) -> datetime:
        """A parameter in milliseconds; 0 is KuCoin's way to leave it out."""
        millis = self.integer(name, 0)
        return from_millis(millis) if millis else default

    def cancel(self, order: ExchangeOrder) -> ExchangeOrder:
        """Raises Refusal when there is nothing left to cancel."""
        if self.deaf and order.active:
            return order
        return self.exchange.cancel(order)

    def listed(self, venue: Venue) -> list[Instrument]:
        return [each for each in self.exchange.prices.instruments().values() if each.venue is venue]

    def instrument(self, venue: Venue, symbol: str) -> Instrument | None:
        found = self.exchange.prices.instruments().get(Symbol(symbol))
        return found if found is not None and found.venue is venue else None

    def knows(self, order: ExchangeOrder) -> bool:
        """Whether a query shows the order yet."""
        return not self.hidden and self.exchange.now >= order.visible_at

    def orders(self, venue: Venue) -> Iterator[ExchangeOrder]:
        """Those a query shows, oldest first."""
        return (o for o in self.exchange.orders.values() if o.venue is venue and self.knows(o))

    def fills(self, venue: Venue) -> Iterator[ExchangeFill]:
        """Those a query shows, newest first."""
        shown = {order.id for order in self.orders(venue)}
        return (fill for fill in reversed(self.exchange.fills) if fill.order_id in shown)


@frozen
class Endpoint:
    """`permission` None: unsigned. `{name}` in `path` stands for one segment."""

    method: str
    path: str
    weight: int
    handler: Callable[[Call], object]
    pool: Pool = Pool.PUBLIC
    permission: str | None = None
    places: bool = False
    cancels: bool = False


def public(line: str, weight: int, handler: Callable[[Call], object]) -> Endpoint:
    """An unsigned endpoint; `line` is `GET /api/...`."""
    method, _, path = line.partition(" ")
    return Endpoint(method=method, path=path, weight=weight, handler=handler)


def private(line: str, weight: int, handler: Callable[[Call], object], pool: Pool, permission: str) -> Endpoint:
    method, _, path = line.partition(" ")
    return Endpoint(method=method, path=path, weight=weight, handler=handler, pool=pool, permission=permission)


class Nothing:
    """An answer of code 200000 with a `msg` and no `data`."""

    def __init__(self, text: str) -> None:
        self.text = text


def decimal(body: Mapping[str, object], name: str) -> Decimal | None:
    """A number given as text or as a number; None when left out or empty."""
    value = body.get(name)
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Refusal("400100", f"{name} is not a number.") from None
    if isinstance(value, bool) or not number.is_finite():
        raise Refusal("400100", f"{name} is not a number.")
    return number


def text(body: Mapping[str, object], name: str) -> str:
    """Empty when left out."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refusal("400100", f"{name} must be a string.")
    return value


def whole(body: Mapping[str, object], name: str) -> int | None:
    number = decimal(body, name)
    if number is not None and number != number.to_integral_value():
        raise Refusal("400100", f"{name} must be a whole number.")
    return None if number is None else int(number)


def flag(body: Mapping[str, object], name: str) -> bool:
    return body.get(name) is True


def page(rows: list[Row], number: int, size: int) -> Row:
    """One page of `rows`, numbered from 1, in KuCoin's envelope."""
    size = max(size, 1)
    first = (max(number, 1) - 1) * size
    return {
        "currentPage": max(number, 1),
        "pageSize": size,
        "totalNum": len(rows),
        "totalPage": -(-len(rows) // size),
        "items": rows[first : first + size],
    }
