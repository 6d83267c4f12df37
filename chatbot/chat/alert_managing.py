"""Handlers of what is done to alerts that stand: /alerts with words after it, and the buttons of a rule's card."""

from collections.abc import Callable
from datetime import tzinfo

from chatbot.chat import parsing_edits
from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.parsing_edits import EDIT, HISTORY, NOTED, PAUSE, UNMUTE, Errand
from chatbot.chat.views import alert_rules as rules
from chatbot.chat.views.alert_history import history
from chatbot.chat.views.alert_phrases import muted_name
from chatbot.core.errors import Refused, UsageError
from chatbot.core.market import Symbol
from chatbot.core.people import Person
from chatbot.core.times import Now
from chatbot.core.wishes import Standing
from chatbot.services.alerts import Alerts
from chatbot.services.wishing import AlreadyPassed


class Managing:
    """`zone` is that of a person, by their id."""

    def __init__(self, *, alerts: Alerts, zone: Callable[[int], tzinfo], now: Now) -> None:
        self._alerts = alerts
        self._zone = zone
        self._now = now

    async def obey(self, message: Message) -> Reply:
        """Of `message.text`, which is not empty."""
        errand, person = parsing_edits.errand(message.text), message.person
        if errand.what == HISTORY:
            return self._history(person, 0, private=message.private)
        if errand.what == UNMUTE:
            return self._unmute(person, errand.text)
        standing = await self._done(errand, person)
        if standing is None:
            return self._ask(errand.what, errand.rule_id, person)
        return rules.rule(standing, self._zone(person.id), self._now())

    async def edit_tap(self, tap: Tap) -> Reply:
        return self._ask(EDIT, int(tap.argument), tap.person)

    async def note_tap(self, tap: Tap) -> Reply:
        return self._ask(NOTED, int(tap.argument), tap.person)

    async def pause_tap(self, tap: Tap) -> Reply:
        return self._card(tap, self._alerts.pause(int(tap.argument), tap.person), "Paused.")

    async def resume_tap(self, tap: Tap) -> Reply:
        return self._card(tap, await self._alerts.resume(int(tap.argument), tap.person), "It watches again.")

    async def unmute_tap(self, tap: Tap) -> Reply:
        symbol = Symbol(tap.argument)
        self._alerts.unmute(tap.person, symbol)
        listed = rules.rules(self._alerts.of(tap.person), 1, self._alerts.muted(tap.person))
        return Reply(text=listed.text, buttons=listed.buttons, edit=True, toast=f"{muted_name(symbol)} is heard again.")

    async def history_tap(self, tap: Tap) -> Reply:
        """A page takes the place of the page before; the first one, of the list's button, is a message of its own."""
        page = self._history(tap.person, int(tap.argument or 0), private=tap.private)
        return Reply(text=page.text, buttons=page.buttons, edit=bool(tap.argument))

    async def _done(self, errand: Errand, person: Person) -> Standing | None:
        """None where more is to be said first."""
        if errand.what in (EDIT, NOTED) and not errand.text:
            return None
        if errand.what == EDIT:
            return await self._edit(errand, person)
        if errand.what == NOTED:
            return self._alerts.note(errand.rule_id, person, parsing_edits.note(errand.text))
        if errand.what == PAUSE:
            return self._alerts.pause(errand.rule_id, person)
        return await self._alerts.resume(errand.rule_id, person)

    async def _edit(self, errand: Errand, person: Person) -> Standing:
        question = self._alerts.why(errand.rule_id, person).standing.rule.question
        wish = parsing_edits.relevelled(errand.text, errand.rule_id, question, (self._now(), self._zone(person.id)))
        try:
            return await self._alerts.edit(errand.rule_id, person, wish)
        except AlreadyPassed as late:
            price = late.instrument.show_price(late.price)
            raise Refused(f"{late.instrument.symbol} is at {price} now, beyond that already.") from None

    def _ask(self, what: str, rule_id: int, person: Person) -> Reply:
        standing = self._alerts.why(rule_id, person).standing
        asks = rules.edit if what == EDIT else rules.note
        return asks(standing.rule, standing.instrument)

    def _card(self, tap: Tap, standing: Standing, toast: str) -> Reply:
        card = rules.rule(standing, self._zone(tap.person.id), self._now())
        return Reply(text=card.text, buttons=card.buttons, edit=True, toast=toast)

    def _history(self, person: Person, before: int, *, private: bool) -> Reply:
        zone = self._zone(person.id)
        seen = self._alerts.history(person, before or None, zone)
        return history(seen, now=self._now().astimezone(zone), first=not before, amounts=private)

    def _unmute(self, person: Person, word: str) -> Reply:
        """One of those that are muted, by its name as the list shows it."""
        muted = self._alerts.muted(person)
        symbol = next((s for s in muted if word.upper() in (s, muted_name(s))), None)
        if symbol is None:
            names = ", ".join(map(muted_name, muted))
            example = f"/alerts unmute {muted_name(muted[0])}" if muted else "/alerts"
            raise UsageError(f"Muted are: {names}." if muted else "You have nothing muted.", example=example)
        self._alerts.unmute(person, symbol)
        return rules.rules(self._alerts.of(person), 1, self._alerts.muted(person))
