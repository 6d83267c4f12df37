"""Letters laid aside because of what their readers set: held for the morning, or not wanted at all."""

from chatbot.core.notices import Letter
from chatbot.core.preferences import Kind
from chatbot.core.times import Now
from chatbot.store.chats import UNWANTED, Chats
from chatbot.store.database import Database
from chatbot.store.letters import letter_of
from chatbot.store.values import stamp

_OF_KIND = "chat_id = ? AND kind = ? AND state = 'pending' AND edits IS NULL"


class QuietLetters:
    """Held letters are in the state QUIET until they are told of by a digest, or leave after all."""

    def __init__(self, db: Database, now: Now, chats: Chats) -> None:
        self._db = db
        self._now = now
        self._chats = chats

    def hold(self, chat_id: int, kind: Kind) -> int:
        """All that waits of this kind: however many they are, they are laid aside at once."""
        return self._lay_aside("state = 'quiet'", chat_id, kind)

    def drop(self, chat_id: int, kind: Kind) -> int:
        """They will not leave later."""
        return self._lay_aside(f"state = 'dead', problem = '{UNWANTED}'", chat_id, kind)

    def _lay_aside(self, change: str, chat_id: int, kind: Kind) -> int:
        # `change` is one of the two literals above.
        cursor = self._db.execute(f"UPDATE outbox SET {change} WHERE {_OF_KIND}", [chat_id, kind.value])  # noqa: S608
        return cursor.rowcount

    def chats(self) -> tuple[int, ...]:
        """Those for which something is held."""
        found = self._db.conn.execute("SELECT DISTINCT chat_id FROM outbox WHERE state = 'quiet' ORDER BY chat_id")
        return tuple(chat_id for (chat_id,) in found)

    def release(self, chat_id: int) -> int:
        """What is held leaves after all, together and without a sound. Returns how much that is."""
        state = "held" if self._chats.closed(chat_id) else "pending"
        with self._db.atomic():
            freed = self._db.execute(
                "UPDATE outbox SET state = ?, silent = 1 WHERE state = 'quiet' AND chat_id = ?", [state, chat_id]
            ).rowcount
            if freed:
                self._chats.wake()
        return freed

    def told_by(self, digest_id: int, chat_id: int) -> None:
        """Joins the open transaction. What is held counts as sent with this digest, under which it can be read."""
        self._db.execute(
            "UPDATE outbox SET state = 'sent', digest = ?, sent_at = ? WHERE state = 'quiet' AND chat_id = ?",
            [digest_id, stamp(self._now()), chat_id],
        )

    def count(self, chat_id: int, digest_id: int | None = None) -> int:
        where, values = _found(chat_id, digest_id)
        row = self._db.conn.execute(f"SELECT count(*) FROM outbox WHERE {where}", values).fetchone()  # noqa: S608 - ours
        return int(row[0])

    def page(self, chat_id: int, digest_id: int | None, skip: int, most: int) -> tuple[Letter, ...]:
        """Of what a digest told of, or of what is held now, oldest first."""
        where, values = _found(chat_id, digest_id)
        rows = self._db.query(
            f"SELECT * FROM outbox WHERE {where} ORDER BY id LIMIT ? OFFSET ?",  # noqa: S608 - ours
            [*values, most, skip],
        )
        return tuple(letter_of(row) for row in rows)


def _found(chat_id: int, digest_id: int | None) -> tuple[str, list[int]]:
    if digest_id is None:
        return "chat_id = ? AND state = 'quiet'", [chat_id]
    return "chat_id = ? AND digest = ?", [chat_id, digest_id]
