"""The outbox of letters, with the inbox the only queues there are.

A letter stands here in the same transaction as the change it tells of, and is marked sent
only after Telegram took it.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from chatbot.core.notices import Lane, Letter, LetterState, Subject
from chatbot.core.times import Now
from chatbot.store.chats import BARRED, UNWANTED, Chats
from chatbot.store.database import Database
from chatbot.store.letters import PUT, buttons_json, letter_of, new_key, to_put
from chatbot.store.pictures import Pictures
from chatbot.store.routes import Routes
from chatbot.store.values import stamp


class Outbox:
    """`ring` is called when something new waits, so that the sender need not look all the time."""

    def __init__(self, db: Database, now: Now, ring: Callable[[], None]) -> None:
        self._db = db
        self._now = now
        self._ring = ring
        self.chats = Chats(db, now, ring)
        self.pictures = Pictures(db, now)
        self.routes = Routes(db, now)

    def put(self, letter: Letter, dedupe: str | None = None) -> Letter:
        """Joins the open transaction. An edit replaces one of the same message that has not left yet.

        With `dedupe`, a letter of the same name is written once and for all.
        """
        with self._db.atomic():
            known = () if dedupe is None else self._many("dedupe = ?", [dedupe])
            if known:
                return known[0]
            if letter.edits is not None:
                self._db.execute("DELETE FROM outbox WHERE edits = ? AND state IN ('pending', 'held')", [letter.edits])
            (letter,) = self.routes.placed([letter])
            if letter.png:
                letter = replace(letter, png=b"", picture=self.pictures.keep(letter.png))
            state = LetterState.HELD if self.chats.closed(letter.chat_id) else LetterState.PENDING
            key, made_at = new_key(), stamp(self._now())
            cursor = self._db.execute(PUT, to_put(letter, key=key, state=state, made_at=made_at, dedupe=dedupe))
            self._ring()
            return replace(letter, id=int(cursor.lastrowid or 0), key=key, state=state)

    def put_all(self, letters: Sequence[Letter]) -> list[int]:
        """New messages, no edits: their ids. Joins the open transaction."""
        if not letters:
            return []
        connection, made_at = self._db.conn, stamp(self._now())
        with self._db.atomic():
            closed = self.chats.closed_of({letter.chat_id for letter in letters})
            rows = []
            for letter in self.routes.placed(letters):
                state = LetterState.HELD if letter.chat_id in closed else LetterState.PENDING
                rows.append(to_put(letter, key=new_key(), state=state, made_at=made_at))
            connection.executemany(PUT, rows)
            last = connection.execute("SELECT last_insert_rowid()").fetchone()[0]  # numbered in a row: we hold the lock
        self._ring()
        return list(range(last - len(rows) + 1, last + 1))

    def recover(self) -> int:
        """At a start: what was being sent may have arrived. It leaves again, marked. Returns how many."""
        cursor = self._db.execute("UPDATE outbox SET state = 'pending', repeat = 1 WHERE state = 'sending'")
        return cursor.rowcount

    def due(
        self,
        count: int,
        *,
        lanes: tuple[Lane, Lane] = (Lane.STOP, Lane.REPORT),
        without: Collection[int] = (),
        resting: Collection[int] = (),
    ) -> tuple[Letter, ...]:
        """What leaves next of the lanes from the first to the second, to any chat but those `without`.

        `resting` are letters to pass over. An edit waits for its message, an answer for the one it
        follows, unless that one died. An edit of a message that died, or that stayed behind when its
        group moved, leaves as a message of its own: an order's outcome is told in any case.
        """
        return self._many(
            "state = 'pending' AND lane BETWEEN ? AND ? AND chat_id NOT IN (SELECT value FROM json_each(?))"
            " AND id NOT IN (SELECT value FROM json_each(?))"
            " AND (edits IS NULL OR EXISTS (SELECT 1 FROM outbox p WHERE p.id = o.edits"
            " AND (p.message_id NOTNULL OR p.state IN ('dead', 'sent'))))"
            " AND NOT EXISTS (SELECT 1 FROM outbox f WHERE f.id = o.follows AND f.state IN ('pending', 'sending'))"
            " ORDER BY lane, id LIMIT ?",
            [int(lanes[0]), int(lanes[1]), json.dumps(list(without)), json.dumps(list(resting)), count],
        )

    def like(self, letter: Letter, count: int, apart: Collection[int] = ()) -> tuple[Letter, ...]:
        """What waits beside this letter and may share its message: oldest first, itself among them.

        New messages alone, of the same kind and subject, for the same place. What may be a repeat
        is not mixed with what is not; the letters `apart` go alone.
        """
        return self._many(
            "state = 'pending' AND chat_id = ? AND lane = ? AND subject = ? AND thread_id IS ? AND kind IS ?"
            " AND repeat = ? AND edits IS NULL AND follows IS NULL AND reply_to IS NULL AND asks = ''"
            " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
            [
                letter.chat_id, int(letter.lane), letter.subject.value if letter.subject else None, letter.thread_id,
                letter.kind.value if letter.kind else None, letter.repeat, json.dumps(list(apart)), count,
            ],
        )  # fmt: skip

    def sending(self, letter: Letter, also: Sequence[Letter] = ()) -> None:
        """Written before the request leaves; its text and buttons are what a tap will be held against.

        `also` are letters that leave in the same message. It does not wait for the disk: were it lost with
        the power, the next start sees that the host was started anew and doubts all that waits.
        """
        with self._db.relaxed():
            self._db.execute(
                "UPDATE outbox SET state = 'sending', attempts = attempts + 1, text = ?, buttons = ? WHERE id = ?",
                [letter.text, buttons_json(letter.buttons), letter.id],
            )
            if also:
                self._db.execute(
                    "UPDATE outbox SET state = 'sending', attempts = attempts + 1, text = '', buttons = '[]'"
                    " WHERE id IN (SELECT value FROM json_each(?))",
                    [_ids(also)],
                )

    def sent(self, letter: Letter, message_id: int | None, also: Sequence[Letter] = ()) -> None:
        """Were this lost with the power, the message would leave once more, marked as a repeat.

        A letter whose picture was not taken has none from now on: what edits it edits words.
        """
        with self._db.relaxed():
            self._db.execute(
                "UPDATE outbox SET state = 'sent', message_id = ?, sent_at = ?, problem = '', picture = ?"
                " WHERE id IN (SELECT value FROM json_each(?))",
                [message_id, stamp(self._now()), letter.picture, _ids((letter, *also))],
            )
            self.pictures.sent(letter)

    def again(self, letters: Sequence[Letter], problem: str, *, maybe_arrived: bool) -> None:
        """Back into the queue; marked when they may have arrived already."""
        self._db.execute(
            "UPDATE outbox SET state = 'pending', repeat = max(repeat, ?), problem = ?"
            " WHERE id IN (SELECT value FROM json_each(?))",
            [maybe_arrived, problem, _ids(letters)],
        )

    def dead(self, letter: Letter, problem: str) -> None:
        """Kept, but not tried again."""
        self._db.execute("UPDATE outbox SET state = 'dead', problem = ? WHERE id = ?", [problem, letter.id])

    def hold(self, chat_id: int, reason: str, notices: Callable[[int], Iterable[Letter]]) -> None:
        """The chat is closed to us. Whoever is to know, of `notices` with how much waits, is told once a day."""
        with self._db.atomic():
            waiting = self.chats.close(chat_id, reason)
            if waiting is None:
                return
            for letter in notices(waiting):
                self.put(letter, dedupe=f"closed {chat_id} {letter.chat_id} {self._now():%Y-%m-%d}")

    def resend_as_new(self, letter: Letter) -> None:
        """The message this would edit is gone: it leaves as a message of its own."""
        self._db.execute("UPDATE outbox SET state = 'pending', edits = NULL WHERE id = ?", [letter.id])

    def by_key(self, key: str) -> Letter | None:
        return next(iter(self._many("key = ?", [key])), None)

    def letter(self, letter_id: int) -> Letter | None:
        return next(iter(self._many("id = ?", [letter_id])), None)

    def asking(self, chat_id: int, message_id: int) -> Letter | None:
        """The question this message put, if it put one."""
        return next(iter(self._many("chat_id = ? AND message_id = ? AND asks != ''", [chat_id, message_id])), None)

    def cards(self, subject: Subject, subject_id: int) -> tuple[Letter, ...]:
        """Every message that shows it, edits not counted."""
        return self._many("subject = ? AND subject_id = ? AND edits IS NULL", [subject.value, subject_id])

    def message_of(self, letter: Letter) -> int | None:
        """The Telegram message this letter became, or the one it edits."""
        root = letter if letter.edits is None else self.letter(letter.edits)
        return None if root is None else root.message_id

    def clean(self, before: str) -> None:
        """Edits first: they point at others. Cards stay: of alerts as long as the firing, of all else for good."""
        self.chats.clean(before)
        self.pictures.clean()
        # Since the first tap it is an edit that holds the buttons below the card.
        self._db.execute(
            "DELETE FROM outbox WHERE edits NOTNULL AND state = 'sent' AND sent_at < ?"
            " AND (subject IS NULL OR subject = 'alert') AND NOT EXISTS (SELECT 1 FROM outbox card"
            " JOIN firings f ON f.id = card.subject_id WHERE card.id = outbox.edits AND card.subject = 'alert')",
            [before],
        )
        self._db.execute(
            "DELETE FROM outbox WHERE edits IS NULL AND state = 'sent' AND sent_at < ?"
            " AND (subject IS NULL"
            "  OR subject = 'alert' AND NOT EXISTS (SELECT 1 FROM firings f WHERE f.id = subject_id)) AND id NOT IN"
            " (SELECT edits FROM outbox WHERE edits NOTNULL UNION SELECT follows FROM outbox WHERE follows NOTNULL)",
            [before],
        )

    def waiting(self) -> int:
        row = next(self._db.query("SELECT count(*) AS n FROM outbox WHERE state IN ('pending', 'sending')"))
        return int(row["n"])

    def undelivered(self) -> int:
        """What was given up, and what is held for closed chats; nothing that nobody is to read."""
        count = "SELECT count(*) AS n FROM outbox WHERE state IN ('dead', 'held') AND problem NOT IN (?, ?)"
        return int(next(self._db.query(count, [BARRED, UNWANTED]))["n"])

    def _many(self, where: str, values: list[Any]) -> tuple[Letter, ...]:
        # `where` is one of the literals above, never anything a person typed. `query` would put a savepoint around
        # it, three statements for one, and this stands between a tick and the phone.
        rows = self._db.execute(f"SELECT * FROM outbox o WHERE {where}", values)  # noqa: S608
        names = [column[0] for column in rows.description]
        return tuple(letter_of(dict(zip(names, row, strict=True))) for row in rows)


def _ids(letters: Iterable[Letter]) -> str:
    return json.dumps([letter.id for letter in letters])
