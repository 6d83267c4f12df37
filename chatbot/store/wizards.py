"""Wizards that are under way: one row a person and chat."""

from typing import Any

from chatbot.core.notices import Letter
from chatbot.core.wizards import Wizard
from chatbot.store.database import Database
from chatbot.store.values import moment, stamp


class WizardRows:
    """Every change joins the open transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, wizard: Wizard) -> int:
        """The id it gets, which none had before. There must be no other of this person in this chat."""
        cursor = self._db.execute(
            "INSERT INTO wizards (person_id, person, chat_id, message_id, asks, hint, expires_at, misses)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            [wizard.person_id, wizard.person, wizard.chat_id, wizard.message_id, *_asked(wizard)],
        )
        return int(cursor.lastrowid or 0)

    def get(self, wizard_id: int) -> Wizard | None:
        return self._one("id = ?", [wizard_id])

    def of(self, person_id: int, chat_id: int) -> Wizard | None:
        return self._one("person_id = ? AND chat_id = ?", [person_id, chat_id])

    def shown_by(self, wizard_id: int, letter: Letter) -> None:
        """A new message of it: the question that waits, else the card."""
        column = "prompt_id" if letter.asks else "card_id"
        self._db.execute(f"UPDATE wizards SET {column} = ? WHERE id = ?", [letter.id, wizard_id])  # noqa: S608 - ours

    def go_on(self, wizard: Wizard) -> None:
        """To what it asks now."""
        self._db.execute(
            "UPDATE wizards SET card_id = ?, prompt_id = ?, misses = ?, asks = ?, hint = ?, expires_at = ?"
            " WHERE id = ?",
            [wizard.card_id, wizard.prompt_id, wizard.misses, *_asked(wizard), wizard.id],
        )

    def end(self, wizard_id: int) -> None:
        self._db.execute("DELETE FROM wizards WHERE id = ?", [wizard_id])

    def withdraw(self, letter_id: int) -> None:
        """What of this message waits to be sent or edited does not leave any more."""
        self._db.execute(
            "DELETE FROM outbox WHERE edits = ? AND state IN ('pending', 'held')",
            [letter_id],
        )
        self._db.execute(
            "DELETE FROM outbox WHERE id = ? AND state IN ('pending', 'held')"
            " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.edits = outbox.id)",
            [letter_id],
        )

    def _one(self, where: str, values: list[Any]) -> Wizard | None:
        rows = self._db.query(f"SELECT * FROM wizards WHERE {where}", values)  # noqa: S608 - one of the literals above
        return next((_wizard(row) for row in rows), None)


def _asked(wizard: Wizard) -> tuple[str, str, str]:
    return wizard.asks, wizard.hint, stamp(wizard.expires_at)


def _wizard(row: dict[str, Any]) -> Wizard:
    return Wizard(
        id=row["id"],
        person_id=row["person_id"],
        person=row["person"],
        chat_id=row["chat_id"],
        message_id=row["message_id"],
        asks=row["asks"],
        hint=row["hint"],
        expires_at=moment(row["expires_at"]),
        card_id=row["card_id"],
        prompt_id=row["prompt_id"],
        misses=row["misses"],
    )
