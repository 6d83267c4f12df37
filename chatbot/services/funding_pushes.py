"""What a position will pay soon, told to whoever wants to know of sums like that before it is paid."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from chatbot.core.account import Position
from chatbot.core.alerts import AlertKind
from chatbot.core.errors import KucoinError
from chatbot.core.funding import payment
from chatbot.core.funding_alerts import BEFORE_PAYMENT, FundingView, Occasion, occasions, on_the_minute, ready, settling
from chatbot.core.market import FundingRate, Instrument, Symbol
from chatbot.core.notices import Buttons, Lane, Letter
from chatbot.core.people import Person
from chatbot.core.positions import settled_in
from chatbot.core.preferences import Kind
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets
from chatbot.store.store import Store

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=7)
"""Of what the position has paid so far."""

_STALE = timedelta(minutes=15)
"""How long a rate that settles much later stands: its settlement may come to be at another hour."""


@frozen
class Cost:
    """What one settlement will take from a position. `week` is what the last days' settlements came to, if known."""

    position: Position
    instrument: Instrument | None
    rate: Decimal
    settles_at: datetime
    paid: Decimal
    worth: Decimal
    week: Decimal | None = None


class Card(Protocol):
    """How a cost is told at a moment. `may_trade`: its reader."""

    def __call__(self, told: Cost, now: datetime, *, may_trade: bool) -> tuple[str, Buttons]: ...


class PaymentPushes:
    """`people` by whether they may trade."""

    def __init__(
        self, *, exchange: Exchange, markets: Markets, store: Store, people: Mapping[int, bool], card: Card, now: Now
    ) -> None:
        self._exchange = exchange
        self._markets = markets
        self._store = store
        self._people = people
        self._card = card
        self._now = now
        self._rates: dict[Symbol, tuple[FundingRate, datetime]] = {}
        self._told: dict[str, datetime] = {}
        self._failing = False

    def only_above(self, person: Person, sum_: Decimal) -> None:
        """From now on this person hears of larger payments alone."""
        self._store.preferences.change(person.id, lambda preferences: replace(preferences, pays_above=sum_))

    async def look(self) -> None:
        """Called once a minute; asks for nothing while nobody wants to know. Raises nothing of KuCoin's."""
        preferences = self._store.preferences
        above = {p: least for p in self._people if (least := preferences.of(p).pays_above) is not None}
        if not above:
            return
        now = self._now()
        self._told = {name: settles_at for name, settles_at in self._told.items() if settles_at > now}
        try:
            for position in await self._exchange.account.positions():
                await self._look_at(position, above)
        except KucoinError as error:
            if not self._failing:
                log.warning("what positions will pay is not known: %s", error)
            self._failing = True
        else:
            self._failing = False

    async def _look_at(self, position: Position, above: Mapping[int, Decimal]) -> None:
        """Raises KucoinError."""
        rate = await self._rate(position.symbol)
        now = self._now()
        if rate is None or settling(rate, now) or not timedelta(0) < rate.next_at - now <= BEFORE_PAYMENT:
            return
        paid = -payment(position, rate.rate)
        price = await self._markets.in_usdt(settled_in(position.symbol))
        if paid <= 0 or price is None:
            return
        name = f"pays {position.symbol} {'long' if position.lots > 0 else 'short'} {rate.next_at:%Y-%m-%dT%H:%M}"
        hear = [p for p, least in above.items() if paid * price > least and self._wants(p, name, position, rate)]
        if not hear:
            return
        cost = Cost(
            position=position,
            instrument=self._markets.known(position.symbol),
            rate=rate.rate,
            settles_at=rate.next_at,
            paid=paid,
            worth=paid * price,
            week=await self._week(position),
        )
        self._tell(hear, name, cost)

    async def _rate(self, symbol: Symbol) -> FundingRate | None:
        """Of now where it matters; None for what pays no funding. Raises KucoinError."""
        now = self._now()
        known = self._rates.get(symbol)
        if known is not None and now - known[1] < _STALE and known[0].next_at - now > BEFORE_PAYMENT:
            return known[0]
        funding = (await self._exchange.market.contract(symbol)).funding
        if funding is None:
            return None
        rate = on_the_minute(funding)
        self._rates[symbol] = rate, now
        return rate

    def _wants(self, person: int, name: str, position: Position, rate: FundingRate) -> bool:
        """Whether it is news to them: not told, and not left to a rule of their own that tells the same."""
        if f"{name} {person}" in self._told or position.symbol in self._store.preferences.muted(person):
            return False
        occasion = Occasion(settles_at=rate.next_at, value=Decimal(0), detail="").name
        if self._store.alerts.told_payment(person, position.symbol, occasion):
            return False
        view = FundingView(rate=rate, position=position, at=self._now())
        for rule in self._store.alerts.funding_rules(position.symbol):
            own = rule.person_id == person and rule.question.kind is AlertKind.FUNDING_PAYMENT
            due = ready(rule, view.at) if own else None
            if due is not None and occasions(due, view):
                return False
        return True

    async def _week(self, position: Position) -> Decimal | None:
        try:
            rows = await self._exchange.account.funding_paid(position.symbol, self._now() - LOOK_BACK)
        except KucoinError as error:
            log.info("what %s has paid is not known: %s", position.symbol, error)
            return None
        return sum((row.amount for row in rows), Decimal(0))

    def _tell(self, people: Collection[int], name: str, cost: Cost) -> None:
        with self._store.atomic():
            for person in people:
                text, buttons = self._card(cost, self._now(), may_trade=self._people[person])
                letter = Letter(chat_id=person, lane=Lane.ALERT, text=text, buttons=buttons, kind=Kind.FUNDING)
                self._store.outbox.put(letter, dedupe=f"{name} {person}")
                self._told[f"{name} {person}"] = cost.settles_at
