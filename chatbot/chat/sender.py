"""The outbox's way to Telegram: drawn, sent, and marked sent only after it was taken.

Telegram knows no idempotency key, so a message can repeat when its acknowledgement was
lost, and then says so; it is never lost.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from telegram import Bot, Message
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from chatbot.chat.admission import Admission, Waiting
from chatbot.chat.departures import Departures
from chatbot.chat.gate import Readers
from chatbot.chat.line import Fate, Line
from chatbot.chat.parcels import Looks, Parcel, packed, together
from chatbot.chat.posting import Posting
from chatbot.chat.views.closed import notices
from chatbot.core.notices import Letter, Subject
from chatbot.core.times import Now
from chatbot.store.database import DatabaseTrouble
from chatbot.store.mail import Outbox

log = logging.getLogger(__name__)

_SHUT_OUT = ("chat not found", "not enough rights to send", "chat_write_forbidden", "have no rights to send")
_NO_PICTURE = ("photo", "image", "media", "file")
"""What a refusal speaks of that is about a picture: its size, or a chat in which none may be shown."""


class Sender:
    def __init__(self, *, bot: Bot, outbox: Outbox, looks: Looks, bell: asyncio.Event, now: Now, to: Readers) -> None:
        self._bot = bot
        self._posting = Posting(bot, outbox)
        self._outbox = outbox
        self._looks = looks
        self._owners = to.owners
        self._line = Line(now)
        waiting = Waiting(due=outbox.due, like=outbox.like, bar=outbox.chats.bar)
        admission = Admission(waiting=waiting, reaches=to.gate.reaches, manners=to.manners)
        self._like = admission.like
        self._departures = Departures(due=admission.due, deliver=self._deliver, line=self._line, bell=bell, now=now)

    async def run(self) -> None:
        """Until cancelled. Raises InvalidToken when Telegram no longer knows us."""
        if repeats := self._outbox.recover():
            log.warning("%d messages may have arrived before the last stop; they leave again, marked", repeats)
        await self._departures.run()

    async def drain(self, seconds: float) -> None:
        """At a stop: gives what waits a last chance to leave."""
        await self._departures.drain(seconds)

    async def keep_warm(self) -> None:
        """To be called every ten seconds: what is said unasked shall not wait for a new connection."""
        if self._line.cold:
            self._line.used()
            with contextlib.suppress(TelegramError):
                await self._bot.get_me()

    async def _deliver(self, letter: Letter) -> None:
        """A letter that breaks us is laid aside: it must not come first again at the next start."""
        letters: Sequence[Letter] = (letter,)
        leaving = False
        try:
            if not await self._within_reach():
                return
            parcel = self._packed(letters := together(letter, self._like, self._line.suspects.apart()))
            if parcel is not None:
                letters = parcel.letters
                self._outbox.sending(parcel.letter, parcel.also)
                leaving = True
                await self._attempt(parcel)
        except InvalidToken:
            raise
        except Exception as error:
            log.exception("letter %s could not leave", letter.id)
            self._broken_by(letters, error, maybe_arrived=leaving)

    def _packed(self, letters: Sequence[Letter]) -> Parcel | None:
        """Of several that cannot be drawn together, those at fault are laid aside and the others leave."""
        try:
            return packed(letters, self._looks)
        except Exception as error:
            if len(letters) == 1 or isinstance(error, DatabaseTrouble):
                raise
            log.exception("%d alerts cannot be drawn together", len(letters))
        return packed([letter for letter in letters if self._drawable(letter)], self._looks)

    def _drawable(self, letter: Letter) -> bool:
        try:
            self._looks.digest((letter,))
        except Exception as error:
            log.exception("letter %s cannot be drawn", letter.id)
            self._broken_by((letter,), error, maybe_arrived=False)
            return False
        return True

    def _broken_by(self, letters: Sequence[Letter], error: Exception, *, maybe_arrived: bool) -> None:
        """Trouble of the database is no letter's fault: it ends us, and the letters stay as they are in the outbox."""
        if isinstance(error, DatabaseTrouble):
            raise error
        self._give_up(letters, type(error).__name__, maybe_arrived=maybe_arrived)

    async def _within_reach(self) -> bool:
        """After a failure Telegram is asked what may be asked twice, before anything is sent that may arrive twice."""
        if self._line.doubtful:
            try:
                await self._bot.get_me()
            except InvalidToken:
                raise
            except RetryAfter as error:
                self._line.pacer.hold_all(error.retry_after)
                return False
            except TelegramError as error:
                self._line.pause(error)
                return False
        return True

    async def _attempt(self, parcel: Parcel) -> None:
        """Every way a sending can end; InvalidToken alone is raised."""
        chat_id = parcel.letter.chat_id
        try:
            self._line.used()
            message = await self._posting.send(parcel)
        except InvalidToken:
            raise
        except RetryAfter as error:
            self._line.pacer.refused(chat_id, error.retry_after)
            self._outbox.again(parcel.letters, str(error), maybe_arrived=False)
        except BadRequest as error:
            await self._refused(parcel, error)
        except ChatMigrated as error:
            self._outbox.chats.move(chat_id, error.new_chat_id)
        except Forbidden as error:
            self._shut_out(chat_id, str(error))
        except TelegramError as error:
            self._out_of_reach(parcel, error)
        else:
            self._taken(parcel, message)
            await self._keep_pinned(parcel.letter, message)

    def _taken(self, parcel: Parcel, message: Message | None) -> None:
        self._line.taken(parcel.ids)
        self._outbox.sent(parcel.letter, message.message_id if message is not None else None, parcel.also)

    async def _keep_pinned(self, letter: Letter, message: Message | None) -> None:
        """A kill stays pinned until it is over. A courtesy: in a group it may not be ours to make."""
        root = self._outbox.message_of(letter)
        try:
            if letter.pinned and message is not None:
                self._line.pacer.spent(letter.chat_id)
                await message.pin(disable_notification=True)
            elif letter.subject is Subject.STOP and not letter.pinned and root is not None:
                self._line.pacer.spent(letter.chat_id)
                await self._bot.unpin_chat_message(letter.chat_id, root)
        except RetryAfter as error:
            self._line.pacer.refused(letter.chat_id, error.retry_after)
        except TelegramError as error:
            log.info("a message could not be pinned or unpinned: %s", error)

    async def _refused(self, parcel: Parcel, error: BadRequest) -> None:
        """Retrying a refusal would refuse it for ever: each kind has one way out."""
        letter, text = parcel.letter, str(error).lower()
        if "not modified" in text:
            self._taken(parcel, None)
        elif "message to edit not found" in text or "message can't be edited" in text:
            self._outbox.resend_as_new(letter)
        elif letter.picture is not None and any(sign in text for sign in _NO_PICTURE):
            log.warning("a picture was refused: %s", error)
            await self._attempt(parcel.bare())
        elif parcel.markup and ("can't parse entities" in text or ("too long" in text and not parcel.also)):
            log.error("our own markup was refused, a bug: %s", error)
            await self._attempt(parcel.plain())
        elif letter.thread_id is not None and "thread not found" in text:
            await self._attempt(parcel.out_of_topic())
        elif any(sign in text for sign in _SHUT_OUT):
            self._shut_out(letter.chat_id, str(error))
        else:
            log.error("a message to %s was refused: %s", letter.chat_id, error)
            self._give_up(parcel.letters, str(error), maybe_arrived=False)

    def _shut_out(self, chat_id: int, reason: str) -> None:
        log.warning("chat %s cannot be written to: %s", chat_id, reason)
        self._outbox.hold(chat_id, reason, lambda waiting: notices(self._owners, chat_id, reason, waiting))

    def _out_of_reach(self, parcel: Parcel, error: TelegramError) -> None:
        """An error of Telegram's own, no answer, or no connection. Only the last is known not to have arrived."""
        silent = error.__cause__ is not None and not isinstance(error.__cause__, TelegramError)
        fate = self._line.failed(parcel.ids, error, silent=silent)
        if fate is Fate.HOPELESS:
            log.error("Telegram fails on a message to %s again and again: %s", parcel.letter.chat_id, error)
            self._give_up(parcel.letters, str(error), maybe_arrived=True)
        else:
            maybe_arrived = fate is Fate.MAYBE_ARRIVED and parcel.letter.edits is None
            self._outbox.again(parcel.letters, type(error).__name__, maybe_arrived=maybe_arrived)

    def _give_up(self, letters: Sequence[Letter], problem: str, *, maybe_arrived: bool) -> None:
        """One is laid aside for good; of several, each gets its chance alone."""
        if len(letters) > 1:
            self._line.suspects.part([letter.id for letter in letters])
            self._outbox.again(letters, problem, maybe_arrived=maybe_arrived)
            return
        self._line.suspects.dropped(letters[0].id)
        self._outbox.dead(letters[0], problem)
