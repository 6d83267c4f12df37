"""What people do with alert rules: make, list, move, silence and remove them, and ask why nothing came."""

from datetime import tzinfo
from decimal import Decimal

from chatbot.core.alerts import AlertKind, AlertRule, AlertState, Firing, Question
from chatbot.core.errors import NotAllowed, Refused
from chatbot.core.market import Symbol
from chatbot.core.people import Person, Role
from chatbot.core.values import frozen
from chatbot.core.wishes import FeedHealth, History, Past, Standing, Told, Why, Wish
from chatbot.services.alert_changes import AlertChanges, told_as

HISTORY_PAGE = 10

_LATEST = 2**62


@frozen
class AlertAsking:
    person: Person
    chat_id: int
    thread_id: int | None


class Alerts(AlertChanges):
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
                self._store.audit.record(asking.person.name, "alert", f"{kept.name} {told_as(question)}")
            else:
                self._check_not_over(kept)
        if new:
            self._lookout.watch(kept)
            self._watching.follow()
        return self._standing(kept), new

    def mute(self, rule_id: int, person: Person, *, on: bool) -> None:
        """Keeps what fires on this rule's symbol from its person's phone, or no longer. Raises as `remove`."""
        rule = self._mine(rule_id, person)
        self._set_mute(rule.person_id, rule.question.symbol, person, on=on)

    def unmute(self, person: Person, symbol: Symbol) -> None:
        self._set_mute(person.id, symbol, person, on=False)

    def muted(self, person: Person) -> tuple[Symbol, ...]:
        return self._store.preferences.muted(person.id)

    def _set_mute(self, person_id: int, symbol: Symbol, person: Person, *, on: bool) -> None:
        with self._store.atomic():
            self._store.preferences.mute(person_id, symbol, on=on)
            self._store.audit.record(person.name, "mute" if on else "unmute", f"{symbol} of {person_id}")

    def _check_not_over(self, rule: AlertRule) -> None:
        """One whose end has passed stands until its last minutes are read, but watches nothing. Raises Refused."""
        if rule.until is not None and rule.until <= self._now():
            sentence = f"{rule.name} asks the same and ended just now; I am still reading what happened before its end."
            raise Refused(f"{sentence} Ask again in a few minutes, or /unalert {rule.id} first.")

    def of(self, person: Person) -> tuple[Standing, ...]:
        """Those alive, the nearest to firing first, then those without a distance, oldest first; paused ones last."""
        standings = [self._standing(rule) for rule in self._store.alerts.alive_of(person.id)]
        return tuple(sorted(standings, key=_nearness))

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
            hour=self._within_an_hour(rule, firing),
            muted=self._is_muted(rule),
        )

    def _within_an_hour(self, rule: AlertRule, firing: Firing) -> Decimal | None:
        if rule.question.kind is not AlertKind.PRICE or firing.late:
            return None
        return self._audit.trails.change(rule.question.symbol, firing.value, firing.at)

    def history(self, person: Person, before: int | None, zone: tzinfo) -> History:
        """A page of what this person's rules told, the latest first: from below the number `before` on."""
        found = self._store.alerts.history(person.id, before or _LATEST, HISTORY_PAGE + 1)
        shown = found[:HISTORY_PAGE]
        past = tuple(Past(told=self.told(f.id, zone), sequel=self._store.alerts.sequel(f.id)) for f in shown)
        return History(past=past, older=shown[-1].id if len(found) > HISTORY_PAGE else None)

    def note_outcome(self, firing_id: int, outcome: str) -> None:
        """What somebody did about it, for the history."""
        self._store.alerts.note_outcome(firing_id, outcome)

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


def _nearness(standing: Standing) -> tuple[bool, bool, Decimal, int]:
    return (
        standing.rule.state is AlertState.PAUSED,
        standing.distance is None,
        standing.distance or Decimal(0),
        standing.rule.id,
    )
