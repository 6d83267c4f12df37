"""Making a futures position smaller, from a ticket to its one POST: /close and the buttons that say Close.

A ticket like every other: bound to its person and card, expiring, refused while trading is stopped or off,
while the key is held or what rests at KuCoin is not known, and while an order on the same contract is unknown;
the price may not run away from it, and orders that come too fast stop trading. What it does not need, for it
takes a risk off and never adds one:

- no budget: the limits bound what people may put at stake, and who is over them must still get out;
- no code and no second person: those stand between a stolen chat and the account's money, and a position can
  only be closed towards the same account; a code that is not at hand, or a colleague asleep, would keep
  somebody in a position that runs to its liquidation.

A kill holds it all the same: what a kill promises is that nothing leaves but what is asked for on its own card,
and Close positions is there. ORDER_SYMBOLS holds as well: contracts that others trade on this account are none
of the chat's business.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from chatbot.core import limits, positions
from chatbot.core.account import Position
from chatbot.core.errors import Killed, OverLimit, Refused, TicketGone
from chatbot.core.limits import Limits
from chatbot.core.market import Instrument, Symbol, Ticker, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import plain
from chatbot.core.orders import OUR_PREFIX, Estimate, OrderSpec, OrderTicket, Side, TicketState
from chatbot.core.people import Person
from chatbot.core.symbols import Catalogue, normal
from chatbot.core.values import frozen
from chatbot.core.waiting import POSITION_CHANGED, PRICE_MOVED
from chatbot.services.exchange import Exchange
from chatbot.services.exits import Exits, Sending
from chatbot.services.market import Markets
from chatbot.services.passing import Guards, Passage, PriceMoved, Tripped
from chatbot.services.positions import open_positions
from chatbot.services.reconcile import Reconciler
from chatbot.services.terms import TermsReader, check_trading
from chatbot.services.tickets import Tickets
from chatbot.services.trading import Asking
from chatbot.store.orders import Step
from chatbot.store.store import Store

_NOTHING = Decimal(0)


class PositionChanged(Refused):
    """There is less of the position than the card would close; the ticket is spent."""


@frozen
class Reduction:
    """What somebody wants: `percent` of the position in what `word` means; `side` is long, short, or empty."""

    word: str
    percent: Decimal = Decimal(100)
    side: str = ""


@frozen
class _Met:
    """What a reduction meets now. `held` are all open positions."""

    held: Sequence[Position]
    ticker: Ticker
    fee_rate: Decimal


class Reducing:
    def __init__(
        self,
        *,
        exchange: Exchange,
        markets: Markets,
        reconciler: Reconciler,
        store: Store,
        rules: Limits,
        guards: Guards,
    ) -> None:
        self._exchange = exchange
        self._markets = markets
        self._store = store
        self._rules = rules
        self._guards = guards
        self._tickets = Tickets(store=store, approvers=guards.approvers)
        terms = TermsReader(exchange, markets)
        self._passage = Passage(
            markets=markets, terms=terms, tickets=self._tickets, store=store, rules=rules, guards=guards
        )
        self._exits = Exits(exchange=exchange, reconciler=reconciler, tickets=self._tickets)

    def offers(self, symbol: Symbol) -> bool:
        """Whether the settings let anybody close a position on it."""
        allowed = self._rules.symbols
        return self._rules.mode is not TradingMode.OFF and (allowed is None or symbol in allowed)

    async def propose(self, wanted: Reduction, asking: Asking) -> OrderTicket:
        """A ticket that waits for its proposer's tap; nothing has left. Raises UsageError, Refused, KucoinError."""
        await self._guards.settled()
        self._check_open()
        instrument = _contract(await self._markets.catalogue(), wanted.word)
        self._check_listed(instrument.symbol)
        self._passage.check_nothing_unknown(instrument.symbol)
        met = await self._read(instrument)
        position = positions.picked(met.held, instrument, wanted.side)
        lots = positions.part(position, wanted.percent, instrument)
        spec = positions.order_out_of(position, lots, f"{OUR_PREFIX}{secrets.token_hex(16)}")
        cost = positions.cost_of(spec, position, instrument, met.ticker, met.fee_rate)
        line = f"/close {position.symbol} {plain(wanted.percent)}% {positions.direction(position)}"
        with self._store.atomic():
            self._check_open()
            ticket = self._ticket(spec, cost, replace(asking, asked=line))
            return self._store.orders.propose(ticket, asking.update_id)

    async def confirm(self, ticket_id: int, person: Person, card_id: int) -> Sending:
        """The tap: one compare-and-set to SUBMITTING, the position and everything else looked at anew.

        Raises TicketGone, PositionChanged and PriceMoved (where these two come, or the position is gone, the
        ticket is spent), Killed, Refused, and KucoinError when position or price cannot be read; in each case
        nothing has left.
        """
        ticket = self._taken(ticket_id, person, card_id)
        await self._guards.settled()
        self._check_open()
        met = await self._read(await self._passage.instrument(ticket.spec.symbol))
        with self._store.atomic():
            ticket = self._taken(ticket_id, person, card_id)
            self._check_open()
            self._check_listed(ticket.spec.symbol)
            self._passage.check_nothing_unknown(ticket.spec.symbol)
            problem: Refused
            try:
                position = self._unchanged(ticket, met)
            except (TicketGone, PositionChanged, PriceMoved) as changed:
                why = PRICE_MOVED if isinstance(changed, PriceMoved) else POSITION_CHANGED
                self._tickets.step(ticket, TicketState.EXPIRED, Step(reason=why))
                problem = changed
            else:
                stop = self._guards.breaker.trip()
                if stop is None:
                    return self._tickets.step(ticket, TicketState.SUBMITTING, Step()), position
                problem = Tripped(stop)
        raise problem

    async def send(self, sending: Sending) -> None:
        """The one POST of a confirmed ticket. Raises TicketGone when it was sent, or given up, before."""
        await self._exits.send(sending, last_word=self._passage.check_open)

    def ticket(self, ticket_id: int) -> OrderTicket:
        """Raises TicketGone."""
        return self._tickets.get(ticket_id)

    def _check_open(self) -> None:
        try:
            self._passage.check_open()
        except Killed as error:
            raise Killed(f"{error} Close positions is on the card of the stop.") from error

    def _check_listed(self, symbol: Symbol) -> None:
        if not self.offers(symbol):
            raise OverLimit(f"{symbol} is not on the list that may be traded (ORDER_SYMBOLS).")

    def _taken(self, ticket_id: int, person: Person, card_id: int) -> OrderTicket:
        ticket = self._tickets.confirmable(ticket_id, person, card_id)
        if ticket.spec.venue is not Venue.FUTURES:  # the one thing that would send an order past the limits
            raise TicketGone(f"{ticket.name} closes no position. Nothing was sent.")
        return ticket

    async def _read(self, instrument: Instrument) -> _Met:
        """Everything at the same time."""
        if not instrument.tradable:
            raise Refused(f"KuCoin has closed {instrument.symbol} to trading.")
        held, ticker, fee_rate, status = await asyncio.gather(
            open_positions(self._exchange),
            self._exchange.market.ticker(instrument),
            self._exchange.account.taker_fee_rate(instrument),
            self._exchange.market.service(Venue.FUTURES),
        )
        check_trading(status)
        return _Met(held=held, ticker=ticker, fee_rate=fee_rate)

    def _unchanged(self, ticket: OrderTicket, met: _Met) -> Position:
        """The position that the ticket makes smaller, which may have grown meanwhile but no less is left of it."""
        spec = ticket.spec
        there = [p for p in met.held if p.symbol == spec.symbol and positions.way_out(p) is spec.side]
        if not there:
            side = "long" if spec.side is Side.SELL else "short"
            raise TicketGone(f"The {side} position on {spec.symbol} is gone. Nothing was sent.")
        (position, *_), lots = there, spec.size or _NOTHING
        if abs(position.lots) < lots:
            left = abs(position.lots)
            only = "1 lot of it is" if left == 1 else f"{plain(left)} lots of it are"
            fewer = f"left, {plain(lots)} were to go. Nothing was sent."
            raise PositionChanged(f"Only {only} {fewer}", aloud=f"Fewer lots of it are {fewer}")
        price = limits.market_price(spec.side, met.ticker)
        if limits.drift(ticket.cost.price, price) > self._rules.max_drift:
            raise PriceMoved(ticket.cost.price, price)
        return position

    def _ticket(self, spec: OrderSpec, cost: Estimate, asking: Asking) -> OrderTicket:
        now, uptime = self._store.now(), self._store.uptime()
        return OrderTicket(
            id=0,
            spec=spec,
            cost=cost,
            asked=asking.asked,
            person_id=asking.person.id,
            person=asking.person.name,
            chat_id=asking.chat_id,
            card_id=0,
            state=TicketState.AWAIT_CONFIRM,
            budget_after=_NOTHING,
            proposed_at=now,
            expires_at=now + self._rules.confirm,
            lasts_until=replace(uptime, awake=uptime.awake + self._rules.confirm),
        )


def _contract(catalogue: Catalogue, word: str) -> Instrument:
    """A contract by its own name, dated ones too, else the perpetual of a coin. Raises UnknownSymbol."""
    listed = catalogue.get(Symbol(normal(word)))
    return listed if listed is not None and listed.venue is Venue.FUTURES else catalogue.perpetual(word)
