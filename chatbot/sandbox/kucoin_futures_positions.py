"""The futures account and its positions as KuCoin writes them: bare numbers."""

from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Instrument, Venue
from chatbot.core.times import to_millis
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.kucoin_calls import Call, Nothing, Row
from chatbot.sandbox.kucoin_futures_market import known
from chatbot.sandbox.kucoin_futures_wire import funding_payment
from chatbot.sandbox.orders import ZERO
from chatbot.sandbox.positions import (
    MAINTENANCE,
    Position,
    entry_price,
    price_losing,
    profit,
    settle_currency,
    value,
)
from chatbot.sandbox.prices import Quote

_RATIO = Decimal("0.0001")


def account_overview(call: Call) -> Row:
    """For XBT unless another `currency` is named: KuCoin's default, and a trap."""
    currency = call.query.get("currency") or "XBT"
    wallet = call.exchange.accounts.wallet(Pocket.FUTURES, currency)
    held = [each for each in _held(call) if settle_currency(each[1]) == currency]
    pnl = sum((unrealised(position, i, quote) for position, i, quote in held), ZERO)
    margin = sum((position.margin for position, _, _ in held), ZERO)
    maintenance = sum((value(i, position.lots, quote.mark) * MAINTENANCE for position, i, quote in held), ZERO)
    equity = wallet.total + pnl
    return {
        "accountEquity": equity,
        "unrealisedPNL": pnl,
        "marginBalance": wallet.total,
        "positionMargin": margin,
        "orderMargin": wallet.held - margin,
        "frozenFunds": ZERO,
        "availableBalance": wallet.available,
        "currency": currency,
        "riskRatio": (maintenance / equity).quantize(_RATIO) if equity > 0 else ZERO,
        "maxWithdrawAmount": max(wallet.available, ZERO),
    }


def positions(call: Call) -> list[Row]:
    currency = call.query.get("currency")
    return [
        position_row(call.exchange.now, position, instrument, quote)
        for position, instrument, quote in _held(call)
        if currency in (None, "", settle_currency(instrument))
    ]


def position(call: Call) -> Row | Nothing:
    rows = _of_symbol(call)
    return rows[0] if rows else Nothing("Position does not exist")


def position_v2(call: Call) -> list[Row]:
    return _of_symbol(call)


def _of_symbol(call: Call) -> list[Row]:
    symbol = known(call, call.need("symbol")).symbol
    return [position_row(call.exchange.now, p, i, q) for p, i, q in _held(call) if p.symbol == symbol]


def margin_mode(call: Call) -> Row:
    return {"symbol": call.need("symbol"), "marginMode": "ISOLATED"}


def position_mode(_: Call) -> Row:
    return {"positionMode": 0}


def funding_history(call: Call) -> Row:
    """Newest first, at most `maxCount` (10) rows of one symbol."""
    symbol, count = call.need("symbol"), max(call.integer("maxCount", 10), 1)
    until = call.moment("endAt", call.exchange.now)
    rows = [
        funding_payment(each)
        for each in reversed(call.exchange.payments)
        if each.symbol == symbol and call.integer("startAt", 0) <= to_millis(each.time) and each.time <= until
    ]
    return {"dataList": rows[:count], "hasMore": len(rows) > count}


def _held(call: Call) -> list[tuple[Position, Instrument, Quote]]:
    found = []
    for each in call.exchange.positions.values():
        instrument = call.instrument(Venue.FUTURES, each.symbol)
        quote = call.exchange.prices.quote(each.symbol)
        if instrument is not None and quote is not None:
            found.append((each, instrument, quote))
    return found


def unrealised(held: Position, instrument: Instrument, quote: Quote) -> Decimal:
    return profit(instrument, held.lots, held.cost, quote.mark)


def position_row(now: datetime, held: Position, instrument: Instrument, quote: Quote) -> Row:
    worth, pnl = value(instrument, held.lots, quote.mark), unrealised(held, instrument, quote)
    fine = instrument.price_increment / 10
    liquidation = price_losing(instrument, held, MAINTENANCE) or ZERO
    bankrupt = price_losing(instrument, held, ZERO) or ZERO
    sign = 1 if held.lots > 0 else -1
    cost = sign * held.cost
    return {
        "id": f"5000000000{to_millis(held.opened_at) % 100_000_000:08d}",
        "symbol": held.symbol,
        "crossMode": False,
        "delevPercentage": Decimal("0.5"),
        "openingTimestamp": to_millis(held.opened_at),
        "currentTimestamp": to_millis(now),
        "currentQty": int(held.lots),
        "currentCost": cost,
        "currentComm": held.fees,
        "unrealisedCost": cost,
        "realisedGrossCost": -held.realised,
        "realisedCost": held.fees - held.funding - held.realised,
        "isOpen": True,
        "markPrice": quote.mark,
        "markValue": sign * worth,
        "posCost": cost,
        "posInit": held.margin,
        "posMargin": held.margin,
        "realisedGrossPnl": held.realised,
        "realisedPnl": held.realised + held.funding - held.fees,
        "unrealisedPnl": pnl,
        "unrealisedPnlPcnt": (pnl / held.cost).quantize(_RATIO),
        "unrealisedRoePcnt": (pnl / held.margin).quantize(_RATIO),
        "avgEntryPrice": entry_price(instrument, held).quantize(fine),
        "liquidationPrice": liquidation.quantize(fine),
        "bankruptPrice": bankrupt.quantize(fine),
        "settleCurrency": settle_currency(instrument),
        "isInverse": instrument.inverse,
        "marginMode": "ISOLATED",
        "positionSide": "BOTH",
        "leverage": held.leverage,
        **_isolated(held, worth, pnl),
    }


def _isolated(held: Position, worth: Decimal, pnl: Decimal) -> Row:
    """What only isolated positions carry."""
    equity = held.margin + pnl
    return {
        "autoDeposit": False,
        "maintMarginReq": MAINTENANCE,
        "riskLimit": 500_000,
        "riskLimitLevel": 1,
        "realLeverage": (worth / equity).quantize(Decimal("0.01")) if equity > 0 else ZERO,
        "posCross": ZERO,
        "posCrossMargin": ZERO,
        "posComm": ZERO,
        "posCommCommon": ZERO,
        "posLoss": ZERO,
        "posFunding": held.funding,
        "posMaint": held.cost * MAINTENANCE,
        "maintMargin": equity,
        "maintainMargin": MAINTENANCE,
    }
