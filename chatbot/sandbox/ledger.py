"""Everything the exchange remembers of the account: what spot and futures both write into."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.times import Now, to_millis
from chatbot.core.values import frozen
from chatbot.sandbox.accounts import Accounts
from chatbot.sandbox.book import Level, maker_rate
from chatbot.sandbox.journal import Cause, Journal, OrderStep, Step, WalletChange
from chatbot.sandbox.oco import Oco
from chatbot.sandbox.orders import ZERO, ExchangeFill, ExchangeOrder, OrderRequest
from chatbot.sandbox.positions import FundingPayment, Position
from chatbot.sandbox.prices import Prices, Quote
from chatbot.sandbox.refusals import Refusal

_CENT = Decimal("0.00000001")


@frozen
class Execution:
    """One part of an order about to be booked."""

    level: Level
    funds: Decimal
    taker: bool
    fee_currency: str
    closing_share: Decimal = ZERO
    forced: bool = False


class Ledger:
    """Orders, fills, wallets and positions, by the exchange's own clock."""

    def __init__(self, prices: Prices, now: Now, visible_after: timedelta) -> None:
        self.prices = prices
        self.now = now
        self.visible_after = visible_after
        self.accounts = Accounts()
        self.journal = Journal()
        self.orders: dict[str, ExchangeOrder] = {}
        self.ocos: dict[str, Oco] = {}
        self.fills: list[ExchangeFill] = []
        self.positions: dict[Symbol, Position] = {}
        self.payments: list[FundingPayment] = []
        self.sequence = 0
        self.funded_until: datetime = now()

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    def instrument(self, symbol: Symbol) -> Instrument | None:
        return self.prices.instruments().get(symbol)

    def quote(self, symbol: Symbol) -> Quote:
        """Refuses what cannot be priced: nothing trades without a price."""
        quote = self.prices.quote(symbol)
        if quote is None:
            raise Refusal("200001", f"{symbol} has no price now.")
        return quote

    def accept(self, request: OrderRequest, venue: Venue) -> ExchangeOrder:
        now = self.now()
        order = ExchangeOrder(
            id=self._order_id(request, venue),
            venue=venue,
            request=request,
            created_at=now,
            updated_at=now,
            visible_at=now + self.visible_after,
            changed=self.sequence,
        )
        self.orders[order.id] = order
        self._note(Step.RECEIVED, order)
        return order

    def _note(self, step: Step, order: ExchangeOrder, fill: ExchangeFill | None = None) -> None:
        """Not of stop orders: KuCoin tells of them on a topic of their own, which is not served here."""
        if order.request.stop is None:
            self.journal.write(OrderStep(step=step, order=order, at=self.now(), fill=fill))

    def _order_id(self, request: OrderRequest, venue: Venue) -> str:
        number = self.next()
        if venue is Venue.FUTURES:
            return str(236_000_000_000_000_000 + number)
        if request.stop is not None:
            return f"vs{number:022x}"
        return self._hex(number)

    def _hex(self, number: int) -> str:
        return f"{to_millis(self.now()) // 1000:08x}{number:016x}"

    def pair(self, client_oid: str, first: ExchangeOrder, second: ExchangeOrder) -> Oco:
        """Bind two stop orders into one that cancels the other."""
        oco = Oco(
            id=self._hex(self.next()),
            client_oid=client_oid,
            symbol=first.request.symbol,
            created_at=self.now(),
            first=first.id,
            second=second.id,
        )
        self.ocos[oco.id] = oco
        return oco

    def partner(self, order: ExchangeOrder) -> ExchangeOrder | None:
        """The other leg of the OCO order that this one belongs to."""
        oco = next((each for each in self.ocos.values() if order.id in each.legs), None)
        if oco is None:
            return None
        return self.orders[oco.second if order.id == oco.first else oco.first]

    def keep(self, order: ExchangeOrder) -> ExchangeOrder:
        """Write down a changed order."""
        kept = replace(order, updated_at=self.now(), changed=self.next())
        self.orders[order.id] = kept
        return kept

    def book(self, order: ExchangeOrder, instrument: Instrument, execution: Execution) -> ExchangeOrder:
        """Write down one fill and the order after it. Who moves the money is the caller."""
        level = execution.level
        rate = instrument.taker_fee_rate if execution.taker else maker_rate(instrument)
        fee = execution.funds * rate
        number = self.next()
        fill = ExchangeFill(
            id=19_800_000_000_000 + number,
            trade_id=1_780_000_000_000 + number,
            order_id=order.id,
            symbol=order.request.symbol,
            venue=order.venue,
            side=order.request.side,
            type=order.request.type,
            price=level.price,
            size=level.size,
            funds=execution.funds,
            fee=fee,
            fee_rate=rate,
            fee_currency=execution.fee_currency,
            taker=execution.taker,
            time=self.now(),
            closing=fee * execution.closing_share,
            forced=execution.forced,
        )
        self.fills.append(fill)
        booked = self.keep(
            replace(
                order,
                deal_size=order.deal_size + level.size,
                deal_funds=order.deal_funds + execution.funds,
                fee=order.fee + fee,
                fee_currency=execution.fee_currency,
            )
        )
        self._note(Step.MATCH, booked, fill)
        return booked

    def rested(self, order: ExchangeOrder) -> ExchangeOrder:
        """Say that the order now stands in the book, and what it holds."""
        self._note(Step.OPEN, order)
        self.moved(Cause.HELD, order)
        return order

    def moved(self, cause: Cause, order: ExchangeOrder | None = None) -> None:
        """Say which wallets changed since this was last said. `order` was TRADED by the latest fill."""
        fill = self.fills[-1] if cause is Cause.TRADED else None
        for pocket, currency, before, after in self.accounts.changes():
            self.journal.write(
                WalletChange(
                    pocket=pocket,
                    currency=currency,
                    before=before,
                    after=after,
                    cause=cause,
                    at=self.now(),
                    order=order,
                    fill=fill,
                )
            )

    def finish(self, order: ExchangeOrder, *, cancelled: bool) -> ExchangeOrder:
        over = self.keep(replace(order, active=False, cancelled=cancelled))
        self._note(Step.CANCELED if cancelled else Step.FILLED, over)
        return over

    def active(self, venue: Venue, symbol: Symbol | None = None) -> Iterator[ExchangeOrder]:
        """Resting and parked orders, oldest first."""
        for order in list(self.orders.values()):
            if order.active and order.venue is venue and symbol in (None, order.request.symbol):
                yield order

    def refuse_duplicate(self, request: OrderRequest, venue: Venue, code: str) -> None:
        """An id is refused only while an order bearing it is active: afterwards KuCoin takes it again."""
        oid = request.client_oid
        if oid and any(order.request.client_oid == oid for order in self.active(venue)):
            raise Refusal(code, "Duplicate clientOid")


def to_cents(amount: Decimal) -> Decimal:
    """Margins are kept to eight digits, so that parts of parts end."""
    return amount.quantize(_CENT)
