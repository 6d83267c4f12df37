"""What came in and what is answered to it, each update ended and answered in one transaction."""

import contextlib
from collections.abc import Iterator, Sequence
from enum import Enum

from chatbot.core.notices import Button, Letter, Subject
from chatbot.core.values import frozen
from chatbot.store.store import Store
from chatbot.store.troubles import fails


class Ending(Enum):
    """How an update ended. Every update that was kept reaches one of them."""

    DONE = "done"
    REFUSED = "refused"
    STALE = "stale"
    FAILED = "failed"
    DROPPED = "dropped"


@frozen
class Pressed:
    """A button that exists, on the message it was drawn on. `card_id` is the letter that sent that message."""

    button: Button
    letter: Letter
    card_id: int


class Post:
    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, updates: list[tuple[int, str]]) -> list[int]:
        """Commits a batch of (update id, body) before Telegram is told to forget it; returns the new ids."""
        return self._store.inbox.keep(updates)

    def fails(self, error: Exception) -> bool:
        """Whether the database is to blame, which ends the bot: nothing more can be written, not even that."""
        return fails(error)

    def waiting(self) -> list[tuple[int, str]]:
        return self._store.inbox.waiting()

    def finish(self, update_id: int, ending: Ending, letters: Sequence[Letter] = ()) -> None:
        """Ends the update and posts its answers together. An update that had ended is not answered again.

        Whatever a command did is on the disk by then; were this end lost with the power, the
        update would be handled again, which changes nothing, and answered again.
        """
        with self._store.db.relaxed():
            if not self._store.inbox.end(update_id, ending.value):
                return
            for letter in letters:
                # Whoever is answered was heard just now: what was held for that chat may leave again.
                self._store.outbox.chats.reopen(letter.chat_id)
                self._bind(self._store.outbox.put(letter))

    def send(self, letter: Letter) -> None:
        self._store.outbox.put(letter)

    @contextlib.contextmanager
    def atomic(self) -> Iterator[None]:
        with self._store.atomic():
            yield

    def pressed(self, key: str, place: int, chat_id: int, message_id: int) -> Pressed | None:
        """The button behind a tap. None for an unknown key, and for a real one on any other message or chat."""
        letter = self._store.outbox.by_key(key)
        if letter is None or letter.chat_id != chat_id or self._store.outbox.message_of(letter) != message_id:
            return None
        buttons = [button for row in letter.buttons for button in row]
        if not 0 <= place < len(buttons):
            return None
        return Pressed(button=buttons[place], letter=letter, card_id=letter.edits or letter.id)

    def question(self, chat_id: int, message_id: int) -> Letter | None:
        """The letter whose `asks` an answer to this message completes; None when it asked nothing."""
        return self._store.outbox.asking(chat_id, message_id)

    def _bind(self, letter: Letter) -> None:
        """A card counts from now on as the one that shows its ticket, kill or wizard."""
        if letter.edits is not None:
            return
        if letter.wizard:
            self._store.wizards.shown_by(letter.wizard, letter)
        if letter.subject is Subject.TICKET:
            self._store.orders.show_on(letter.subject_id, letter.id)
        elif letter.subject is Subject.STOP:
            self._store.stops.show_on(letter.subject_id, letter.id)
