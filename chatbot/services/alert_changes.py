"""What becomes of an alert rule when its person wants it otherwise: removed, silenced, paused, moved, noted."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.alerts import (
    MOST_RULES,
    AlertKind,
    AlertRule,
    AlertState,
    Direction,
    Question,
    armed,
    distance,
    ended,
    moved,
    paused,
    rested,
    snoozed,
    watch_of,
)
from chatbot.core.errors import Refused, UsageError
from chatbot.core.people import Person, Role
from chatbot.core.times import in_words
from chatbot.core.wishes import Standing, Wish
from chatbot.services.auditing import CandleAudit
from chatbot.services.funding import FundingWatch
from chatbot.services.lookout import Lookout
from chatbot.services.turns import parts
from chatbot.services.watching import Watching
from chatbot.services.wishing import Wishing
from chatbot.store.store import Store

AT_ONCE = 25
"""Rules removed in one go: some milliseconds."""


class AlertChanges:
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

    def remove(self, rule_id: int, person: Person) -> Standing:
        """Raises UsageError where there is none, Refused for somebody else's; owners may remove any."""
        rule = self._mine(rule_id, person)
        if not rule.alive and rule.state is not AlertState.DONE:
            raise UsageError(f"{rule.name} is gone already.", example="/alerts")
        return self._standing(self._become(rule, ended(rule, AlertState.DELETED), person, "unalert"))

    async def remove_all(self, person: Person) -> int:
        """Those of now, in parts, for a thousand take their time: what fires meanwhile is told."""
        count = 0
        async for ids in parts([rule.id for rule in self._store.alerts.alive_of(person.id)], AT_ONCE):
            some = [rule for rule in self._store.alerts.rules(ids).values() if rule.alive]
            with self._store.atomic():
                for rule in some:
                    self._write(rule, ended(rule, AlertState.DELETED), person, "unalert")
            for rule in some:
                self._lookout.forget(rule)
            count += len(some)
        self._watching.follow()
        return count

    def snooze(self, rule_id: int, person: Person, span: timedelta) -> Standing:
        """Silent for `span` or its longer rest, also one that was done. Raises as `remove`, Refused past its end."""
        rule = self._livable(rule_id, person)
        until = max(self._now() + span, self._rests_until(rule))
        if rule.state is AlertState.PAUSED:
            raise Refused(f"{rule.name} is paused: it is silent until somebody resumes it.")
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
        question = self._livable(rule_id, person).question
        if question.kind is not AlertKind.PRICE:
            raise UsageError(f"#{rule_id} has no level to move.", example="/alerts")
        wish = Wish(kind=question.kind, word=question.symbol, direction=question.direction, level=level)
        return await self.edit(rule_id, person, wish)

    async def edit(self, rule_id: int, person: Person, wish: Wish) -> Standing:
        """Asks at the wish's level instead, its notes and all; a paused rule stays paused. Raises as `move`.

        A wish without a direction keeps the rule's, but for a price: that lies above or below where it is now.
        """
        rule = self._livable(rule_id, person)
        self._check_end(rule, self._now())
        instrument = await self._wishing.instrument(wish)
        direction = wish.direction or rule.question.direction
        if wish.kind is AlertKind.PRICE and wish.direction is None and wish.level is not None:
            price = await self._wishing.price(instrument)
            direction = Direction.ABOVE if wish.level > price else Direction.BELOW
        asked = await self._wishing.question(replace(wish, direction=direction), instrument)
        rule = self._livable(rule_id, person)
        if asked.kind is not rule.question.kind or asked.symbol != rule.question.symbol:
            raise UsageError(f"{rule.name} asks something else.", example="/alerts")
        if asked.kind is AlertKind.MOVE:
            asked = replace(asked, window=rule.question.window)
        new = replace(rule, question=asked)
        if rule.state is not AlertState.PAUSED:
            # Of a price it was just checked that it lies ahead; a move may have come that far already.
            fresh = moved(rule, asked.level, asked.direction, self._now())
            new = self._lookout.turned(new) if asked.kind is AlertKind.MOVE else fresh
        return self._standing(self._become(rule, new, person, "move"))

    def note(self, rule_id: int, person: Person, text: str) -> Standing:
        """Another note, or none. Raises as `snooze`."""
        rule = self._livable(rule_id, person)
        return self._standing(self._become(rule, replace(rule, note=text), person, "note"))

    def pause(self, rule_id: int, person: Person) -> Standing:
        """Silent until it is resumed. Raises as `remove`."""
        rule = self._mine(rule_id, person)
        if not rule.alive:
            raise UsageError(f"{rule.name} is over: there is nothing to pause.", example="/alerts")
        if rule.state is AlertState.PAUSED:
            return self._standing(rule)
        return self._standing(self._become(rule, paused(rule), person, "pause"))

    async def resume(self, rule_id: int, person: Person) -> Standing:
        """Begins anew, as if it were made now. One whose value stands beyond waits until it has gone back.

        Raises as `move`.
        """
        rule = self._livable(rule_id, person)
        self._check_end(rule, self._now())
        if rule.state is not AlertState.PAUSED:
            return self._standing(rule)
        turned = await self._turned(rule)
        if self._livable(rule_id, person) != rule:  # it was edited meanwhile: `turned` has the level of before
            raise Refused(f"{rule.name} has just changed. Look again: /alerts")
        return self._standing(self._become(rule, turned, person, "wake"))

    async def _turned(self, rule: AlertRule) -> AlertRule:
        """As if it were made now: armed, however near its level, or waiting where its value stands beyond."""
        question = rule.question
        if question.kind.funding:
            return armed(rule, self._now())
        instrument = await self._wishing.instrument(Wish(kind=question.kind, word=question.symbol))
        price = await self._wishing.price(instrument)
        if question.kind is AlertKind.MOVE:
            await self._wishing.fill_window(instrument, question)
            return self._lookout.turned(rule)
        fresh = armed(rule, self._now())
        watch = watch_of(fresh)
        beyond = watch is not None and watch.met_by(price)
        return replace(rested(rule), eligible_at=self._now()) if beyond else fresh

    def _check_count(self, person_id: int) -> None:
        """Inside the transaction that added one, or brought one back."""
        if self._store.alerts.count_of(person_id) > MOST_RULES:
            enough = f"You have {MOST_RULES:,} alerts, and one person can have no more."
            raise Refused(f"{enough} Delete some first, with /unalert.")

    def _become(self, rule: AlertRule, new: AlertRule, person: Person, what: str) -> AlertRule:
        """Raises as `_write`."""
        with self._store.atomic():
            self._write(rule, new, person, what)
        self._lookout.begin_anew(rule, new)
        self._watching.follow()
        return new

    def _write(self, rule: AlertRule, new: AlertRule, person: Person, what: str) -> None:
        """Raises Refused when it changed meanwhile, stands a second time already, or is one too many."""
        twin = self._store.alerts.twin(new) if new.alive else None
        if twin is not None:
            raise Refused(f"{twin.name} asks the same already.")
        if new.alive and not rule.question.kind.funding:
            self._audit.begin(rule.question.symbol, rule.question.venue)
        if not self._store.alerts.change(rule, new):
            raise Refused(f"{rule.name} has just changed. Look again: /alerts")
        if new.alive and not rule.alive:
            self._check_count(rule.person_id)
        self._store.audit.record(person.name, what, f"{rule.name} {told_as(new.question)}")

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
        if (left := rule.until - self._now()) > timedelta(0):
            raise Refused(f"{rule.name} ends in {in_words(left)}, before it would tell again: nothing was changed.")
        raise Refused(f"{rule.name} ended {in_words(-left)} ago: nothing was changed. Make a new one.")

    def _rests_until(self, rule: AlertRule) -> datetime:
        return (rule.state is AlertState.COOLING and rule.eligible_at) or self._now()

    def _is_muted(self, rule: AlertRule) -> bool:
        return bool(self._store.alerts.muted([rule]) & {(rule.person_id, rule.question.symbol)})

    def _standing(self, rule: AlertRule) -> Standing:
        question = rule.question
        known = Standing(rule=rule, instrument=self._wishing.known(question.symbol), muted=self._is_muted(rule))
        if question.kind.funding:
            contract = self._funding.latest(question.symbol)
            if contract is None or contract.funding is None:
                return known
            rate = contract.funding.rate
            far = distance(question, rate) if question.kind is AlertKind.FUNDING_LEVEL else None
            return replace(known, last=rate, last_at=contract.time, distance=far)
        tick = self._lookout.latest(question.symbol)
        return replace(
            known,
            last=tick.price if tick is not None else None,
            last_at=tick.at if tick is not None else None,
            distance=distance(question, self._lookout.value(rule)),
        )


def told_as(question: Question) -> str:
    """For the audit."""
    way = question.direction.value if question.direction is not None else ""
    return f"{question.symbol} {question.kind.value} {way} {question.level:f}".replace("  ", " ")
