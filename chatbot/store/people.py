"""What is remembered of people: watchlists, and strangers who knocked."""

from chatbot.core.market import Symbol
from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import stamp


class People:
    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def knocked(self, person_id: int, name: str) -> bool:
        """Counts a stranger's attempt. True the first time this person is seen at all."""
        self._db.execute(
            "INSERT INTO strangers (person_id, name, first_seen_at, knocks) VALUES (?, ?, ?, 1)"
            " ON CONFLICT (person_id) DO UPDATE SET knocks = knocks + 1",
            [person_id, name, stamp(self._now())],
        )
        row = next(self._db.query("SELECT knocks FROM strangers WHERE person_id = ?", [person_id]))
        return bool(row["knocks"] == 1)

    def strangers(self) -> int:
        row = next(self._db.query("SELECT count(*) AS n FROM strangers"))
        return int(row["n"])

    def watchlist(self, person_id: int) -> tuple[Symbol, ...]:
        """In the order they were added."""
        rows = self._db.query("SELECT symbol FROM watchlist WHERE person_id = ? ORDER BY id", [person_id])
        return tuple(Symbol(r["symbol"]) for r in rows)

    def all_watched(self) -> tuple[Symbol, ...]:
        """What is on anybody's list."""
        return tuple(Symbol(r["symbol"]) for r in self._db.query("SELECT DISTINCT symbol FROM watchlist"))

    def watch(self, person_id: int, symbol: Symbol) -> bool:
        """False when it was there already."""
        cursor = self._db.execute(
            "INSERT INTO watchlist (person_id, symbol) VALUES (?, ?) ON CONFLICT DO NOTHING", [person_id, symbol]
        )
        return cursor.rowcount == 1

    def unwatch(self, person_id: int, symbol: Symbol) -> bool:
        """False when it was not there."""
        cursor = self._db.execute("DELETE FROM watchlist WHERE person_id = ? AND symbol = ?", [person_id, symbol])
        return cursor.rowcount == 1
