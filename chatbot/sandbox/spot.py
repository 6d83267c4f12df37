"""Spot trading: what an accepted order holds, how it fills, and what the fills move.

Fees are taken in the quote currency. Funds of a market buy include the fee (KuCoin's
documents do not say; whoever spends `funds` never spends more).
"""

from dataclasses import replace
from decimal import Decimal

from chatbot.core.market import Instrument, Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox import rules
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.book import PRICE_BAND, Level, eat, eat_funds, levels, size_of, walked_into, within
from chatbot.sandbox.journal import Cause
from chatbot.sandbox.ledger import Execution, Ledger
from chatbot.sandbox.oco import Oco, OcoRequest
from chatbot.sandbox.orders import ZERO, ExchangeOrder, OrderRequest, TimeInForce
from chatbot.sandbox.prices import Quote
from chatbot.sandbox.refusals import Refusal

_NEVER_RESTS = (TimeInForce.IOC, TimeInForce.FOK)


class SpotDesk:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def check(self, request: OrderRequest) -> Instrument:
        """Raises Refusal; what a test order goes through too. On spot a clientOid may be left out."""
        if request.client_oid:
            rules.check_client_oid(request.client_oid)
        instrument = self._ledger.instrument(request.symbol)
        if instrument is None or instrument.venue is not Venue.SPOT:
            raise Refusal("900001", "symbol not exists")
        rules.check_spot(request, instrument)
        if request.stop is not None and request.stop.price <= 0:
            raise Refusal("400100", "stopPrice must be above zero.")
        self._ledger.refuse_duplicate(request, Venue.SPOT, "102426")
        if sum(1 for _ in self._ledger.active(Venue.SPOT, request.symbol)) >= rules.MAX_ACTIVE:
            raise Refusal("200003", "Too many open orders.")
        return instrument

    def place(self, request: OrderRequest) -> ExchangeOrder:
        instrument = self.check(request)
        if request.stop is not None:
            return self._ledger.accept(request, Venue.SPOT)
        quote = self._ledger.quote(request.symbol)
        eaten = self._taken(request, instrument, quote)
        currency, needed = _needed(request, instrument, eaten)
        if self._ledger.accounts.available(Pocket.TRADE, currency) < needed:
            raise Refusal("200004", "Balance insufficient!")
        order = self._ledger.accept(request, Venue.SPOT)
        best = quote.ask if request.side is Side.BUY else quote.bid
        if request.post_only and _crosses(request, best):
            return self._ledger.finish(order, cancelled=True)
        if request.time_in_force is TimeInForce.FOK and size_of(eaten) < (request.size or ZERO):
            return self._ledger.finish(order, cancelled=True)
        for level in eaten:
            order = self._fill(order, instrument, level, taker=True)
            self._ledger.moved(Cause.TRADED, order)
        return self._settled(order, instrument, quote)

    def place_oco(self, request: OcoRequest) -> Oco:
        """Raises Refusal. Like a stop order it holds no money until the market reaches it."""
        rules.check_client_oid(request.client_oid)
        orders = self._ledger.orders
        for oco in self._ledger.ocos.values():
            if oco.client_oid == request.client_oid and any(orders[leg].active for leg in oco.legs):
                raise Refusal("102426", "Duplicate clientOid")
        first, second = request.legs(self._ledger.quote(request.symbol).last)
        for leg in (first, second):
            self.check(leg)
        accepted = [self._ledger.accept(leg, Venue.SPOT) for leg in (first, second)]
        return self._ledger.pair(request.client_oid, *accepted)

    def match(self, order: ExchangeOrder, quote: Quote) -> ExchangeOrder:
        """Let the market walk into a resting order: it fills at its own price."""
        instrument = self._ledger.instrument(order.request.symbol)
        if instrument is None:
            return order
        part = walked_into(order, instrument, quote)
        if part is None:
            return order
        order = self._release(order)
        order = self._fill(order, instrument, part, taker=False)
        order = self._hold(order, instrument) if order.remaining else self._ledger.finish(order, cancelled=False)
        self._ledger.moved(Cause.TRADED, order)
        return order

    def cancel(self, order: ExchangeOrder) -> ExchangeOrder:
        order = self._ledger.finish(self._release(order), cancelled=True)
        self._ledger.moved(Cause.HELD, order)
        return order

    def _taken(self, request: OrderRequest, instrument: Instrument, quote: Quote) -> list[Level]:
        """What the order takes at once."""
        book = within(levels(instrument, quote, request.side), request.side, request.price)
        if request.size is not None:
            return eat(book, request.size)
        funds = request.funds or ZERO
        spendable = funds / (1 + instrument.taker_fee_rate) if request.side is Side.BUY else funds
        return eat_funds(book, spendable, instrument.size_increment)

    def _settled(self, order: ExchangeOrder, instrument: Instrument, quote: Quote) -> ExchangeOrder:
        """Done, resting or cancelled, after it has taken what it could."""
        request = order.request
        if request.funds is not None:
            left = request.funds - order.deal_funds - (order.fee if request.side is Side.BUY else ZERO)
            dust = left < quote.ask * instrument.size_increment * (1 + instrument.taker_fee_rate) * 2
            return self._ledger.finish(order, cancelled=not (dust and order.deal_size))
        if not order.remaining:
            return self._ledger.finish(order, cancelled=False)
        never_rests = request.type is OrderType.MARKET or request.time_in_force in _NEVER_RESTS
        if never_rests or _past_band(request, quote):
            return self._ledger.finish(order, cancelled=True)
        return self._ledger.rested(self._hold(order, instrument))

    def _fill(self, order: ExchangeOrder, instrument: Instrument, level: Level, *, taker: bool) -> ExchangeOrder:
        funds = level.price * level.size
        before = order.fee
        order = self._ledger.book(
            order, instrument, Execution(level=level, funds=funds, taker=taker, fee_currency=instrument.quote)
        )
        sign = 1 if order.request.side is Side.BUY else -1
        self._ledger.accounts.add(Pocket.TRADE, instrument.base, sign * level.size)
        self._ledger.accounts.add(Pocket.TRADE, instrument.quote, -sign * funds - (order.fee - before))
        return order

    def _hold(self, order: ExchangeOrder, instrument: Instrument) -> ExchangeOrder:
        price = order.request.price or ZERO
        if order.request.side is Side.BUY:
            currency, amount = instrument.quote, price * order.remaining * (1 + instrument.taker_fee_rate)
        else:
            currency, amount = instrument.base, order.remaining
        self._ledger.accounts.hold(Pocket.TRADE, currency, amount)
        return self._ledger.keep(replace(order, held=amount, held_currency=currency))

    def _release(self, order: ExchangeOrder) -> ExchangeOrder:
        if order.held:
            self._ledger.accounts.hold(Pocket.TRADE, order.held_currency, -order.held)
        return replace(order, held=ZERO)


def _needed(request: OrderRequest, instrument: Instrument, eaten: list[Level]) -> tuple[str, Decimal]:
    """The currency an order spends, and how much of it must be there."""
    if request.side is Side.SELL:
        return instrument.base, size_of(eaten) if request.size is None else request.size
    if request.funds is not None:
        return instrument.quote, request.funds
    if request.price is not None:
        return instrument.quote, request.price * (request.size or ZERO) * (1 + instrument.taker_fee_rate)
    cost = sum((level.price * level.size for level in eaten), ZERO)
    return instrument.quote, cost * (1 + instrument.taker_fee_rate)


def _crosses(request: OrderRequest, best: Decimal) -> bool:
    if request.price is None:
        return True
    return request.price >= best if request.side is Side.BUY else request.price <= best


def _past_band(request: OrderRequest, quote: Quote) -> bool:
    """Price protection: what an order would still eat beyond the band is cancelled, not left to rest."""
    if request.price is None:
        return False
    if request.side is Side.BUY:
        return request.price > quote.ask * (1 + PRICE_BAND)
    return request.price < quote.bid * (1 - PRICE_BAND)
