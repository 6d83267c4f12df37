"""Chats that are closed to us, with the letters held for them, and groups that go by another id now."""

import json
from collections.abc import Callable, Collection

from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import stamp

BARRED = "not on the list"
"""The problem of what was not sent because of its chat: nobody who is on the list misses it."""

UNWANTED = "not wanted"
"""The problem of what was not sent because its reader had turned off its kind."""

_NAMED_IN = ("tickets", "stops", "alerts")


class Chats:
    """`ring` is called when letters wait again that were held."""

    def __init__(self, db: Database, now: Now, ring: Callable[[], None]) -> None:
        self._db = db
        self._now = now
        self._ring = ring

    def closed(self, chat_id: int) -> bool:
        return bool(self._db.execute("SELECT 1 FROM closed_chats WHERE chat_id = ?", [chat_id]).fetchone())

    def closed_of(self, chat_ids: Collection[int]) -> frozenset[int]:
        """Those among them that are closed."""
        found = self._db.execute(
            "SELECT chat_id FROM closed_chats WHERE chat_id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(chat_ids))],
        )
        return frozenset(chat_id for (chat_id,) in found)

    def close(self, chat_id: int, reason: str) -> int | None:
        """Everything that waits for the chat is held. Returns how much that is; None when it was closed before."""
        with self._db.atomic():
            fresh = self._db.execute(
                "INSERT INTO closed_chats (chat_id, since, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [chat_id, stamp(self._now()), reason],
            ).rowcount
            # What was being sent is what was refused just now: it did not arrive.
            held = self._db.execute(
                "UPDATE outbox SET state = 'held', problem = ? WHERE chat_id = ? AND state IN ('pending', 'sending')",
                [reason, chat_id],
            ).rowcount
        return held if fresh else None

    def reopen(self, chat_id: int) -> bool:
        """Somebody there was heard: what was held waits again. False for a chat that was open all along."""
        if not self.closed(chat_id):
            return False
        with self._db.atomic():
            self._db.execute("DELETE FROM closed_chats WHERE chat_id = ?", [chat_id])
            self._db.execute("UPDATE outbox SET state = 'pending' WHERE chat_id = ? AND state = 'held'", [chat_id])
        self._ring()
        return True

    def bar(self, chat_id: int) -> None:
        """Nothing that waits for the chat will leave."""
        self._db.execute(
            "UPDATE outbox SET state = 'dead', problem = ? WHERE chat_id = ? AND state = 'pending'", [BARRED, chat_id]
        )

    def wake(self) -> None:
        """Something waits again that did not."""
        self._ring()

    def clean(self, before: str) -> None:
        """Forgets what nobody was to read and was made earlier; rules of people who are gone fire for years."""
        self._db.execute(
            "DELETE FROM outbox WHERE state = 'dead' AND problem IN (?, ?) AND made_at < ? AND id NOT IN"
            " (SELECT edits FROM outbox WHERE edits NOTNULL UNION SELECT follows FROM outbox WHERE follows NOTNULL)",
            [BARRED, UNWANTED, before],
        )

    def move(self, old: int, new: int) -> None:
        """A group became a supergroup: whatever names the old id names the new one, in one transaction.

        Message ids begin anew there: one from before would point at a stranger's message, or at
        another of ours. What would edit or answer such a one leaves as a message of its own.
        """
        with self._db.atomic():
            self._db.execute(
                "UPDATE outbox SET chat_id = ?, message_id = NULL, reply_to = NULL,"
                " state = CASE state WHEN 'sending' THEN 'pending' ELSE state END WHERE chat_id = ?",
                [new, old],
            )
            for table in _NAMED_IN:
                self._db.execute(f"UPDATE {table} SET chat_id = ? WHERE chat_id = ?", [new, old])  # noqa: S608 - ours
            # What was said in the new one counts; a group that was none before had no topics.
            self._db.execute("UPDATE OR IGNORE routes SET chat_id = ?, thread_id = NULL WHERE chat_id = ?", [new, old])
            self._db.execute("DELETE FROM routes WHERE chat_id = ?", [old])
            self._db.execute("UPDATE OR REPLACE closed_chats SET chat_id = ? WHERE chat_id = ?", [new, old])
            self._db.execute("UPDATE moved_chats SET new_id = ? WHERE new_id = ?", [new, old])
            self._db.execute("INSERT OR REPLACE INTO moved_chats (old_id, new_id) VALUES (?, ?)", [old, new])

    def latest_id(self, chat_id: int) -> int:
        row = self._db.execute("SELECT new_id FROM moved_chats WHERE old_id = ?", [chat_id]).fetchone()
        return chat_id if row is None else int(row[0])

    def earlier_ids(self, chat_id: int) -> frozenset[int]:
        """Every id this group went by before."""
        rows = self._db.query("SELECT old_id FROM moved_chats WHERE new_id = ?", [chat_id])
        return frozenset(row["old_id"] for row in rows)
