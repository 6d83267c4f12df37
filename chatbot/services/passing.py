"""What an order passes before it leaves: every check anew, in the one transaction that lets it go."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from chatbot.core import limits
from chatbot.core.errors import Killed, Refused
from chatbot.core.limits import Limits
from chatbot.core.market import Instrument, Symbol
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import grouped, places
from chatbot.core.orders import Estimate, OrderTicket, OrderType, TicketState
from chatbot.core.outstanding import outstanding
from chatbot.core.people import Person
from chatbot.core.stops import Stop
from chatbot.core.values import frozen
from chatbot.core.waiting import PRICE_MOVED, Awaits
from chatbot.services.breaker import Breaker
from chatbot.services.factors import Factors
from chatbot.services.market import Markets
from chatbot.services.terms import TermsReader
from chatbot.services.tickets import Tickets, moved_on
from chatbot.store.orders import Step
from chatbot.store.store import Store


class PriceMoved(Refused):
    """The market moved further than the settings allow between card and tap; the ticket is spent."""

    def __init__(self, shown: Decimal, now: Decimal) -> None:
        digits = max(places(shown), places(now), 1)
        was, now_is = grouped(shown, digits), grouped(now, digits)
        super().__init__(f"The price moved: was {was}, now {now_is}. Nothing was sent.")
        self.shown = shown
        self.now = now


class Tripped(Killed):
    """The order would have been one too many: trading is stopped instead, by `stop`."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(f"Stopped: {stop.cause}. Nothing was sent, and an owner has to /resume.")
        self.stop = stop


async def at_once() -> None:
    return None


@frozen
class Guards:
    """What else stands between a tap and the exchange. `holds` raise Refused while no order may leave.

    `approvers` are all who may agree to an order that somebody else proposed. `settled` comes back when
    what is found out after a start is known, or takes long.
    """

    breaker: Breaker
    factors: Factors
    approvers: frozenset[int]
    holds: Sequence[Callable[[], None]] = ()
    settled: Callable[[], Awaitable[None]] = at_once


class Passage:
    """The way from a tap to SUBMITTING; there is no other."""

    def __init__(
        self, *, markets: Markets, terms: TermsReader, tickets: Tickets, store: Store, rules: Limits, guards: Guards
    ) -> None:
        self._markets = markets
        self._terms = terms
        self._tickets = tickets
        self._store = store
        self._rules = rules
        self._guards = guards

    async def go_on(
        self, taken: Callable[[], OrderTicket], person: Person, aware: Decimal | None = None
    ) -> OrderTicket:
        """What `person` did for the ticket counts, if everything still holds by the time the market is read.

        `taken` reads the ticket anew, and raises when it is not theirs to go on with any more.
        """
        before = taken()
        await self._guards.settled()
        spec = before.spec
        instrument = await self.instrument(spec.symbol)
        terms = await self._terms.read(instrument, at_market=spec.type is OrderType.MARKET and spec.trigger is None)
        with self._store.atomic():
            ticket = taken()
            if ticket.waiting.awaits is not before.waiting.awaits:  # what was done for one step counts for no other
                raise moved_on(ticket)
            self.check_open()
            self.check_nothing_unknown(spec.symbol)
            cost = limits.estimate(spec, terms)
            tripped = None
            if self._moved_too_far(ticket, cost):
                self._tickets.step(ticket, TicketState.EXPIRED, Step(reason=PRICE_MOVED))
            else:
                spent = self._store.orders.spent_on_day_of(self._store.now())
                limits.check(spec, cost, terms, self._rules, spent)
                waiting = outstanding(ticket.waiting, cost, self._rules, aware)
                if waiting is not None:
                    return self._tickets.wait(ticket, waiting, cost, by=person.name)
                tripped = self._guards.breaker.trip()
                if tripped is None:
                    return self._tickets.step(
                        self._agreed(ticket, cost, person), TicketState.SUBMITTING, Step(cost=cost)
                    )
        if tripped is not None:
            raise Tripped(tripped)
        raise PriceMoved(ticket.cost.price, cost.price)

    def _agreed(self, ticket: OrderTicket, cost: Estimate, person: Person) -> OrderTicket:
        """Whose word it took is on the ticket."""
        if ticket.waiting.awaits is not Awaits.APPROVAL:
            return ticket
        waiting = replace(ticket.waiting, approver_id=person.id, approver=person.name)
        return self._tickets.wait(ticket, waiting, cost, by=person.name)

    def check_open(self) -> None:
        """Raises Killed, and Refused while for any other reason no order may leave."""
        if self._rules.mode is TradingMode.OFF:  # known without a key, so said without asking KuCoin
            raise Refused("Trading is off (TRADING_MODE).")
        stop = self._store.stops.standing()
        if stop is not None:
            raise Killed(f"Trading was stopped by {stop.person}. An owner can /resume it.")
        for hold in self._guards.holds:
            hold()

    def check_nothing_unknown(self, symbol: Symbol) -> None:
        unknown = self._store.orders.unknown_on(symbol)
        if unknown is not None:
            raise Refused(f"{unknown.name} is still unknown. New {symbol} orders are held until it is found.")

    def _moved_too_far(self, ticket: OrderTicket, cost: Estimate) -> bool:
        """A limit order has its price already, and a stop order is reckoned at its trigger, wherever the market is."""
        if ticket.spec.type is OrderType.LIMIT:
            return False
        return limits.drift(ticket.cost.price, cost.price) > self._rules.max_drift

    async def instrument(self, symbol: Symbol) -> Instrument:
        """Of a ticket that is about to leave."""
        instrument = (await self._markets.catalogue()).get(symbol)
        if instrument is None:
            raise Refused(f"KuCoin no longer lists {symbol}. Nothing was sent.")
        return instrument
