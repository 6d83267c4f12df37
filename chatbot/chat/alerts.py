"""Handlers of /alert, /alerts, /unalert, /why and the buttons of alerts."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from decimal import Decimal

from chatbot.chat import parsing_alerts
from chatbot.chat.alert_managing import Managing
from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import alert_buttons
from chatbot.chat.views import alert_rules as rules
from chatbot.chat.views import alerts as views
from chatbot.chat.views.alert_phrases import goes_back, level, muted_name
from chatbot.chat.views.alert_why import why
from chatbot.chat.views.markup import Html, clock, html
from chatbot.core.alerts import AlertState
from chatbot.core.errors import UsageError
from chatbot.core.modes import TradingMode
from chatbot.core.people import Person, Role
from chatbot.core.times import Now
from chatbot.core.wishes import Standing, Wish
from chatbot.services.alerts import AlertAsking, Alerts
from chatbot.services.wishing import AlreadyPassed, WhichWay

_ALL = "all"
_ASKING = {"price": "price?", "move": "move?"}
"""How `alert_steps` calls them."""

_ORDERS = ("/buy", "/sell")
_NUMBER = re.compile(r"#?([0-9]{1,12})", re.ASCII)


class AlertHandlers:
    """`zone` is that of a person, by their id. `charts`: they can be drawn here."""

    def __init__(
        self, *, alerts: Alerts, mode: TradingMode, zone: Callable[[int], tzinfo], charts: bool, now: Now
    ) -> None:
        self._alerts = alerts
        self._managing = Managing(alerts=alerts, zone=zone, now=now)
        self._charts = charts
        self._mode = mode
        self._zone = zone
        self._now = now

    async def alert(self, message: Message) -> Reply:
        zone = self._zone(message.person.id)
        wish = parsing_alerts.wish(message.text, self._now(), zone)
        asking = AlertAsking(person=message.person, chat_id=message.chat_id, thread_id=message.thread_id)
        try:
            standing, new = await self._alerts.add(wish, asking)
        except WhichWay as unclear:
            return rules.which_way(unclear.wish, unclear.instrument, unclear.price, zone)
        except AlreadyPassed as late:
            return rules.passed(late.wish, late.instrument, late.price, zone)
        except UsageError as error:
            raise _in_place(error, wish, zone) from None
        return rules.rule(standing, zone, self._now(), known=not new)

    async def alert_tap(self, tap: Tap) -> Reply:
        """Of the wizard, and of the cards of prices and funding."""
        what, _, word = tap.argument.partition(" ")
        return Reply(runs=f"/alert {_ASKING.get(what, what)} {word}".rstrip())

    async def alerts(self, message: Message) -> Reply:
        if message.text.strip():
            return await self._managing.obey(message)
        return self._list(message.person, 1)

    async def alerts_tap(self, tap: Tap) -> Reply:
        """A page takes the place of the card; under a message that tells something the list is a message of its own."""
        page = int(tap.argument) if tap.argument else 0
        reply = self._list(tap.person, page)
        return _edit(reply) if page else reply

    async def unalert(self, message: Message) -> Reply:
        if message.text.strip().lower() == _ALL:
            return rules.all_removed(await self._alerts.remove_all(message.person))
        return rules.removed(self._alerts.remove(_number(message.text, "unalert"), message.person))

    async def unalert_tap(self, tap: Tap) -> Reply:
        return _edit(rules.removed(self._alerts.remove(int(tap.argument), tap.person)))

    async def why(self, message: Message) -> Reply:
        return why(self._alerts.why(_number(message.text, "why"), message.person))

    async def why_tap(self, tap: Tap) -> Reply:
        return _edit(why(self._alerts.why(int(tap.argument), tap.person)))

    async def rule_tap(self, tap: Tap) -> Reply:
        standing = self._alerts.why(int(tap.argument), tap.person).standing
        return _edit(rules.rule(standing, self._zone(tap.person.id), self._now()))

    async def snooze_tap(self, tap: Tap) -> Reply:
        return self._changed(tap, self._alerts.snooze(self._rule_id(tap), tap.person, views.SNOOZE))

    async def again_tap(self, tap: Tap) -> Reply:
        return self._changed(tap, self._alerts.again(self._rule_id(tap), tap.person))

    async def move_tap(self, tap: Tap) -> Reply:
        further = Decimal(tap.argument.split()[1])
        await self._alerts.move(self._rule_id(tap), tap.person, further)
        return self._told(tap, html("moved to {} ({})", level(further), tap.person.name))

    async def drop_tap(self, tap: Tap) -> Reply:
        self._alerts.remove(self._rule_id(tap), tap.person)
        return self._told(tap, html("deleted ({})", tap.person.name))

    async def mute_tap(self, tap: Tap) -> Reply:
        """Of a fired alert: `12`, or `12 off`."""
        told, on = self._alerts.told(_firing_id(tap), self._zone(tap.person.id)), not tap.argument.endswith("off")
        self._alerts.mute(told.rule.id, tap.person, on=on)
        name = muted_name(told.rule.question.symbol)
        return self._told(tap, html("{} {} ({})", name, "muted" if on else "is heard again", tap.person.name))

    def _list(self, person: Person, page: int) -> Reply:
        return rules.rules(self._alerts.of(person), page, self._alerts.muted(person))

    def _rule_id(self, tap: Tap) -> int:
        return self._alerts.told(_firing_id(tap), self._zone(tap.person.id)).rule.id

    def _changed(self, tap: Tap, standing: Standing) -> Reply:
        return self._told(tap, html("{} ({})", _silence(standing), tap.person.name))

    def _told(self, tap: Tap, outcome: Html) -> Reply:
        """On the card that fired. Its words stay: they tell of that firing, whatever becomes of the rule."""
        self._alerts.note_outcome(_firing_id(tap), outcome)
        zone = self._zone(tap.person.id)
        told = self._alerts.told(_firing_id(tap), zone)
        buttons = alert_buttons.under(told, may_trade=self._may_trade(tap.person), charts=self._charts)
        return views.after(tap.letter.text, outcome, buttons, zone)

    def _may_trade(self, person: Person) -> bool:
        return person.role >= Role.TRADER and self._mode is not TradingMode.OFF


def _silence(standing: Standing) -> Html:
    shown = standing.rule
    if shown.state is AlertState.PAUSED:
        return html("paused")
    if shown.state is AlertState.COOLING and shown.eligible_at is not None:
        return html("quiet until {}", clock(shown.eligible_at))
    if shown.state is AlertState.WAITING:
        return html("armed again once {}", goes_back(shown, standing.instrument))
    return html("armed again")


def _in_place(error: UsageError, wish: Wish, zone: tzinfo) -> UsageError:
    """The example of an order stands in the alert's own line."""
    command, _, text = error.example.partition(" ")
    if command not in _ORDERS:
        return error
    order = f"{wish.order.partition(' ')[0]} {text}"
    return UsageError(str(error), example=f"/alert {parsing_alerts.written(replace(wish, order=order), zone)}")


def _firing_id(tap: Tap) -> int:
    return int(tap.argument.split()[0])


def _number(text: str, command: str) -> int:
    """`12` or `#12`."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        or_all = ", or all" if command == "unalert" else ""
        raise UsageError(f"Say which alert, by its number{or_all}; /alerts lists them.", example=f"/{command} 12")
    return int(found[1])


def _edit(reply: Reply) -> Reply:
    return Reply(text=reply.text, buttons=reply.buttons, edit=True)
