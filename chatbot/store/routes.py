"""Where in each group which kind of news belongs, as its owners said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chatbot.core.notices import Letter
from chatbot.core.routes import Place, Route, route_of
from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import moment, stamp


class Routes:
    """A letter is placed when it is written, so that its row tells where it goes, and its like are found there."""

    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def of(self, chat_id: int) -> dict[Route, Place]:
        """What this group has routed."""
        rows = self._db.query("SELECT * FROM routes WHERE chat_id = ?", [chat_id])
        return {Route(r["kind"]): Place(chat_id=chat_id, thread_id=r["thread_id"], person=r["person"]) for r in rows}

    def places(self, route: Route) -> tuple[Place, ...]:
        """Every group that has asked for such news."""
        rows = self._db.query("SELECT * FROM routes WHERE kind = ? ORDER BY chat_id", [route.value])
        return tuple(Place(chat_id=r["chat_id"], thread_id=r["thread_id"], person=r["person"]) for r in rows)

    def laid_at(self, chat_id: int, route: Route) -> datetime | None:
        where = "SELECT at FROM routes WHERE chat_id = ? AND kind = ?"
        row = self._db.execute(where, [chat_id, route.value]).fetchone()
        return None if row is None else moment(row[0])

    def lay(self, route: Route, place: Place) -> None:
        """In place of the group's earlier one. Joins the open transaction."""
        self._db.execute(
            "INSERT OR REPLACE INTO routes (chat_id, kind, thread_id, person, at) VALUES (?, ?, ?, ?, ?)",
            [place.chat_id, route.value, place.thread_id, place.person, stamp(self._now())],
        )

    def undo(self, chat_id: int, route: Route) -> bool:
        """False when there was none. Joins the open transaction."""
        undone = self._db.execute("DELETE FROM routes WHERE chat_id = ? AND kind = ?", [chat_id, route.value])
        return undone.rowcount == 1

    def placed(self, letters: Sequence[Letter]) -> Sequence[Letter]:
        """The same letters, those for groups in their places. Answers stay where they were asked for.

        An edit is placed where its card stands: it leaves as a new message when that card is gone.
        """
        if all(letter.chat_id > 0 for letter in letters):
            return letters
        rows = self._db.conn.execute("SELECT chat_id, kind, thread_id FROM routes").fetchall()
        laid = {(chat_id, Route(kind)): thread_id for chat_id, kind, thread_id in rows}
        return [self._placed(letter, laid) for letter in letters]

    def _placed(self, letter: Letter, laid: dict[tuple[int, Route], int | None]) -> Letter:
        if letter.chat_id > 0:
            return letter
        before = letter.follows if letter.edits is None else letter.edits
        if before is not None:
            return replace(letter, thread_id=self._thread_of(before, letter))
        if letter.kind is None or letter.reply_to is not None:
            return letter
        return replace(letter, thread_id=laid.get((letter.chat_id, route_of(letter.kind)), letter.thread_id))

    def _thread_of(self, followed: int, letter: Letter) -> int | None:
        """Telegram takes no answer in another topic than what it answers."""
        row = self._db.conn.execute("SELECT chat_id, thread_id FROM outbox WHERE id = ?", [followed]).fetchone()
        return letter.thread_id if row is None or row[0] != letter.chat_id else row[1]
