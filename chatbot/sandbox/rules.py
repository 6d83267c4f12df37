"""What an order must look like to be accepted: pure checks, answered in KuCoin's codes.

Where KuCoin's sources give several codes for one fault, the newest text seen in the
wild is taken; which one is said beside it.
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.market import Instrument
from chatbot.core.numbers import is_multiple
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.orders import OrderRequest, TimeInForce
from chatbot.sandbox.positions import MAX_LEVERAGE
from chatbot.sandbox.prices import Quote
from chatbot.sandbox.refusals import Refusal

MAX_ACTIVE = 200
_CLIENT_OID = re.compile(r"[A-Za-z0-9_-]{1,40}")
FUTURES_BAND = Decimal("0.05")


def check_client_oid(client_oid: str) -> None:
    if not _CLIENT_OID.fullmatch(client_oid):
        raise Refusal("400100", "The clientOid must be at most 40 letters, digits, _ or -.")


def check_time_window(sent: int | None, window: int | None, received: int) -> None:
    """All in milliseconds. The code is not documented: 102411 is HF's parameter error."""
    if sent is not None and window is not None and sent + window < received:
        raise Refusal("102411", "The request arrived after its allowMaxTimeWindow.")


def check_spot(request: OrderRequest, instrument: Instrument) -> None:
    if not instrument.tradable:
        raise Refusal("200001", "Order creation for this pair suspended")
    if request.size is not None:
        _check_size(request.size, instrument)
    if request.type is OrderType.LIMIT:
        _check_limit(request, instrument)
    elif request.price is not None or (request.size is None) == (request.funds is None):
        raise Refusal("400100", "A market order needs size or funds, and no price.")
    if request.funds is not None:
        _check_funds(request.funds, instrument)


def _check_limit(request: OrderRequest, instrument: Instrument) -> None:
    if request.price is None or request.size is None or request.funds is not None:
        raise Refusal("400100", "A limit order needs price and size, and no funds.")
    if request.price <= 0 or not is_multiple(request.price, instrument.price_increment):
        raise Refusal("400100", "Price increment invalid.")
    if request.post_only and request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
        raise Refusal("400100", "postOnly does not go with IOC or FOK.")
    if (request.cancel_after > 0) != (request.time_in_force is TimeInForce.GTT):
        raise Refusal("400100", "cancelAfter goes with GTT, and GTT with cancelAfter.")
    if request.price * request.size < instrument.min_funds:
        raise Refusal("600101", "The order funds should more then the minimum.")


def _check_size(size: Decimal, instrument: Instrument) -> None:
    if size < instrument.min_size:
        raise Refusal("400100", "Order size below the minimum requirement.")
    if size > instrument.max_size:
        raise Refusal("102434", "Order size too large.")
    if not is_multiple(size, instrument.size_increment):
        raise Refusal("400100", "Order size increment invalid.")


def _check_funds(funds: Decimal, instrument: Instrument) -> None:
    if funds < instrument.min_funds:
        raise Refusal("600101", "The order funds should more then the minimum.")
    if funds > instrument.max_funds:
        raise Refusal("102434", "Order funds too large.")
    if not is_multiple(funds, instrument.funds_increment):
        raise Refusal("400100", "Order funds increment invalid.")


def check_futures(request: OrderRequest, instrument: Instrument, quote: Quote) -> None:
    if not instrument.tradable:
        raise Refusal("300002", "The contract does not accept orders now.")
    size = request.size
    if size is None or size < instrument.min_size or not is_multiple(size, instrument.size_increment):
        raise Refusal("100001", "Quantity parameter is not a multiple of the lot size.")
    if size > instrument.max_size:
        raise Refusal("100001", "Quantity parameter exceeds the maximum.")
    opens = not (request.reduce_only or request.close_order)
    if opens and not 0 < request.leverage <= MAX_LEVERAGE:
        raise Refusal("300016", f"The leverage cannot be greater than {MAX_LEVERAGE}.")
    if request.type is OrderType.LIMIT:
        _check_futures_price(request, instrument, quote)


def _check_futures_price(request: OrderRequest, instrument: Instrument, quote: Quote) -> None:
    """A price beyond the contract's buy or sell limit is refused; the far side is free."""
    price = request.price
    if price is None or price <= 0 or not is_multiple(price, instrument.price_increment):
        raise Refusal("100001", "Price parameter invalid.")
    if request.side is Side.BUY and price > quote.mark * (1 + FUTURES_BAND):
        raise Refusal("300011", "Order price too high.")
    if request.side is Side.SELL and price < quote.mark * (1 - FUTURES_BAND):
        raise Refusal("300012", "Order price too low.")


def is_expired(request: OrderRequest, created_at: datetime, now: datetime) -> bool:
    return request.cancel_after > 0 and now >= created_at + timedelta(seconds=request.cancel_after)
