"""From an update to its answer: gate, handler, words, and one transaction that ends it.

Everything a person reads leaves through the outbox; only the toast of a tap is handed
back, because it must be given while the finger is still near the button.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from chatbot.chat import parsing, words
from chatbot.chat.adapt import letter, letters, message, tap
from chatbot.chat.gate import Gate, Verdict
from chatbot.chat.messages import Command, Effect, Incoming, Reply
from chatbot.chat.table import Table
from chatbot.chat.views import admin as views
from chatbot.chat.views.markup import lines, short
from chatbot.core.errors import ChatbotError, NotAllowed, UsageError
from chatbot.core.notices import Button
from chatbot.core.people import Person, Role
from chatbot.core.times import Now
from chatbot.services.people import Doorbell
from chatbot.services.post import Ending, Post, Pressed

LATE = timedelta(seconds=60)
"""Older than this was typed while the bot could not hear."""

TOO_LATE = timedelta(minutes=10)
"""A question this old is no longer worth an answer."""

_TOAST = 200
_RUN = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """What a tap reads at once. A `passing` one is not worth a message when it comes too late for the button."""

    text: str = ""
    popup: bool = False
    passing: bool = False


Then = Callable[[], Awaitable[None]]


class Front:
    def __init__(self, *, post: Post, gate: Gate, doorbell: Doorbell, table: Table, bot_name: str, now: Now) -> None:
        self._post = post
        self._gate = gate
        self._doorbell = doorbell
        self._table = table
        self._bot_name = bot_name
        self._now = now

    def urgent(self, text: str) -> bool:
        """Whether this line is a command that is honoured always, and so before all others."""
        parsed = parsing.command(text, self._bot_name)
        command = None if parsed is None else self._table.command(parsed[0])
        return command is not None and command.effect is Effect.ALWAYS

    async def handle(self, incoming: Incoming) -> tuple[Toast | None, Then | None]:
        """Ends the update. Returns the toast of a tap, and what is to be done after it was shown.

        Strangers and whatever the gate drops get neither toast nor word.
        """
        verdict = self._gate.judge(incoming)
        if verdict is not Verdict.ADMITTED:
            self._turn_away(incoming, verdict)
            return None, None
        person = self._gate.person(incoming)
        if incoming.data is not None:
            return await self._tapped(incoming, person)
        return None, await self._said(incoming, person)

    def broke(self, incoming: Incoming) -> Toast | None:
        """A bug, not an answer: the person is told, the update ends. Only for what the gate lets in."""
        if self._gate.judge(incoming) is not Verdict.ADMITTED:
            self._post.finish(incoming.update_id, Ending.DROPPED)
            return None
        self._finish(incoming, Ending.FAILED, Reply(text=words.BROKEN))
        return Toast(text=words.BROKEN, popup=True)

    def failed_later(self, incoming: Incoming, error: ChatbotError) -> None:
        """What went wrong after the update had ended is told in a message of its own."""
        self._post.send(letter(incoming, words.failure(error)))

    def tell(self, incoming: Incoming, text: str) -> None:
        """What a tap should have read, when it took too long to be shown at the button."""
        self._post.send(letter(incoming, Reply(text=lines(text))))

    def _turn_away(self, incoming: Incoming, verdict: Verdict) -> None:
        with self._post.atomic():
            if verdict is Verdict.STRANGER:
                text = views.knock(incoming.user_id, incoming.user_name)
                self._doorbell.ring(incoming.user_id, incoming.user_name, text)
            self._post.finish(incoming.update_id, Ending.DROPPED)

    async def _said(self, incoming: Incoming, person: Person) -> Then | None:
        typed = self._typed(incoming)
        parsed = parsing.command(typed, self._bot_name)
        if parsed is None:
            reply = Reply(text=words.COMMANDS_ONLY) if incoming.private else None
            self._finish(incoming, Ending.REFUSED, reply)
            return None
        return await self._obey(incoming, person, *parsed)

    async def _obey(self, incoming: Incoming, person: Person, name: str, text: str) -> Then | None:
        command = self._table.command(name)
        if command is None:
            error = UsageError(f"I have no /{name}.", example=self._table.nearest(name))
            self._finish(incoming, Ending.REFUSED, words.failure(error) if incoming.private else None)
            return None
        asked = message(incoming, person, name, text)
        try:
            _check_role(person, command.role, f"/{name}")
            stale = self._if_late(incoming, command)
            reply = stale or await command.handle(asked)
        except ChatbotError as error:
            self._finish(incoming, Ending.REFUSED, words.failure(error, asked))
            return None
        ending = Ending.DONE if stale is None else Ending.STALE
        self._finish(incoming, ending, self._marked(incoming, command, reply))
        return reply.then

    async def _tapped(self, incoming: Incoming, person: Person) -> tuple[Toast | None, Then | None]:
        pressed = self._pressed(incoming)
        name, _, argument = pressed.button.action.partition(" ") if pressed is not None else ("", "", "")
        line = parsing.command(argument, self._bot_name) if name == _RUN else None
        if pressed is None or (name == _RUN and line is None):
            self._finish(incoming, Ending.REFUSED, None)
            return Toast(text=words.EXPIRED, popup=True), None
        if line is not None:
            return Toast(), await self._obey(incoming, person, *line)
        verb = self._table.verb(name)
        press = tap(incoming, person, argument, pressed)
        try:
            _check_role(person, verb.role, "That")
            reply = await verb.handle(press)
        except ChatbotError as error:
            self._finish(incoming, Ending.REFUSED, None)
            return Toast(text=short(words.popup(error), _TOAST), popup=True), None
        unchanged = (
            reply.edit
            and not reply.picture
            and (reply.text, reply.buttons) == (pressed.letter.text, pressed.letter.buttons)
        )
        self._finish(incoming, Ending.DONE, None if unchanged else reply, edits=pressed if reply.edit else None)
        if unchanged and not reply.toast:
            return Toast(text="No change.", passing=True), reply.then
        shown_by_card = reply.then is not None
        return Toast(text=short(reply.toast, _TOAST), popup=reply.popup, passing=shown_by_card), reply.then

    def _pressed(self, incoming: Incoming) -> Pressed | None:
        key, _, place = (incoming.data or "").partition(":")
        if not (place.isascii() and place.isdecimal() and len(place) < 4):
            return None
        return self._post.pressed(key, int(place), incoming.chat_id, incoming.message_id)

    def _typed(self, incoming: Incoming) -> str:
        """An answer to one of our questions reads as if it followed the question's command."""
        if incoming.answers is None or incoming.text.startswith("/"):
            return incoming.text
        asked = self._post.question(incoming.chat_id, incoming.answers)
        return f"{asked} {incoming.text}" if asked else incoming.text

    def _late_by(self, incoming: Incoming) -> timedelta:
        return self._now() - incoming.sent_at if incoming.sent_at is not None else timedelta(0)

    def _if_late(self, incoming: Incoming, command: Command) -> Reply | None:
        """What a late command gets instead of its answer; None when it is simply answered."""
        late = self._late_by(incoming)
        if command.effect is Effect.ALWAYS or late <= LATE or incoming.sent_at is None:
            return None
        if command.effect is Effect.READ and late <= TOO_LATE:
            return None
        if command.effect is Effect.FRESH:
            return views.stale(command, incoming.sent_at)
        reply = views.stale(command, incoming.sent_at)
        again = ((Button(text="Ask again", action=f"{_RUN} {self._typed(incoming)}"),),)
        return Reply(text=reply.text, buttons=again)

    def _marked(self, incoming: Incoming, command: Command, reply: Reply) -> Reply:
        late = self._late_by(incoming)
        if command.effect is not Effect.READ or not reply.text or late <= LATE or late > TOO_LATE:
            return reply
        return replace(reply, text=views.marked_late(reply.text, late))

    def _finish(self, incoming: Incoming, ending: Ending, reply: Reply | None, edits: Pressed | None = None) -> None:
        answers = [] if reply is None else letters(incoming, reply, edits)
        self._post.finish(incoming.update_id, ending, answers)


def _check_role(person: Person, role: Role, what: str) -> None:
    if person.role < role:
        raise NotAllowed(f"{what} is for {role.name.lower()}s; you are a {person.role.name.lower()}.")
