"""From an update to its answer: gate, handler, words, and one transaction that ends it.

Everything a person reads leaves through the outbox; only the toast of a tap is handed
back, because it must be given while the finger is still near the button.
"""

from dataclasses import replace

from chatbot.chat import obeying, parsing, words
from chatbot.chat.adapt import letter, letters, message, tap
from chatbot.chat.gate import Gate, Verdict
from chatbot.chat.guide import Guide
from chatbot.chat.messages import DONE, QUIT, RUN, STEP, TYPE, Effect, Incoming, Question, Reply, Then
from chatbot.chat.table import Table
from chatbot.chat.views import admin as views
from chatbot.chat.views.markup import lines, short
from chatbot.core.errors import ChatbotError, UsageError
from chatbot.core.notices import Letter
from chatbot.core.people import Person
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.people import Doorbell
from chatbot.services.post import Ending, Post, Pressed

_TOAST = 200
_OF_WIZARDS = frozenset({STEP, DONE, TYPE, QUIT})


@frozen
class Toast:
    """What a tap reads at once. A `passing` one is not worth a message when it comes too late for the button."""

    text: str = ""
    popup: bool = False
    passing: bool = False


class Front:
    def __init__(self, *, post: Post, gate: Gate, doorbell: Doorbell, table: Table, guide: Guide, now: Now) -> None:
        self._post = post
        self._gate = gate
        self._doorbell = doorbell
        self._table = table
        self._guide = guide
        self._bot_name = guide.bot_name
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
        self._post.send(letter(incoming, words.failure(error, aloud=not incoming.private)))

    def tell(self, incoming: Incoming, text: str) -> None:
        """What a tap should have read, when it took too long to be shown at the button: for who pressed alone."""
        told = letter(incoming, Reply(text=lines(text)))
        pressed_among_others = incoming.data is not None and not incoming.private
        own = replace(told, chat_id=incoming.user_id, thread_id=None)
        on_the_card = replace(told, reply_to=incoming.message_id if incoming.data is not None else None)
        self._post.send(own if pressed_among_others else on_the_card)

    def _turn_away(self, incoming: Incoming, verdict: Verdict) -> None:
        with self._post.atomic():
            if verdict is Verdict.STRANGER:
                text = views.knock(incoming.user_id, incoming.user_name)
                self._doorbell.ring(incoming.user_id, incoming.user_name, text)
            self._post.finish(incoming.update_id, Ending.DROPPED)

    async def _said(self, incoming: Incoming, person: Person) -> Then | None:
        question = self._question(incoming)
        if question is not None and question.wizard:
            return await self._guide.answered(incoming, person, question)
        wizard = self._guide.waiting(incoming, person) if question is None else None
        if wizard is not None:
            return await self._guide.heard(incoming, person, wizard, wizard.asks)
        line = incoming.text if question is None else f"{question.asks} {incoming.text}"
        parsed = parsing.command(line, self._bot_name)
        if parsed is not None:
            return await self._obey(incoming, person, *parsed)
        reply = await self._chatted(incoming, person) if incoming.private else None
        self._finish(incoming, Ending.REFUSED, reply)
        return None

    def _question(self, incoming: Incoming) -> Letter | None:
        """What is answered by these words: they read as if they followed the question's command."""
        if incoming.answers is None or incoming.text.startswith("/"):
            return None
        return self._post.question(incoming.chat_id, incoming.answers)

    async def _chatted(self, incoming: Incoming, person: Person) -> Reply:
        line = f"/{incoming.text.strip()}"
        named = parsing.command(line, self._bot_name)
        if named is not None and self._table.command(named[0]) is not None:
            return words.meant_as(f"/{named[0]} {named[1]}".rstrip())
        if self._table.plain is None:
            return Reply(text=words.COMMANDS_ONLY)
        asked = message(incoming, person, "", incoming.text)
        try:
            return await self._table.plain(asked)
        except ChatbotError as error:
            return words.failure(error)

    async def _obey(self, incoming: Incoming, person: Person, name: str, text: str) -> Then | None:
        command = self._table.command(name)
        if command is None:
            self._finish(incoming, Ending.REFUSED, self._unknown(name, text) if incoming.private else None)
            return None
        asked = message(incoming, person, name, text)
        try:
            obeying.check_role(person, command.role, f"/{name}")
            stale = obeying.instead(incoming, command, f"/{name} {text}".strip(), self._now())
            following = text if stale is not None else await self._guide.next(asked)
            if isinstance(following, Question):
                return self._guide.begin(incoming, person, following, command)
            reply = stale or await command.handle(replace(asked, text=following))
        except ChatbotError as error:
            self._finish(incoming, Ending.REFUSED, words.failure(error, asked))
            return None
        ending = Ending.DONE if stale is None else Ending.STALE
        self._finish(incoming, ending, obeying.marked(incoming, command, reply, self._now()))
        return reply.then

    def _unknown(self, name: str, text: str) -> Reply:
        meant = self._table.nearest(name)
        if meant is None:
            return words.failure(UsageError(f"I have no /{name}.", example="/help"))
        return words.meant_as(f"/{meant} {text}".rstrip(), f"I have no /{name}.")

    async def _tapped(self, incoming: Incoming, person: Person) -> tuple[Toast | None, Then | None]:
        pressed = self._pressed(incoming)
        name, _, argument = pressed.button.action.partition(" ") if pressed is not None else ("", "", "")
        if pressed is not None and name in _OF_WIZARDS:
            words_of_it, then = await self._guide.tapped(incoming, person, pressed)
            return Toast(text=short(words_of_it, _TOAST), popup=bool(words_of_it)), then
        line = parsing.command(argument, self._bot_name) if name == RUN else None
        if pressed is None or (name == RUN and line is None):
            self._finish(incoming, Ending.REFUSED, None)
            return Toast(text=words.EXPIRED, popup=True), None
        if line is not None:
            return Toast(), await self._obey(incoming, person, *line)
        verb = self._table.verb(name)
        press = tap(incoming, person, argument, pressed)
        try:
            obeying.check_role(person, verb.role, "That")
            reply = await verb.handle(press)
        except ChatbotError as error:
            self._finish(incoming, Ending.REFUSED, None)
            return Toast(text=short(words.popup(error), _TOAST), popup=True), None
        if reply.runs:
            return Toast(), await self._obey(incoming, person, *_line(reply.runs))
        if reply.asks and reply.edit:
            return Toast(), self._guide.ask_about(incoming, person, pressed, reply)
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

    def _finish(self, incoming: Incoming, ending: Ending, reply: Reply | None, edits: Pressed | None = None) -> None:
        answers = [] if reply is None else letters(incoming, reply, edits)
        self._post.finish(incoming.update_id, ending, answers)


def _line(runs: str) -> tuple[str, str]:
    """The command of a line that we wrote ourselves, and what follows it."""
    name, _, text = runs.removeprefix("/").partition(" ")
    return name, text
