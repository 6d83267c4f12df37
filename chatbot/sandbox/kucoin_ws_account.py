"""The websocket's private news: what happened to the account since it was last asked."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from chatbot.core.market import Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.core.values import frozen
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.journal import Entry, OrderStep, Step, WalletChange
from chatbot.sandbox.kucoin_calls import Row
from chatbot.sandbox.kucoin_ws_orders import balance_row, futures_order_row, spot_order_row
from chatbot.sandbox.kucoin_ws_positions import (
    mark_change,
    position_change,
    position_gone,
    settlement,
    valued,
    wallet_row,
)
from chatbot.sandbox.kucoin_ws_topics import Kind
from chatbot.sandbox.positions import FundingPayment, Position


@frozen
class Tiding:
    """`topics` are those that carry it, each under its own name. `id` is empty where KuCoin sends none."""

    topics: tuple[str, ...]
    subject: str
    data: Row
    id: str = ""

    def message(self, topic: str, user: str) -> Row:
        row: Row = {
            "topic": topic,
            "type": "message",
            "subject": self.subject,
            "userId": user,
            "channelType": "private",
            "data": self.data,
        }
        return row | {"id": self.id} if self.id else row


class AccountNews:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._entries: deque[Entry] = exchange.listen()
        self._positions: dict[Symbol, Position] = dict(exchange.positions)
        self._marks: dict[Symbol, Decimal] = {}
        self._second = 0
        self._number = 0

    def skip(self) -> None:
        """Forget what nobody was there to hear: the exchange repeats nothing."""
        self._entries.clear()
        self._positions = dict(self._exchange.positions)

    def news(self, now: datetime) -> Iterator[Tiding]:
        """Oldest first; a wallet and a position as they stand now, once however often they changed."""
        wallets: dict[str, None] = {}
        forced: set[Symbol] = set()
        while self._entries:
            entry = self._entries.popleft()
            if isinstance(entry, OrderStep):
                yield from self._order(entry)
                if entry.fill is not None and entry.fill.forced:
                    forced.add(entry.fill.symbol)
            elif isinstance(entry, FundingPayment):
                yield from self._settled(entry, now)
            elif entry.pocket is Pocket.FUTURES:
                wallets[entry.currency] = None
            else:
                yield self._balance(entry)
        yield from map(self._wallet, wallets)
        yield from self._changed(now, forced)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _order(self, step: OrderStep) -> Iterator[Tiding]:
        """Futures orders are not told of before they rest or trade."""
        if step.order.venue is Venue.SPOT:
            yield Tiding(topics=(Kind.SPOT_ORDERS.value,), subject="orderChange", data=spot_order_row(step))
        elif step.step is not Step.RECEIVED:
            names = Kind.FUTURES_ORDERS.value, Kind.FUTURES_ORDERS.named(step.order.request.symbol)
            yield Tiding(topics=names, subject="symbolOrderChange", data=futures_order_row(step))

    def _balance(self, change: WalletChange) -> Tiding:
        number = 354_689_988_000_000 + self._next()
        data = balance_row(change, number)
        return Tiding(topics=(Kind.BALANCE.value,), subject="account.balance", data=data, id=str(number))

    def _wallet(self, currency: str) -> Tiding:
        version = self._next()
        data = wallet_row(self._exchange, currency, version)
        return Tiding(topics=(Kind.WALLET.value,), subject="walletBalance.change", data=data, id=f"{version:024x}")

    def _settled(self, payment: FundingPayment, now: datetime) -> Iterator[Tiding]:
        names = Kind.POSITIONS.value, Kind.POSITION.named(payment.symbol)
        yield Tiding(topics=names, subject="position.settlement", data=settlement(payment, now))

    def _changed(self, now: datetime, forced: set[Symbol]) -> Iterator[Tiding]:
        """Whole rows of what was traded; once a second, of the rest, what moved with the mark price."""
        before, self._positions = self._positions, dict(self._exchange.positions)
        for held, instrument, quote in valued(self._exchange, before):
            if held.symbol not in self._positions:
                reason = "liquidation" if held.symbol in forced else "positionChange"
                row = position_gone(position_change(now, held, instrument, quote))
                yield self._position(held.symbol, row | {"changeReason": reason})
        second, self._second = self._second, to_millis(now) // 1000
        for held, instrument, quote in valued(self._exchange, self._positions):
            row = position_change(now, held, instrument, quote)
            old = before.get(held.symbol)
            if old is None or (old.lots, old.cost) != (held.lots, held.cost):
                yield self._position(held.symbol, row | {"changeReason": "positionChange"})
            elif second != self._second and self._marks.get(held.symbol) != quote.mark:
                self._marks[held.symbol] = quote.mark
                yield self._position(held.symbol, mark_change(row))

    def _position(self, symbol: Symbol, data: Row) -> Tiding:
        names = Kind.POSITIONS.value, Kind.POSITION.named(symbol)
        return Tiding(topics=names, subject="position.change", data=data)
