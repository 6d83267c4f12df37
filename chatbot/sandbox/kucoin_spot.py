"""Everything the spot host serves: a table of endpoints with their weights, pools and permissions."""

from dataclasses import replace

from chatbot.sandbox import kucoin_spot_oco as oco
from chatbot.sandbox import kucoin_spot_orders as orders
from chatbot.sandbox import kucoin_spot_queries as queries
from chatbot.sandbox.kucoin_account import SPOT_ACCOUNT
from chatbot.sandbox.kucoin_auth import GENERAL, SPOT
from chatbot.sandbox.kucoin_bullet import SPOT_BULLET
from chatbot.sandbox.kucoin_calls import Endpoint, private
from chatbot.sandbox.kucoin_pools import Pool
from chatbot.sandbox.kucoin_spot_market import SPOT_MARKET

_PLACE = (
    private("POST /api/v1/hf/orders", 1, orders.place, Pool.SPOT, SPOT),
    private("POST /api/v1/hf/orders/sync", 1, orders.place_sync, Pool.SPOT, SPOT),
    private("POST /api/v1/stop-order", 1, orders.place_stop, Pool.SPOT, SPOT),
    private("POST /api/v3/oco/order", 2, oco.place, Pool.SPOT, SPOT),
)
_CANCEL = (
    private("DELETE /api/v1/hf/orders", 2, orders.cancel_all_of_symbol, Pool.SPOT, SPOT),
    private("DELETE /api/v1/hf/orders/cancelAll", 30, orders.cancel_all, Pool.SPOT, SPOT),
    private("DELETE /api/v1/hf/orders/{orderId}", 1, orders.cancel, Pool.SPOT, SPOT),
    private("DELETE /api/v1/hf/orders/client-order/{clientOid}", 1, orders.cancel_by_client_oid, Pool.SPOT, SPOT),
    private("DELETE /api/v1/hf/orders/sync/{orderId}", 1, orders.cancel_sync, Pool.SPOT, SPOT),
    private(
        "DELETE /api/v1/hf/orders/sync/client-order/{clientOid}", 1, orders.cancel_sync_by_client_oid, Pool.SPOT, SPOT
    ),
    private("DELETE /api/v1/stop-order/cancel", 3, orders.cancel_stop_orders, Pool.SPOT, SPOT),
    private("DELETE /api/v3/oco/orders", 3, oco.cancel, Pool.SPOT, SPOT),
)
_ASK = (
    private("POST /api/v1/hf/orders/test", 1, orders.place_test, Pool.SPOT, SPOT),
    private("GET /api/v1/hf/orders/active", 2, queries.active, Pool.SPOT, GENERAL),
    private("GET /api/v1/hf/orders/active/page", 2, queries.active_page, Pool.SPOT, GENERAL),
    private("GET /api/v1/hf/orders/active/symbols", 2, queries.active_symbols, Pool.SPOT, SPOT),
    private("GET /api/v1/hf/orders/done", 2, queries.done, Pool.SPOT, GENERAL),
    private("GET /api/v1/hf/fills", 2, queries.fills, Pool.SPOT, GENERAL),
    private("GET /api/v1/hf/orders/{orderId}", 2, queries.get_by_id, Pool.SPOT, GENERAL),
    private("GET /api/v1/hf/orders/client-order/{clientOid}", 2, queries.get_by_client_oid, Pool.SPOT, GENERAL),
    private("POST /api/v1/hf/orders/dead-cancel-all", 2, orders.set_dead_man, Pool.SPOT, SPOT),
    private("GET /api/v1/hf/orders/dead-cancel-all/query", 2, orders.get_dead_man, Pool.SPOT, SPOT),
    private("GET /api/v1/stop-order/queryOrderByClientOid", 3, orders.stop_orders_by_client_oid, Pool.SPOT, GENERAL),
    private("GET /api/v1/stop-order", 8, orders.stop_orders, Pool.SPOT, GENERAL),
    private("GET /api/v3/oco/orders", 2, oco.orders, Pool.SPOT, GENERAL),
)

SPOT_ENDPOINTS: tuple[Endpoint, ...] = (
    *SPOT_MARKET,
    *SPOT_ACCOUNT,
    *SPOT_BULLET,
    *(replace(each, places=True) for each in _PLACE),
    *(replace(each, cancels=True) for each in _CANCEL),
    *_ASK,
)
