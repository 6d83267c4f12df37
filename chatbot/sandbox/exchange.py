"""A small exchange with one account: spot and futures, matched against whatever prices say.

Pure: time and prices are handed in, nothing is awaited or written. Call `advance`
whenever time has passed: only then do resting orders meet the market, stop orders wake,
funding is paid and the dead man's switch falls.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.market import Symbol, Venue
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.sandbox import rules
from chatbot.sandbox.accounts import Accounts, Pocket, Wallet
from chatbot.sandbox.futures import FuturesDesk
from chatbot.sandbox.journal import Cause, Entry
from chatbot.sandbox.ledger import Ledger
from chatbot.sandbox.oco import Oco, OcoRequest
from chatbot.sandbox.orders import ExchangeFill, ExchangeOrder, OrderRequest
from chatbot.sandbox.positions import FundingPayment, Position
from chatbot.sandbox.prices import Prices
from chatbot.sandbox.refusals import Refusal
from chatbot.sandbox.snapshots import pack, unpack
from chatbot.sandbox.spot import SpotDesk

_PASS_EVERY = timedelta(seconds=1)


@frozen
class DeadMan:
    """KuCoin's switch: unless renewed before `trigger_at`, active spot orders are cancelled. No symbols: all."""

    timeout: int
    symbols: tuple[str, ...]
    trigger_at: datetime


