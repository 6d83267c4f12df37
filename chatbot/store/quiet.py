"""Letters laid aside because of what their readers set: held for the morning, or not wanted at all."""

from chatbot.core.notices import Letter
from chatbot.core.preferences import Kind
from chatbot.store.chats import UNWANTED, Chats
from chatbot.store.database import Database
from chatbot.store.letters import letter_of

_OF_KIND = "chat_id = ? AND kind = ? AND state = 'pending' AND edits IS NULL"


class QuietLetters:
    """Held letters are in the state QUIET until a digest that tells of them was sent, or they leave after all."""

    def __init__(self, db: Database, chats: Chats) -> None:
        self._db = db
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
        found = self._db.conn.execute(
            "SELECT DISTINCT chat_id FROM outbox WHERE state = 'quiet' AND digest IS NULL ORDER BY chat_id"
        )
        return tuple(chat_id for (chat_id,) in found)

    def release(self, chat_id: int) -> int:
        """What is held leaves after all, together and without a sound. Returns how much that is."""
        state = "held" if self._chats.closed(chat_id) else "pending"
        with self._db.atomic():
            freed = self._db.execute(
                "UPDATE outbox SET state = ?, silent = 1 WHERE state = 'quiet' AND digest IS NULL AND chat_id = ?",
                [state, chat_id],
            ).rowcount
            if freed:
                self._chats.wake()
        return freed

    def told_by(self, digest_id: int, letter: Letter) -> None:
        """Joins the open transaction. This digest's letter tells of what is held, which can be read under it."""
        self._db.execute(
            "UPDATE outbox SET digest = ? WHERE state = 'quiet' AND digest IS NULL AND chat_id = ?",
            [digest_id, letter.chat_id],
        )
        self._db.execute("UPDATE outbox SET digest = ? WHERE id = ?", [digest_id, letter.id])

    def settle(self) -> None:
        """What a digest told of is sent once that was, and held as before when it was dropped or died."""
        # Left to itself, SQLite goes through all that was ever told by digests.
        waiting = "outbox INDEXED BY outbox_quiet WHERE state = 'quiet' AND digest NOTNULL"
        found = self._db.conn.execute(f"SELECT DISTINCT digest FROM {waiting}")  # noqa: S608 - ours
        for (digest_id,) in found.fetchall():
            with self._db.atomic():
                self._db.execute(
                    "UPDATE outbox SET state = 'sent', sent_at = d.sent_at FROM outbox d WHERE outbox.state = 'quiet'"
                    " AND outbox.digest = ? AND d.digest = ? AND d.kind = 'digest' AND d.state = 'sent'",
                    [digest_id, digest_id],
                )
                self._db.execute(
                    "UPDATE outbox SET digest = NULL WHERE state = 'quiet' AND digest = ? AND NOT EXISTS"
                    " (SELECT 1 FROM outbox d WHERE d.digest = ? AND d.kind = 'digest' AND d.state != 'dead')",
                    [digest_id, digest_id],
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
        return "chat_id = ? AND state = 'quiet' AND digest IS NULL", [chat_id]
    return "chat_id = ? AND digest = ? AND kind != 'digest'", [chat_id, digest_id]
