"""What can be asked of KuCoin's two hosts, with the pool, weight and permission of each (its specification of 2025)."""

from collections.abc import Mapping
from enum import Enum, auto

from chatbot.core.market import Venue
from chatbot.core.values import frozen
from chatbot.kucoin.pools import PoolName

_MIB = 1024 * 1024
_CATALOGUE = 16 * _MIB
"""Lists of everything grow with KuCoin's listings: the contracts alone are over a MiB by now."""


class Kind(Enum):
    """What it would mean to send a call twice: nothing for READ and CANCEL, a second order for ORDER."""

    READ = auto()
    CANCEL = auto()
    ORDER = auto()


@frozen
class Endpoint:
    """`path` may hold `{placeholders}`. Without a `permission` the call is not signed.

    `urgent` calls may use the part of the budget and of the connections that is kept
    for them; `cap` is the most bytes of answer that will be read.
    """

    path: str
    weight: int
    pool: PoolName = PoolName.PUBLIC
    permission: str = ""
    method: str = "GET"
    kind: Kind = Kind.READ
    urgent: bool = False
    cap: int = 2 * _MIB


def _public(path: str, weight: int, *, cap: int = 2 * _MIB, urgent: bool = False) -> Endpoint:
    return Endpoint(path=path, weight=weight, cap=cap, urgent=urgent)


def _spot(path: str, weight: int, *, permission: str = "General", urgent: bool = False) -> Endpoint:
    return Endpoint(path=path, weight=weight, pool=PoolName.SPOT, permission=permission, urgent=urgent)


def _futures(path: str, weight: int, *, permission: str = "Futures", urgent: bool = False) -> Endpoint:
    return Endpoint(path=path, weight=weight, pool=PoolName.FUTURES, permission=permission, urgent=urgent)


def _management(path: str, weight: int) -> Endpoint:
    return Endpoint(path=path, weight=weight, pool=PoolName.MANAGEMENT, permission="General")


def _token(pool: PoolName, which: str, permission: str = "") -> Endpoint:
    return Endpoint(path=f"/api/v1/bullet-{which}", weight=10, pool=pool, permission=permission, method="POST")


def _place(path: str, weight: int, pool: PoolName, permission: str) -> Endpoint:
    return Endpoint(path=path, weight=weight, pool=pool, permission=permission, method="POST", kind=Kind.ORDER)


def _cancel(path: str, weight: int, pool: PoolName, permission: str) -> Endpoint:
    return Endpoint(
        path=path,
        weight=weight,
        pool=pool,
        permission=permission,
        method="DELETE",
        kind=Kind.CANCEL,
        urgent=True,
    )


TIME = _public("/api/v1/timestamp", 3, urgent=True)
STATUS = _public("/api/v1/status", 4)

SPOT_SYMBOLS = _public("/api/v2/symbols", 4, cap=_CATALOGUE)
SPOT_TICKER = _public("/api/v1/market/orderbook/level1", 2)
SPOT_BOOK = _public("/api/v1/market/orderbook/level2_20", 2)
SPOT_STATS = _public("/api/v1/market/stats", 15)
SPOT_TICKERS = _public("/api/v1/market/allTickers", 15, cap=_CATALOGUE)
MY_ADDRESS = _public("/api/v1/my-ip", 0)
FIAT_PRICES = _public("/api/v1/prices", 3)

CONTRACTS = _public("/api/v1/contracts/active", 3, cap=_CATALOGUE)
CONTRACT = _public("/api/v1/contracts/{symbol}", 3)
FUTURES_TICKER = _public("/api/v1/ticker", 2)
FUNDING_RATE = _public("/api/v1/funding-rate/{symbol}/current", 2)

FUTURES_TICKERS = _public("/api/v1/allTickers", 5, cap=_CATALOGUE)
SPOT_CANDLES = _public("/api/v1/market/candles", 3)
FUTURES_CANDLES = _public("/api/v1/kline/query", 3)
SETTLED_RATES = _public("/api/v1/contract/funding-rates", 5)

