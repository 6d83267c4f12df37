"""The inbox of updates: confirmed to Telegram only after they stand here."""

from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import stamp


class Inbox:
    """Updates as Telegram sent them, in JSON."""

    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def keep(self, updates: list[tuple[int, str]]) -> list[int]:
        """Commits a batch of (update id, body); returns the ids that were not here before, in order."""
        new = []
        with self._db.atomic():
            for update_id, body in updates:
                cursor = self._db.execute(
                    "INSERT INTO inbox (update_id, received_at, body, state) VALUES (?, ?, ?, 'pending')"
                    " ON CONFLICT DO NOTHING",
                    [update_id, stamp(self._now()), body],
                )
                if cursor.rowcount == 1:
                    new.append(update_id)
        return new

    def waiting(self) -> list[tuple[int, str]]:
        """Updates that no handler has ended yet, oldest first."""
        rows = self._db.query("SELECT update_id, body FROM inbox WHERE state = 'pending' ORDER BY update_id")
        return [(r["update_id"], r["body"]) for r in rows]

    def end(self, update_id: int, state: str) -> bool:
        """Joins the open transaction. False when the update was ended before. The text is not kept any longer."""
        cursor = self._db.execute(
            "UPDATE inbox SET state = ?, ended_at = ?, body = '' WHERE update_id = ? AND state = 'pending'",
            [state, stamp(self._now()), update_id],
        )
        return cursor.rowcount == 1

    def clean(self, before: str) -> None:
        self._db.execute("DELETE FROM inbox WHERE state != 'pending' AND ended_at < ?", [before])
