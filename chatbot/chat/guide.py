"""Takes a person from piece to piece of a command: one card that changes in place, and questions to be typed.

Everything a step does to its wizard is written together with the answer, so an update that is
handled again after a crash finds what it found before. Taking messages away comes after that.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace

from chatbot.chat import obeying, parsing, words
from chatbot.chat.adapt import letter, letters, message
from chatbot.chat.approving import Erase
from chatbot.chat.messages import DONE, QUIT, TYPE, Command, Incoming, Message, Question, Reply, Then
from chatbot.chat.table import Table
from chatbot.chat.views import wizards as views
from chatbot.core.errors import ChatbotError, Killed, NotAllowed, Refused, UnknownSymbol, UsageError
from chatbot.core.notices import Letter
from chatbot.core.people import Person
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.core.wizards import Wizard
from chatbot.services.post import Ending, Post, Pressed
from chatbot.services.wizards import Litter, Wizards

Told = tuple[str, Then | None]
"""What a pop-up says, if anything, and what follows."""


@frozen
class _Answer:
    """What somebody typed, read as the end of a line."""

    incoming: Incoming
    asked: Message
    command: Command


class Guide:
    def __init__(self, *, post: Post, wizards: Wizards, table: Table, erase: Erase, bot_name: str, now: Now) -> None:
        self._post = post
        self._wizards = wizards
        self._table = table
        self._erase = erase
        self.bot_name = bot_name
        self._now = now
        self._busy: set[int] = set()  # wizards whose next step is under way

    async def next(self, asked: Message) -> Question | str:
        """What this command still lacks, or what follows its name when it lacks nothing. Raises ChatbotError."""
        step = self._table.step(asked.command)
        return asked.text if step is None else await step(asked)

    def waiting(self, incoming: Incoming, person: Person) -> Wizard | None:
        """What the person is asked and answers: by replying to the card, or in a private chat by saying it."""
        wizard = self._wizards.waiting(person, incoming.chat_id)
        if wizard is None or incoming.text.startswith("/"):
            return None
        said = incoming.private if incoming.answers is None else incoming.answers == self._wizards.card_message(wizard)
        return wizard if said else None

    def begin(self, incoming: Incoming, person: Person, question: Question, command: Command) -> Then | None:
        """The first card; the person's last wizard in this chat makes room."""
        text = obeying.marked(incoming, command, Reply(text=question.text), self._now()).text
        with self._post.atomic():
            asked_by = incoming.message_id if incoming.data is None else None
            wizard, litter = self._wizards.begin(person, incoming.chat_id, asked_by, question)
            shown = self._shown(incoming, wizard, replace(question, text=text))
            self._post.finish(incoming.update_id, Ending.DONE, shown)
        return self._erasing(litter)

    def ask_about(self, incoming: Incoming, person: Person, pressed: Pressed, reply: Reply) -> Then | None:
        """A question about the card that was tapped: the answer changes that card, and nothing else stays."""
        question = Question(
            text="", choices=(), line=reply.asks, asks=reply.asks, prompt=reply.text, hint=reply.hint, at_once=True
        )
        with self._post.atomic():
            wizard, litter = self._wizards.begin(person, incoming.chat_id, None, question)
            wizard = self._wizards.borrow(wizard, pressed.card_id)
            prompt = self._prompt(incoming, wizard, views.prompt(question, _asked(incoming, wizard)))
            self._post.finish(incoming.update_id, Ending.DONE, [prompt])
        return self._erasing(litter)

    async def answered(self, incoming: Incoming, person: Person, prompt: Letter) -> Then | None:
        """What it asked in words."""
        wizard = self._wizards.get(prompt.wizard)
        current = wizard if wizard is not None and wizard.prompt_id == prompt.id else None
        if wizard is not None and wizard.person_id != person.id:
            return self._said(incoming, Ending.REFUSED, views.not_yours(wizard.person))
        return await self.heard(incoming, person, current, prompt.asks)

    async def heard(self, incoming: Incoming, person: Person, wizard: Wizard | None, asks: str) -> Then | None:
        """Words that follow `asks`. None: nobody waits for them any more."""
        line = f"{asks} {incoming.text}"
        asked, command = self._read(incoming, person, line)
        stale = obeying.instead(incoming, command, line, self._now())
        if stale is not None:
            return self._said(incoming, Ending.STALE, stale)
        if wizard is None or wizard.id in self._busy or wizard.expires_at <= (incoming.sent_at or self._now()):
            return self._said(incoming, Ending.REFUSED, views.too_late(line, incoming.text))
        try:
            with self._alone(wizard):
                obeying.check_role(person, command.role, f"/{command.name}")
                following = await self.next(asked)
                if isinstance(following, Question):
                    return self._go_on(incoming, wizard, following)
                reply = await command.handle(replace(asked, text=following))
        except ChatbotError as error:
            return self._stumble(_Answer(incoming=incoming, asked=asked, command=command), wizard, error)
        return self._end(incoming, wizard, obeying.marked(incoming, command, reply, self._now()))

    async def tapped(self, incoming: Incoming, person: Person, pressed: Pressed) -> Told:
        """One of the buttons below the card."""
        verb, _, line = pressed.button.action.partition(" ")
        wizard = self._wizards.get(pressed.letter.wizard)
        if wizard is not None and wizard.person_id != person.id:
            return views.only(wizard.person), self._said(incoming, Ending.REFUSED, None)
        if wizard is None:  # it has ended, and its card was taken away or is about to be
            self._said(incoming, Ending.REFUSED, None)
            return words.EXPIRED, self._erasing(((incoming.chat_id, incoming.message_id),))
        if wizard.expires_at <= self._now():
            return self._ran_out(incoming, pressed, wizard, line)
        if verb == QUIT:
            return "", self._end(incoming, wizard, None)
        if wizard.id in self._busy:
            return "", self._said(incoming, Ending.REFUSED, None)
        asked, command = self._read(incoming, person, line)
        wizard = replace(wizard, card_id=pressed.card_id)  # a card that could not be changed left as a new message
        try:
            with self._alone(wizard):
                obeying.check_role(person, command.role, f"/{command.name}")
                following = asked.text if verb == DONE else await self.next(asked)
                if isinstance(following, Question):
                    return "", self._go_on(incoming, wizard, following, typing=verb == TYPE)
                reply = await command.handle(replace(asked, text=following))
        except ChatbotError as error:
            self._said(incoming, Ending.REFUSED, None)
            return words.popup(error), None
        return reply.toast, self._end(incoming, wizard, reply)

    @contextlib.contextmanager
    def _alone(self, wizard: Wizard) -> Iterator[None]:
        """Updates are handled side by side: an impatient second tap would obey the same line once more."""
        self._busy.add(wizard.id)
        try:
            yield
        finally:
            self._busy.discard(wizard.id)

    def _read(self, incoming: Incoming, person: Person, line: str) -> tuple[Message, Command]:
        """Of a line that began in our own words."""
        parsed = parsing.command(line, self.bot_name)
        command = self._table.command(parsed[0]) if parsed is not None else None
        if parsed is None or command is None:
            raise LookupError(f"no command of ours begins {line.split()[0]!r}")
        return message(incoming, person, *parsed, stepwise=True), command

    def _go_on(self, incoming: Incoming, wizard: Wizard, question: Question, *, typing: bool = False) -> Then | None:
        """To the next question. `typing` leaves the card as it is and asks below it."""
        with self._post.atomic():
            if self._wizards.get(wizard.id) is None:  # ended by another tap meanwhile
                return self._said(incoming, Ending.REFUSED, None)
            litter = self._wizards.go_on(wizard, question) + _typed(incoming)
            shown = [self._prompt(incoming, wizard, views.prompt(question, _asked(incoming, wizard)))]
            if not typing:
                shown = self._shown(incoming, wizard, question)
            self._post.finish(incoming.update_id, Ending.DONE, shown)
        return self._erasing(litter)

    def _stumble(self, answer: _Answer, wizard: Wizard, error: ChatbotError) -> Then | None:
        """Asked once more, with everything that was chosen; then the whole line is shown how it is typed."""
        incoming = answer.incoming
        curable = isinstance(error, UsageError | Refused) and not isinstance(error, Killed | NotAllowed)
        failed = words.failure(error, answer.asked)
        if not curable:
            return self._end(incoming, wizard, views.again(failed, f"{wizard.asks} {incoming.text}"), typed=False)
        if wizard.misses:
            return self._end(incoming, wizard, views.stepped_aside(failed, answer.command.example), typed=False)
        with self._post.atomic():
            litter = self._wizards.go_on(wizard, wizard, misses=1) + _typed(incoming)
            if isinstance(error, UnknownSymbol) and error.nearest:
                meant = views.did_you_mean(error, words.meant(error, answer.asked), wizard)
                shown = self._shown(incoming, wizard, meant)
            else:
                shown = [self._prompt(incoming, wizard, views.once_more(error, wizard, _asked(incoming, wizard)))]
            self._post.finish(incoming.update_id, Ending.REFUSED, shown)
        return self._erasing(litter)

    def _ran_out(self, incoming: Incoming, pressed: Pressed, wizard: Wizard, line: str) -> Told:
        """The buttons go, and the card says why."""
        parsed = parsing.command(line, self.bot_name)
        command = self._table.command(parsed[0]) if parsed is not None else None
        with self._post.atomic():
            litter = self._wizards.end(wizard, keep_card=True)
            ended = letter(incoming, views.ran_out(command), edits=pressed.card_id)
            self._post.finish(incoming.update_id, Ending.REFUSED, [ended])
        return views.RAN_OUT, self._erasing(litter)

    def _end(self, incoming: Incoming, wizard: Wizard, reply: Reply | None, *, typed: bool = True) -> Then | None:
        """`typed`: what was typed last goes, too; else it stays, so that it is not lost."""
        with self._post.atomic():
            card = self._wizards.borrowed(wizard) if typed else None
            litter = self._wizards.end(wizard) + (_typed(incoming) if typed else ())
            answers = [] if reply is None else letters(incoming, reply, None)
            if card is not None and len(answers) == 1:
                answers = [replace(answers[0], edits=card, reply_to=None)]
            self._post.finish(incoming.update_id, Ending.DONE, [_hung(incoming, wizard, each) for each in answers])
        return self._erasing(litter, None if reply is None else reply.then)

    def _shown(self, incoming: Incoming, wizard: Wizard, question: Question) -> list[Letter]:
        """The card, changed in place where it stands already; below it the question, where it is to be typed."""
        card = replace(views.card(question), wizard=wizard.id)
        shown = [_hung(incoming, wizard, letter(incoming, card, edits=wizard.card_id))]
        if question.at_once:
            shown.append(self._prompt(incoming, wizard, views.prompt(question, _asked(incoming, wizard))))
        return shown

    def _prompt(self, incoming: Incoming, wizard: Wizard, reply: Reply) -> Letter:
        return _hung(incoming, wizard, letter(incoming, replace(reply, wizard=wizard.id)))

    def _said(self, incoming: Incoming, ending: Ending, reply: Reply | None) -> Then | None:
        self._post.finish(incoming.update_id, ending, [] if reply is None else letters(incoming, reply, None))
        return None if reply is None else reply.then

    def _erasing(self, litter: Litter, then: Then | None = None) -> Then | None:
        """At the same time: nothing that follows waits for the chat to be tidied."""
        if not litter:
            return then

        async def run() -> None:
            rest = [] if then is None else [then()]
            await asyncio.gather(*(self._erase(*each) for each in litter), *rest)

        return run


def _typed(incoming: Incoming) -> Litter:
    """The person's own answer, where there is one."""
    return () if incoming.data is not None else ((incoming.chat_id, incoming.message_id),)


def _asked(incoming: Incoming, wizard: Wizard) -> Wizard | None:
    """In a group Telegram puts the question to those it names."""
    return None if incoming.private else wizard


def _hung(incoming: Incoming, wizard: Wizard, each: Letter) -> Letter:
    """In a group on the message that began it: what was typed since goes away."""
    return each if incoming.private or each.edits is not None else replace(each, reply_to=wizard.message_id)
