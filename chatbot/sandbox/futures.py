"""Futures trading: isolated margin, one-way positions, funding and liquidation.

A wallet's `held` is the margin of its positions and of its resting orders.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Instrument, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox import rules
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.book import Level, eat, levels, walked_into, within
from chatbot.sandbox.journal import Cause
from chatbot.sandbox.ledger import Execution, Ledger, to_cents
from chatbot.sandbox.orders import ZERO, ExchangeOrder, OrderRequest, TimeInForce
from chatbot.sandbox.positions import (
    MAINTENANCE,
    FundingPayment,
    Position,
    price_losing,
    profit,
    settle_currency,
    shrunk,
    value,
)
from chatbot.sandbox.prices import Quote
from chatbot.sandbox.refusals import Refusal


class FuturesDesk:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def check(self, request: OrderRequest) -> tuple[OrderRequest, Instrument]:
        """The order as it will run: a closing order gets its side and size. Raises Refusal."""
        rules.check_client_oid(request.client_oid)
        instrument = self._ledger.instrument(request.symbol)
        if instrument is None or instrument.venue is not Venue.FUTURES:
            raise Refusal("200003", "symbol invalid")
        request = self._bounded(request)
        rules.check_futures(request, instrument, self._ledger.quote(request.symbol))
        self._ledger.refuse_duplicate(request, Venue.FUTURES, "300018")
        if sum(1 for _ in self._ledger.active(Venue.FUTURES, request.symbol)) >= rules.MAX_ACTIVE:
            raise Refusal("300001", "Too many active orders.")
        return request, instrument

    def place(self, request: OrderRequest) -> ExchangeOrder:
        request, instrument = self.check(request)
        if request.stop is not None:
            return self._ledger.accept(request, Venue.FUTURES)
        quote = self._ledger.quote(request.symbol)
        book = within(levels(instrument, quote, request.side), request.side, request.price)
        eaten = eat(book, request.size or ZERO)
        if self._needed(request, instrument, quote) > self._available(instrument):
            raise Refusal("300003", "Balance insufficient. The order would cost more than the available margin.")
        order = self._ledger.accept(request, Venue.FUTURES)
        if request.post_only and eaten:
            return self._ledger.finish(order, cancelled=True)
        for level in eaten:
            order = self._fill(order, instrument, level, taker=True)
        if not order.remaining:
            return self._ledger.finish(order, cancelled=False)
        if request.type is OrderType.MARKET or request.time_in_force is TimeInForce.IOC:
            return self._ledger.finish(order, cancelled=True)
        return self._ledger.rested(self._hold(order, instrument))

    def match(self, order: ExchangeOrder, quote: Quote) -> ExchangeOrder:
        """Let the market walk into a resting order, as on spot; what would no longer reduce is cancelled."""
        instrument = self._ledger.instrument(order.request.symbol)
        part = walked_into(order, instrument, quote) if instrument else None
        if instrument is None or part is None:
            return order
        if order.request.reduce_only or order.request.close_order:
            reducible = self._reducible(order.request)
            if not reducible:
                return self.cancel(order)
            part = replace(part, size=min(part.size, reducible))
        order = self._release(order)
        order = self._fill(order, instrument, part, taker=False)
        return self._hold(order, instrument) if order.remaining else self._ledger.finish(order, cancelled=False)

    def cancel(self, order: ExchangeOrder) -> ExchangeOrder:
        order = self._ledger.finish(self._release(order), cancelled=True)
        self._ledger.moved(Cause.HELD, order)
        return order

    def settle_funding(self, until: datetime) -> None:
        """Pay what came due since the last call, at the mark of now: the caller comes by often."""
        for symbol, position in list(self._ledger.positions.items()):
            instrument, quote = self._ledger.instrument(symbol), self._ledger.prices.quote(symbol)
            if instrument is None or quote is None:
                continue
            since = max(self._ledger.funded_until, position.opened_at)
            for due in self._ledger.prices.settlements(symbol, since, until):
                self._pay(instrument, quote, due.time, due.rate)
        self._ledger.funded_until = until

    def liquidate(self) -> None:
        """Close at the bankruptcy price what the mark price has carried past its liquidation price."""
        for symbol, position in list(self._ledger.positions.items()):
            instrument, quote = self._ledger.instrument(symbol), self._ledger.prices.quote(symbol)
            if instrument is None or quote is None:
                continue
            line = price_losing(instrument, position, MAINTENANCE)
            if line is None or (quote.mark > line if position.lots > 0 else quote.mark < line):
                continue
            side = Side.SELL if position.lots > 0 else Side.BUY
            request = OrderRequest(
                client_oid=f"liquidation-{symbol}",
                symbol=symbol,
                side=side,
                type=OrderType.MARKET,
                size=abs(position.lots),
                leverage=position.leverage,
                close_order=True,
            )
            order = self._ledger.accept(request, Venue.FUTURES)
            price = price_losing(instrument, position, ZERO) or line
            order = self._fill(
                order, instrument, Level(price=instrument.round_price(price), size=abs(position.lots)), taker=True
            )
            self._ledger.finish(order, cancelled=False)

    def _bounded(self, request: OrderRequest) -> OrderRequest:
        """A closing order takes side and size from the position, a reducing one no more than there is."""
        position = self._ledger.positions.get(request.symbol)
        if not (request.close_order or request.reduce_only):
            return request
        if position is None:
            raise Refusal("300009", "No open positions to close.")
        if request.stop is None and request.close_order:
            side = Side.SELL if position.lots > 0 else Side.BUY
            return replace(request, side=side, size=abs(position.lots), leverage=position.leverage)
        if not self._reducible(request):
            raise Refusal("300009", "No open positions to close.")
        size = min(request.size or abs(position.lots), abs(position.lots))
        return replace(request, size=size, leverage=position.leverage)

    def _reducible(self, request: OrderRequest) -> Decimal:
        position = self._ledger.positions.get(request.symbol)
        if position is None or (position.lots > 0) is (request.side is Side.BUY):
            return ZERO
        return abs(position.lots)

    def _available(self, instrument: Instrument) -> Decimal:
        return self._ledger.accounts.available(Pocket.FUTURES, settle_currency(instrument))

    def _needed(self, request: OrderRequest, instrument: Instrument, quote: Quote) -> Decimal:
        """Margin and fee of the part that would open; closing costs nothing that is not there."""
        opening = (request.size or ZERO) - self._reducible(request)
        if opening <= 0 or request.reduce_only or request.close_order:
            return ZERO
        price = request.price or (quote.ask if request.side is Side.BUY else quote.bid)
        return value(instrument, opening, price) * (1 / request.leverage + instrument.taker_fee_rate)

    def _fill(self, order: ExchangeOrder, instrument: Instrument, level: Level, *, taker: bool) -> ExchangeOrder:
        currency = settle_currency(instrument)
        worth = to_cents(value(instrument, level.size, level.price))
        closed = min(self._reducible(order.request), level.size)
        execution = Execution(
            level=level,
            funds=worth,
            taker=taker,
            fee_currency=currency,
            closing_share=closed / level.size,
            forced=order.request.client_oid.startswith("liquidation-"),
        )
        before = order.fee
        order = self._ledger.book(order, instrument, execution)
        fee = order.fee - before
        self._ledger.accounts.add(Pocket.FUTURES, currency, -fee)
        if closed:
            self._reduce(instrument, closed, level.price)
        if level.size > closed:
            self._increase(order.request, instrument, level.size - closed, level.price)
        position = self._ledger.positions.get(instrument.symbol)
        if position is not None:
            self._ledger.positions[instrument.symbol] = replace(position, fees=position.fees + fee)
        self._ledger.moved(Cause.TRADED, order)
        return order

    def _reduce(self, instrument: Instrument, lots: Decimal, price: Decimal) -> None:
        position = self._ledger.positions[instrument.symbol]
        left = shrunk(position, lots)
        currency = settle_currency(instrument)
        gain = to_cents(profit(instrument, position.lots / abs(position.lots) * lots, position.cost - left.cost, price))
        self._ledger.accounts.hold(Pocket.FUTURES, currency, left.margin - position.margin)
        self._ledger.accounts.add(Pocket.FUTURES, currency, gain)
        if left.lots:
            self._ledger.positions[instrument.symbol] = replace(left, realised=left.realised + gain)
        else:
            del self._ledger.positions[instrument.symbol]

    def _increase(self, request: OrderRequest, instrument: Instrument, lots: Decimal, price: Decimal) -> None:
        cost = to_cents(value(instrument, lots, price))
        margin = to_cents(cost / request.leverage)
        signed = lots if request.side is Side.BUY else -lots
        old = self._ledger.positions.get(instrument.symbol) or Position(
            symbol=instrument.symbol,
            lots=ZERO,
            cost=ZERO,
            margin=ZERO,
            leverage=request.leverage,
            opened_at=self._ledger.now(),
        )
        self._ledger.accounts.hold(Pocket.FUTURES, settle_currency(instrument), margin)
        self._ledger.positions[instrument.symbol] = replace(
            old, lots=old.lots + signed, cost=old.cost + cost, margin=old.margin + margin, leverage=request.leverage
        )

    def _pay(self, instrument: Instrument, quote: Quote, time: datetime, rate: Decimal) -> None:
        position = self._ledger.positions[instrument.symbol]
        currency = settle_currency(instrument)
        worth = value(instrument, position.lots, quote.mark)
        amount = to_cents(-worth * rate if position.lots > 0 else worth * rate)
        self._ledger.accounts.add(Pocket.FUTURES, currency, amount)
        self._ledger.positions[instrument.symbol] = replace(position, funding=position.funding + amount)
        payment = FundingPayment(
            id=self._ledger.next(),
            symbol=instrument.symbol,
            time=time,
            rate=rate,
            mark=quote.mark,
            lots=position.lots,
            cost=position.cost,
            amount=amount,
            currency=currency,
        )
        self._ledger.payments.append(payment)
        self._ledger.journal.write(payment)
        self._ledger.moved(Cause.FUNDED)

    def _hold(self, order: ExchangeOrder, instrument: Instrument) -> ExchangeOrder:
        request = order.request
        if request.reduce_only or request.close_order or request.price is None:
            return order
        currency = settle_currency(instrument)
        worth = value(instrument, order.remaining, request.price)
        held = to_cents(worth * (1 / request.leverage + instrument.taker_fee_rate))
        self._ledger.accounts.hold(Pocket.FUTURES, currency, held)
        self._ledger.moved(Cause.HELD, order)
        return self._ledger.keep(replace(order, held=held, held_currency=currency))

    def _release(self, order: ExchangeOrder) -> ExchangeOrder:
        if order.held:
            self._ledger.accounts.hold(Pocket.FUTURES, order.held_currency, -order.held)
        return replace(order, held=ZERO)