class Exchange:
    """`visible_after` is how long an accepted order cannot be looked up; `dead_man_lag` how late the switch acts.

    `posts` has the clientOid of every order POST the gateway let through, whatever became of it then.
    """

    def __init__(
        self,
        prices: Prices,
        now: Now,
        *,
        visible_after: timedelta = timedelta(0),
        dead_man_lag: timedelta = timedelta(seconds=5),
    ) -> None:
        self.prices = prices
        self._now = now
        self._ledger = Ledger(prices, now, visible_after)
        self._spot = SpotDesk(self._ledger)
        self._futures = FuturesDesk(self._ledger)
        self._dead_man_lag = dead_man_lag
        self.dead_man: DeadMan | None = None
        self.unified = False
        self.posts: list[str] = []

    @property
    def now(self) -> datetime:
        return self._now()

    @property
    def orders(self) -> Mapping[str, ExchangeOrder]:
        """Every order ever accepted, oldest first."""
        return self._ledger.orders

    @property
    def ocos(self) -> Mapping[str, Oco]:
        """Every pair of stop orders ever accepted, oldest first; the pairs' own ids."""
        return self._ledger.ocos

    @property
    def fills(self) -> Sequence[ExchangeFill]:
        return self._ledger.fills

    @property
    def positions(self) -> Mapping[Symbol, Position]:
        return self._ledger.positions

    @property
    def payments(self) -> Sequence[FundingPayment]:
        return self._ledger.payments

    @property
    def accounts(self) -> Accounts:
        return self._ledger.accounts

    def deposit(self, pocket: Pocket, currency: str, amount: Decimal) -> None:
        """`amount` below zero is taken out."""
        self._ledger.accounts.add(pocket, currency, amount)
        self._ledger.moved(Cause.BROUGHT)

    def listen(self) -> deque[Entry]:
        """What happens to the account from now on, oldest first; the listener takes it out."""
        return self._ledger.journal.listen()

    def place(self, venue: Venue, request: OrderRequest) -> ExchangeOrder:
        """Raises Refusal: nothing was accepted."""
        self.advance()
        return self._spot.place(request) if venue is Venue.SPOT else self._futures.place(request)

    def in_pair(self, order: ExchangeOrder) -> bool:
        return self._ledger.partner(order) is not None

    def place_oco(self, request: OcoRequest) -> Oco:
        """Raises Refusal: nothing was accepted."""
        self.advance()
        return self._spot.place_oco(request)

    def check(self, venue: Venue, request: OrderRequest) -> None:
        """What a test order goes through: the rules, not the balance (KuCoin does not say). Raises Refusal."""
        if venue is Venue.SPOT:
            self._spot.check(request)
        else:
            self._futures.check(request)

    def cancel(self, order: ExchangeOrder) -> ExchangeOrder:
        """Raises Refusal when there is nothing left to cancel."""
        current = self._ledger.orders[order.id]
        if not current.active:
            code = "400100" if order.venue is Venue.SPOT else "100004"
            raise Refusal(code, "order_not_exist_or_not_allow_to_cancel")
        return self._desk(order.venue).cancel(current)

    def find(self, venue: Venue, order_id: str) -> ExchangeOrder | None:
        order = self._ledger.orders.get(order_id)
        return order if order is not None and order.venue is venue else None

    def find_by_client_oid(self, venue: Venue, client_oid: str) -> ExchangeOrder | None:
        """The latest that bears it."""
        orders = reversed(self._ledger.orders.values())
        return next((o for o in orders if o.request.client_oid == client_oid and o.venue is venue), None)

    def arm_dead_man(self, timeout: int, symbols: tuple[str, ...]) -> DeadMan:
        """`timeout` in seconds, -1 to disarm. Each call forgets the one before."""
        self.advance()
        switch = DeadMan(timeout=timeout, symbols=symbols, trigger_at=self._now() + timedelta(seconds=timeout))
        self.dead_man = switch if timeout > 0 else None
        return switch

    def advance(self) -> None:
        now = self._now()
        self._futures.settle_funding(now)
        self._futures.liquidate()
        for venue in Venue:
            for order in self._ledger.active(venue):
                self._advance_order(order, now)
        self._fall(now)

    def _advance_order(self, order: ExchangeOrder, now: datetime) -> None:
        quote = self.prices.quote(order.request.symbol)
        if rules.is_expired(order.request, order.created_at, now):
            self._desk(order.venue).cancel(order)
        elif quote is None:
            return
        elif order.request.stop is not None:
            if order.request.stop.woken_by(quote.mark if order.request.stop.price_type == "MP" else quote.last):
                self._wake(order)
        elif not order.deal_size or now >= order.updated_at + _PASS_EVERY:
            self._desk(order.venue).match(order, quote)

    def _wake(self, order: ExchangeOrder) -> None:
        """The stop order ends, another with its clientOid goes to market; refused there, it ends cancelled.

        The other leg of an OCO order ends with it.
        """
        ended = self._ledger.finish(replace(order, triggered=True), cancelled=False)
        partner = self._ledger.partner(order)
        if partner is not None and partner.active:
            self._ledger.finish(partner, cancelled=True)
        try:
            self._desk(order.venue).place(replace(order.request, stop=None))
        except Refusal:
            self._ledger.keep(replace(ended, cancelled=True))

    def _fall(self, now: datetime) -> None:
        switch = self.dead_man
        if switch is None or now < switch.trigger_at + self._dead_man_lag:
            return
        self.dead_man = None
        for order in self._ledger.active(Venue.SPOT):
            if order.resting and (not switch.symbols or order.request.symbol in switch.symbols):
                self._spot.cancel(order)

    def _desk(self, venue: Venue) -> SpotDesk | FuturesDesk:
        return self._spot if venue is Venue.SPOT else self._futures

    def snapshot(self) -> dict[str, object]:
        """The whole account as JSON-able data."""
        ledger = self._ledger
        return {
            "wallets": [[pocket.value, currency, pack(wallet)] for pocket, currency, wallet in ledger.accounts.items()],
            "orders": pack(list(ledger.orders.values())),
            "ocos": pack(list(ledger.ocos.values())),
            "fills": pack(ledger.fills),
            "positions": pack(list(ledger.positions.values())),
            "payments": pack(ledger.payments),
            "sequence": ledger.sequence,
            "funded_until": pack(ledger.funded_until),
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Take over what `snapshot` gave, into an exchange nothing has happened in yet."""
        ledger = self._ledger
        for pocket, currency, wallet in _rows(state["wallets"]):
            ledger.accounts.put(Pocket(pocket), str(currency), unpack(Wallet, wallet))
        orders = [unpack(ExchangeOrder, row) for row in _rows(state["orders"])]
        positions = [unpack(Position, row) for row in _rows(state["positions"])]
        ledger.orders.update({order.id: order for order in orders})
        ledger.ocos.update({oco.id: oco for oco in (unpack(Oco, row) for row in _rows(state.get("ocos", [])))})
        ledger.positions.update({position.symbol: position for position in positions})
        ledger.fills.extend(unpack(ExchangeFill, row) for row in _rows(state["fills"]))
        ledger.payments.extend(unpack(FundingPayment, row) for row in _rows(state["payments"]))
        ledger.sequence = unpack(int, state["sequence"])
        ledger.funded_until = unpack(datetime, state["funded_until"])


def _rows(data: object) -> list[list[object]]:
    return unpack(list[list[object]], data)
