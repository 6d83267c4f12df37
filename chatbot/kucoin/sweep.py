"""Cancelling everything the account has resting, wherever it was placed from."""

import logging
from collections.abc import Sequence

from chatbot.core.errors import KucoinError, NoPermission, OutcomeUnknown, Unavailable
from chatbot.core.exchange import Resting, Sweep
from chatbot.core.market import Symbol
from chatbot.kucoin import endpoints
from chatbot.kucoin.endpoints import Endpoint
from chatbot.kucoin.order_schemas import CancelledIds, CancelledSymbols, FuturesOrder
from chatbot.kucoin.pages import futures_rows
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import Model, every, one
from chatbot.kucoin.together import together

_log = logging.getLogger(__name__)


async def cancel_place(place: Resting, spot: Rest, futures: Rest, contracts: Sequence[Symbol] | None) -> Sweep:
    """Never raises a `KucoinError`. `contracts` hold futures orders; None where that is not known."""
    try:
        match place:
            case Resting.SPOT_ORDERS:
                return await _spot_orders(spot)
            case Resting.SPOT_STOPS:
                return await _by_ids(spot, endpoints.SPOT_CANCEL_STOPS, place)
            case Resting.SPOT_OCOS:
                return await _by_ids(spot, endpoints.SPOT_CANCEL_OCOS, place)
            case Resting.FUTURES_STOPS:
                return await _by_ids(futures, endpoints.FUTURES_CANCEL_STOPS, place)
            case Resting.FUTURES_ORDERS:
                return await _futures_orders(futures, contracts)
    except KucoinError as error:
        return Sweep(place=place, error=error)


async def _spot_orders(spot: Rest) -> Sweep:
    done = _done(CancelledSymbols, await spot.call(endpoints.SPOT_CANCEL_ALL))
    failed = tuple(Symbol(row.symbol) for row in done.failed_symbols or ())
    return Sweep(place=Resting.SPOT_ORDERS, cancelled=done.succeed_symbols or (), failed=failed)


async def _by_ids(rest: Rest, endpoint: Endpoint, place: Resting) -> Sweep:
    data = await rest.call(endpoint)
    return Sweep(place=place, cancelled=() if data is None else _done(CancelledIds, data).cancelled_order_ids)


async def _futures_orders(futures: Rest, contracts: Sequence[Symbol] | None) -> Sweep:
    """One cheap call a contract. Where nobody knows which, one dear call for all; is that gone, list and go on."""
    if contracts is None:
        try:
            return await _by_ids(futures, endpoints.FUTURES_CANCEL_AT_ONCE, Resting.FUTURES_ORDERS)
        except NoPermission:
            raise
        except KucoinError as error:
            _log.info("the cancel for all contracts failed, each is asked: %s", error)
        rows = every(FuturesOrder, await futures_rows(futures, endpoints.FUTURES_ORDERS, {"status": "active"}))
        contracts = sorted({Symbol(row.symbol) for row in rows})
    results = await together(_futures_symbol(futures, contract) for contract in contracts)
    return Sweep(
        place=Resting.FUTURES_ORDERS,
        cancelled=tuple(order_id for result in results for order_id in result.cancelled),
        failed=tuple(symbol for result in results for symbol in result.failed),
        error=next((result.error for result in results if result.error is not None), None),
    )


async def _futures_symbol(futures: Rest, symbol: Symbol) -> Sweep:
    place = Resting.FUTURES_ORDERS
    try:
        done = _done(CancelledIds, await futures.call(endpoints.FUTURES_CANCEL_ALL, {"symbol": str(symbol)}))
    except KucoinError as error:
        return Sweep(place=place, failed=(symbol,), error=error)
    return Sweep(place=place, cancelled=done.cancelled_order_ids)


def _done(model: type[Model], data: object) -> Model:
    """An answer that cannot be read came all the same: something may have been cancelled."""
    try:
        return one(model, data)
    except Unavailable:
        pass
    raise OutcomeUnknown("KuCoin's answer to the cancel makes no sense.")
