"""Wizards that are under way, and the messages they leave behind."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from chatbot.core.people import Person
from chatbot.core.wizards import Wizard
from chatbot.store.store import Store

LIFE = timedelta(minutes=10)
"""From one step to the next."""

Litter = tuple[tuple[int, int], ...]
"""Messages (chat id, message id) that are of no use any more."""


class Asked(Protocol):
    """What is typed now follows `asks`, as `hint` shows."""

    @property
    def asks(self) -> str: ...

    @property
    def hint(self) -> str: ...


class Wizards:
    """Changes join the open transaction; what they return is to be erased once it is committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows = store.wizards

    def get(self, wizard_id: int) -> Wizard | None:
        return self._rows.get(wizard_id)

    def waiting(self, person: Person, chat_id: int) -> Wizard | None:
        """What this person has been asked in this chat and can answer in words."""
        wizard = self._rows.of(person.id, chat_id)
        return None if wizard is None or not wizard.asks or wizard.expires_at <= self._store.now() else wizard

    def card_message(self, wizard: Wizard) -> int | None:
        """The Telegram message that is its card."""
        card = None if wizard.card_id is None else self._store.outbox.letter(wizard.card_id)
        return None if card is None else card.message_id

    def borrowed(self, wizard: Wizard) -> int | None:
        """Its card, when that stood before anything was asked about it: it changes in place, and is never erased."""
        card = None if wizard.card_id is None else self._store.outbox.letter(wizard.card_id)
        return None if card is None or card.wizard == wizard.id else card.id

    def borrow(self, wizard: Wizard, card_id: int) -> Wizard:
        """Asks about a card that stands already."""
        about = replace(wizard, card_id=card_id)
        self._rows.go_on(about)
        return about

    def begin(self, person: Person, chat_id: int, message_id: int | None, asked: Asked) -> tuple[Wizard, Litter]:
        """A new one takes the place of the person's last one in that chat."""
        last = self._rows.of(person.id, chat_id)
        litter = self.end(last) if last is not None else ()
        wizard = Wizard(
            id=0,
            person_id=person.id,
            person=person.name,
            chat_id=chat_id,
            message_id=message_id,
            asks=asked.asks,
            hint=asked.hint,
            expires_at=self._store.now() + LIFE,
        )
        return replace(wizard, id=self._rows.begin(wizard)), litter

    def go_on(self, wizard: Wizard, asked: Asked, *, misses: int = 0) -> Litter:
        """To the next question; the one that was put in words is gone."""
        litter = self._gone([wizard.prompt_id])
        following = replace(
            wizard,
            prompt_id=None,
            asks=asked.asks,
            hint=asked.hint,
            misses=misses,
            expires_at=self._store.now() + LIFE,
        )
        self._rows.go_on(following)
        return litter

    def end(self, wizard: Wizard, *, keep_card: bool = False) -> Litter:
        keep_card = keep_card or self.borrowed(wizard) is not None
        self._rows.end(wizard.id)
        return self._gone([wizard.prompt_id] if keep_card else [wizard.card_id, wizard.prompt_id])

    def _gone(self, letter_ids: Sequence[int | None]) -> Litter:
        """What has not left yet does not leave any more; what has is to be erased."""
        litter = []
        for letter_id in letter_ids:
            if letter_id is None:
                continue
            letter = self._store.outbox.letter(letter_id)
            self._rows.withdraw(letter_id)
            if letter is not None and letter.message_id is not None:
                litter.append((letter.chat_id, letter.message_id))
        return tuple(litter)