PUBLIC_TOKEN = _token(PoolName.PUBLIC, "public")
PRIVATE_TOKENS: Mapping[Venue, Endpoint] = {
    Venue.SPOT: _token(PoolName.SPOT, "private", "General"),
    Venue.FUTURES: _token(PoolName.FUTURES, "private", "General"),
}
"""For the feed: signed with an empty body. Spot and futures take no token of the other."""

KEY = _management("/api/v1/user/api-key", 20)
MODE = _management("/api/ua/v1/account/mode", 30)
BALANCES = _management("/api/v1/accounts", 5)
SPOT_FEES = _spot("/api/v1/trade-fees", 3)
FUTURES_FEES = _futures("/api/v1/trade-fees", 3, permission="General")
OVERVIEW = _futures("/api/v1/account-overview", 5)
POSITIONS = _futures("/api/v1/positions", 2)
FUNDING_PAID = _futures("/api/v1/funding-history", 5)

SPOT_PLACE = _place("/api/v1/hf/orders", 1, PoolName.SPOT, "Spot")
FUTURES_PLACE = _place("/api/v1/orders", 2, PoolName.FUTURES, "Futures")

SPOT_PLACE_STOP = _place("/api/v1/stop-order", 2, PoolName.SPOT, "Spot")

SPOT_BY_OID = _spot("/api/v1/hf/orders/client-order/{clientOid}", 2, urgent=True)
SPOT_BY_ID = _spot("/api/v1/hf/orders/{orderId}", 2, urgent=True)
SPOT_OPEN_SYMBOLS = _spot("/api/v1/hf/orders/active/symbols", 2, permission="Spot", urgent=True)
SPOT_OPEN = _spot("/api/v1/hf/orders/active", 2, urgent=True)
SPOT_DONE = _spot("/api/v1/hf/orders/done", 2, urgent=True)
SPOT_FILLS = _spot("/api/v1/hf/fills", 2, urgent=True)
FUTURES_BY_OID = _futures("/api/v1/orders/byClientOid", 5, permission="General", urgent=True)
FUTURES_BY_ID = _futures("/api/v1/orders/{orderId}", 5, permission="General", urgent=True)
FUTURES_ORDERS = _futures("/api/v1/orders", 2, permission="General", urgent=True)
FUTURES_FILLS = _futures("/api/v1/fills", 5, permission="General", urgent=True)
FUTURES_RECENT_FILLS = _futures("/api/v1/recentFills", 3, urgent=True)
SPOT_STOP_BY_OID = _spot("/api/v1/stop-order/queryOrderByClientOid", 3, urgent=True)
SPOT_STOPS = _spot("/api/v1/stop-order", 8, urgent=True)
SPOT_OCOS = _spot("/api/v3/oco/orders", 2, urgent=True)
FUTURES_STOPS = _futures("/api/v1/stopOrders", 6, permission="General", urgent=True)

SPOT_CANCEL = _cancel("/api/v1/hf/orders/{orderId}", 1, PoolName.SPOT, "Spot")
SPOT_CANCEL_ALL = _cancel("/api/v1/hf/orders/cancelAll", 30, PoolName.SPOT, "Spot")
SPOT_CANCEL_STOPS = _cancel("/api/v1/stop-order/cancel", 3, PoolName.SPOT, "Spot")
FUTURES_CANCEL = _cancel("/api/v1/orders/{orderId}", 1, PoolName.FUTURES, "Futures")
FUTURES_CANCEL_ALL = _cancel("/api/v3/orders", 30, PoolName.FUTURES, "Futures")
SPOT_CANCEL_OCOS = _cancel("/api/v3/oco/orders", 3, PoolName.SPOT, "Spot")
FUTURES_CANCEL_AT_ONCE = _cancel("/api/v1/orders", 800, PoolName.FUTURES, "Futures")
"""Of all contracts. Dear, and called abandoned: for when there is no time to ask which contracts hold orders."""

SPOT_DEAD_MAN = Endpoint(
    path="/api/v1/hf/orders/dead-cancel-all",
    weight=2,
    pool=PoolName.SPOT,
    permission="Spot",
    method="POST",
    kind=Kind.CANCEL,
    urgent=True,
)
FUTURES_CANCEL_STOPS = _cancel("/api/v1/stopOrders", 15, PoolName.FUTURES, "Futures")
