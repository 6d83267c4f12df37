"""Everything the futures host serves: a table of endpoints with their weights and permissions."""

from dataclasses import replace

from chatbot.sandbox import kucoin_futures_orders as orders
from chatbot.sandbox import kucoin_futures_positions as positions
from chatbot.sandbox.kucoin_account import FUTURES_ACCOUNT
from chatbot.sandbox.kucoin_auth import FUTURES, GENERAL
from chatbot.sandbox.kucoin_bullet import FUTURES_BULLET
from chatbot.sandbox.kucoin_calls import Endpoint, private
from chatbot.sandbox.kucoin_futures_market import FUTURES_MARKET
from chatbot.sandbox.kucoin_pools import Pool

_PLACE = (private("POST /api/v1/orders", 2, orders.place, Pool.FUTURES, FUTURES),)
_CANCEL = (
    private("DELETE /api/v1/orders/{orderId}", 1, orders.cancel, Pool.FUTURES, FUTURES),
    private("DELETE /api/v1/orders/client-order/{clientOid}", 1, orders.cancel_by_client_oid, Pool.FUTURES, FUTURES),
    private("DELETE /api/v3/orders", 10, orders.cancel_of_symbol, Pool.FUTURES, FUTURES),
    private("DELETE /api/v1/orders", 800, orders.cancel_all, Pool.FUTURES, FUTURES),
    private("DELETE /api/v1/stopOrders", 15, orders.cancel_stops, Pool.FUTURES, FUTURES),
)
_ASK = (
    private("POST /api/v1/orders/test", 2, orders.place_test, Pool.FUTURES, FUTURES),
    private("GET /api/v1/account-overview", 5, positions.account_overview, Pool.FUTURES, FUTURES),
    private("GET /api/v1/positions", 2, positions.positions, Pool.FUTURES, FUTURES),
    private("GET /api/v1/position", 2, positions.position, Pool.FUTURES, FUTURES),
    private("GET /api/v2/position", 2, positions.position_v2, Pool.FUTURES, FUTURES),
    private("GET /api/v2/position/getMarginMode", 2, positions.margin_mode, Pool.FUTURES, FUTURES),
    private("GET /api/v2/position/getPositionMode", 2, positions.position_mode, Pool.FUTURES, FUTURES),
    private("GET /api/v1/funding-history", 5, positions.funding_history, Pool.FUTURES, FUTURES),
    private("GET /api/v1/orders", 2, orders.orders, Pool.FUTURES, GENERAL),
    private("GET /api/v1/stopOrders", 6, orders.stop_orders, Pool.FUTURES, GENERAL),
    private("GET /api/v1/orders/byClientOid", 5, orders.get_by_client_oid, Pool.FUTURES, GENERAL),
    private("GET /api/v1/orders/{orderId}", 5, orders.get_by_id, Pool.FUTURES, GENERAL),
    private("GET /api/v1/recentDoneOrders", 5, orders.recent_done, Pool.FUTURES, GENERAL),
    private("GET /api/v1/fills", 5, orders.fills, Pool.FUTURES, GENERAL),
    private("GET /api/v1/recentFills", 3, orders.recent_fills, Pool.FUTURES, FUTURES),
    private("GET /api/v1/openOrderStatistics", 10, orders.open_order_statistics, Pool.FUTURES, GENERAL),
    private("GET /api/v2/getMaxOpenSize", 2, orders.max_open_size, Pool.FUTURES, FUTURES),
)

FUTURES_ENDPOINTS: tuple[Endpoint, ...] = (
    *FUTURES_MARKET,
    *FUTURES_ACCOUNT,
    *FUTURES_BULLET,
    *(replace(each, places=True) for each in _PLACE),
    *(replace(each, cancels=True) for each in _CANCEL),
    *_ASK,
)
