"""What people do with alert rules: make, list, move, silence and remove them, and ask why nothing came."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from chatbot.core.alerts import (
    MOST_RULES,
    AlertKind,
    AlertRule,
    AlertState,
    Question,
    distance,
    ended,
    moved,
    snoozed,
)
from chatbot.core.errors import NotAllowed, Refused, UsageError
from chatbot.core.people import Person, Role
from chatbot.core.times import in_words
from chatbot.core.wishes import FeedHealth, Standing, Told, Why, Wish
from chatbot.services.auditing import CandleAudit
from chatbot.services.funding import FundingWatch
from chatbot.services.lookout import Lookout
from chatbot.services.watching import Watching
from chatbot.services.wishing import Wishing, check_not_passed
from chatbot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAsking:
    person: Person
    chat_id: int
    thread_id: int | None


class Alerts:
    def __init__(
        self,
        *,
        store: Store,
        wishing: Wishing,
        lookout: Lookout,
        audit: CandleAudit,
        watching: Watching,
        funding: FundingWatch,
    ) -> None:
        self._store = store
        self._wishing = wishing
        self._lookout = lookout
        self._audit = audit
        self._watching = watching
        self._funding = funding
        self._now = store.now

    async def add(self, wish: Wish, asking: AlertAsking) -> tuple[Standing, bool]:
        """The rule, and whether it is new: the same one twice is shown, not doubled.

        Raises UsageError, UnknownSymbol, WhichWay, AlreadyPassed, Refused, NotAllowed, KucoinError.
        """
        if wish.order and asking.person.role < Role.TRADER:
            raise NotAllowed(f"An order on an alert is for traders; you are a {asking.person.role.name.lower()}.")
        instrument = await self._wishing.instrument(wish)
        await self._wishing.check_fulfilment(wish)
        question = await self._wishing.question(wish, instrument)
        rule = self._rule(question, wish, asking)
        if wish.kind is AlertKind.MOVE:
            await self._wishing.fill_window(instrument, question)
            turned = self._lookout.turned(rule)
            rule = rule if turned.state is AlertState.ARMED else turned
        with self._store.atomic():
            if not wish.kind.funding:
                self._audit.begin(instrument.symbol, instrument.venue)
            kept, new = self._store.alerts.add(rule)
            if new:
                self._check_count(kept.person_id)
                self._store.audit.record(asking.person.name, "alert", f"{kept.name} {_told_as(question)}")
        if new:
            self._lookout.watch(kept)
            self._watching.follow()
        return self._standing(kept), new

    def of(self, person: Person) -> tuple[Standing, ...]:
        """Those alive, the nearest to firing first, then those without a distance, oldest first."""
        standings = [self._standing(rule) for rule in self._store.alerts.alive_of(person.id)]
        return tuple(sorted(standings, key=_nearness))

    def remove(self, rule_id: int, person: Person) -> Standing:
        """Raises UsageError where there is none, Refused for somebody else's; owners may remove any."""
        rule = self._mine(rule_id, person)
        if not rule.alive and rule.state is not AlertState.DONE:
            raise UsageError(f"{rule.name} is gone already.", example="/alerts")
        return self._standing(self._become(rule, ended(rule, AlertState.DELETED), person, "unalert"))

    def remove_all(self, person: Person) -> int:
        rules = self._store.alerts.alive_of(person.id)
        with self._store.atomic():
            for rule in rules:
                self._become(rule, ended(rule, AlertState.DELETED), person, "unalert")
        return len(rules)

    def snooze(self, rule_id: int, person: Person, span: timedelta) -> Standing:
        """Silent for `span`; one that was done gets another turn then. Raises as `remove`, Refused past its end."""
        rule, until = self._livable(rule_id, person), self._now() + span
        self._check_end(rule, until)
        return self._standing(self._become(rule, snoozed(rule, until), person, "snooze"))

    def again(self, rule_id: int, person: Person) -> Standing:
        """A rule that was done gets another turn now, or as soon as its value has gone back. Raises as `snooze`."""
        rule = self._livable(rule_id, person)
        self._check_end(rule, self._now())
        if rule.alive:
            return self._standing(rule)
        return self._standing(self._become(rule, self._lookout.turned(rule), person, "again"))

    async def move(self, rule_id: int, person: Person, level: Decimal) -> Standing:
        """The same price rule at another level. Raises as `add` and `snooze`."""
        rule = self._livable(rule_id, person)
        self._check_end(rule, self._now())
        question = rule.question
        direction = question.direction
        instrument = self._wishing.known(question.symbol)
        if question.kind is not AlertKind.PRICE or direction is None or instrument is None:
            raise UsageError(f"{rule.name} has no level to move.", example="/alerts")
        price = await self._wishing.price(instrument)
        wish = Wish(kind=question.kind, word=question.symbol, direction=direction, level=level)
        check_not_passed(instrument, price, wish, level)
        rule = self._livable(rule_id, person)
        return self._standing(self._become(rule, moved(rule, level, direction, self._now()), person, "move"))

    def why(self, rule_id: int, person: Person) -> Why:
        """Raises UsageError where there is no such rule."""
        rule = self._mine(rule_id, person)
        feed, since = self._watching.health(rule.question.venue)
        return Why(
            standing=self._standing(rule),
            feed=FeedHealth.POLLING if rule.question.kind.funding else feed,
            blind_since=since,
            last_firing=self._store.alerts.latest_firing(rule.id),
            now=self._now(),
        )

    def told(self, firing_id: int, zone: tzinfo) -> Told:
        """Its day is one of `zone`. Raises LookupError."""
        firing = self._store.alerts.firing(firing_id)
        rule = self._store.alerts.rule(firing.rule_id) if firing is not None else None
        if firing is None or rule is None:
            raise LookupError(f"firing {firing_id} is not in the database")
        midnight = firing.told_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        later = rule.fired - firing.number
        return Told(
            rule=rule,
            firing=firing,
            instrument=self._wishing.known(rule.question.symbol),
            today=self._store.alerts.count_today(rule.id, midnight) - later,
        )

    def _rule(self, question: Question, wish: Wish, asking: AlertAsking) -> AlertRule:
        now = self._now()
        return AlertRule(
            question=question,
            person_id=asking.person.id,
            person=asking.person.name,
            chat_id=asking.chat_id,
            thread_id=asking.thread_id,
            every=wish.every,
            until=wish.until,
            note=wish.note,
            order=wish.order,
            armed_at=now,
            created_at=now,
        )

    def _check_count(self, person_id: int) -> None:
        """Inside the transaction that added one, or brought one back."""
        if self._store.alerts.count_of(person_id) > MOST_RULES:
            enough = f"You have {MOST_RULES:,} alerts, and one person can have no more."
            raise Refused(f"{enough} Delete some first, with /unalert.")

    def _become(self, rule: AlertRule, new: AlertRule, person: Person, what: str) -> AlertRule:
        """Raises Refused when it changed meanwhile, stands a second time already, or is one too many."""
        with self._store.atomic():
            twin = self._store.alerts.twin(new)
            if new.alive and twin is not None:
                raise Refused(f"{twin.name} asks the same already.")
            if new.alive and not rule.question.kind.funding:
                self._audit.begin(rule.question.symbol, rule.question.venue)
            if not self._store.alerts.change(rule, new):
                raise Refused(f"{rule.name} has just changed. Look again: /alerts")
            if new.alive and not rule.alive:
                self._check_count(rule.person_id)
            self._store.audit.record(person.name, what, f"{rule.name} {_told_as(new.question)}")
        self._lookout.forget(rule)
        self._lookout.watch(new)
        self._watching.follow()
        return new

    def _mine(self, rule_id: int, person: Person) -> AlertRule:
        rule = self._store.alerts.rule(rule_id)
        if rule is None:
            raise UsageError(f"There is no alert #{rule_id}.", example="/alerts")
        if rule.person_id != person.id and person.role < Role.OWNER:
            raise Refused(f"{rule.name} is {rule.person}'s: only {rule.person} and owners can look at it or change it.")
        return rule

    def _livable(self, rule_id: int, person: Person) -> AlertRule:
        rule = self._mine(rule_id, person)
        if not rule.alive and rule.state is not AlertState.DONE:
            raise UsageError(f"{rule.name} is over. Make a new one.", example="/alert BTC > 68000")
        return rule

    def _check_end(self, rule: AlertRule, turn: datetime) -> None:
        """A rule that ends before its next `turn` would never tell, whatever was promised. Raises Refused."""
        if rule.until is None or turn < rule.until:
            return
        left = rule.until - self._now()
        if left > timedelta(0):
            raise Refused(f"{rule.name} ends in {in_words(left)}, before it would tell again: nothing was changed.")
        raise Refused(f"{rule.name} ended {in_words(-left)} ago: nothing was changed. Make a new one.")

    def _standing(self, rule: AlertRule) -> Standing:
        question = rule.question
        instrument = self._wishing.known(question.symbol)
        if question.kind.funding:
            contract = self._funding.latest(question.symbol)
            if contract is None or contract.funding is None:
                return Standing(rule=rule, instrument=instrument)
            rate = contract.funding.rate
            far = distance(question, rate) if question.kind is AlertKind.FUNDING_LEVEL else None
            return Standing(rule=rule, instrument=instrument, last=rate, last_at=contract.time, distance=far)
        tick = self._lookout.latest(question.symbol)
        value = self._lookout.value(rule)
        return Standing(
            rule=rule,
            instrument=instrument,
            last=tick.price if tick is not None else None,
            last_at=tick.at if tick is not None else None,
            distance=distance(question, value),
        )


def _nearness(standing: Standing) -> tuple[bool, Decimal, int]:
    return standing.distance is None, standing.distance or Decimal(0), standing.rule.id


def _told_as(question: Question) -> str:
    """For the audit."""
    way = question.direction.value if question.direction is not None else ""
    return f"{question.symbol} {question.kind.value} {way} {question.level:f}".replace("  ", " ")
