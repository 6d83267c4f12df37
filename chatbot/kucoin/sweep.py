"""Cancelling everything the account has resting, wherever it was placed from."""

from collections.abc import Awaitable

from chatbot.core.errors import KucoinError, OutcomeUnknown, Unavailable
from chatbot.core.exchange import CancelReport, Resting, Sweep
from chatbot.core.market import Symbol
from chatbot.kucoin import endpoints
from chatbot.kucoin.endpoints import Endpoint
from chatbot.kucoin.order_schemas import CancelledIds, CancelledSymbols, FuturesOrder
from chatbot.kucoin.pages import futures_rows
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import Model, every, one
from chatbot.kucoin.together import together


async def cancel_everything(spot: Rest, futures: Rest) -> CancelReport:
    """All places at once. Never raises a `KucoinError`: what one place answered must not hide the others."""
    sweeps = await together(
        (
            _guarded(Resting.SPOT_ORDERS, _spot_orders(spot)),
            _guarded(Resting.SPOT_STOPS, _by_ids(spot, endpoints.SPOT_CANCEL_STOPS, Resting.SPOT_STOPS)),
            _guarded(Resting.FUTURES_ORDERS, _futures_orders(futures)),
            _guarded(Resting.FUTURES_STOPS, _by_ids(futures, endpoints.FUTURES_CANCEL_STOPS, Resting.FUTURES_STOPS)),
        )
    )
    return CancelReport(sweeps=tuple(sweeps))


async def _guarded(place: Resting, sweep: Awaitable[Sweep]) -> Sweep:
    try:
        return await sweep
    except KucoinError as error:
        return Sweep(place=place, error=error)


async def _spot_orders(spot: Rest) -> Sweep:
    done = _done(CancelledSymbols, await spot.call(endpoints.SPOT_CANCEL_ALL))
    failed = tuple(Symbol(row.symbol) for row in done.failed_symbols or ())
    return Sweep(place=Resting.SPOT_ORDERS, cancelled=done.succeed_symbols or (), failed=failed)


async def _by_ids(rest: Rest, endpoint: Endpoint, place: Resting) -> Sweep:
    data = await rest.call(endpoint)
    return Sweep(place=place, cancelled=() if data is None else _done(CancelledIds, data).cancelled_order_ids)


async def _futures_orders(futures: Rest) -> Sweep:
    """Futures have no cancel for all symbols that is cheap enough: list, then one call a symbol."""
    rows = every(FuturesOrder, await futures_rows(futures, endpoints.FUTURES_ORDERS, {"status": "active"}))
    symbols = sorted({row.symbol for row in rows})
    results = await together(_futures_symbol(futures, Symbol(symbol)) for symbol in symbols)
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
