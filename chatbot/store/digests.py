"""Digests that were told, whose turn it was, and what the account was worth at each."""

from datetime import datetime
from decimal import Decimal

from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.store.database import Database
from chatbot.store.values import maybe_decimal, maybe_money, maybe_stamp, moment, stamp


@frozen
class DigestReader:
    """`settled` is the moment of the last digest that is not owed any more: told, or from before it was asked for."""

    person: str
    settled: datetime | None


@frozen
class ToldDigest:
    """`shown` and `hidden` are its words with the amounts and without. `equity` is in USDT, None when not known.

    `came` by itself, not because somebody asked.
    """

    id: int
    person_id: int
    told_at: datetime
    equity: Decimal | None
    came: bool
    shown: str = ""
    hidden: str = ""


class Digests:
    """Every write joins the open transaction."""

    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def reader(self, person_id: int) -> DigestReader | None:
        row = next(self._db.query("SELECT * FROM digest_readers WHERE person_id = ?", [person_id]), None)
        if row is None:
            return None
        settled = row["settled"]
        return DigestReader(person=row["person"], settled=None if settled is None else moment(settled))

    def settle(self, person_id: int, moment_: datetime, person: str | None = None) -> None:
        """Up to this moment no digest is owed. `person` is what they are called, None for as before."""
        self._db.execute(
            "INSERT INTO digest_readers (person_id, person, settled) VALUES (?, ?, ?) ON CONFLICT (person_id)"
            " DO UPDATE SET settled = excluded.settled, person = ifnull(nullif(excluded.person, ''), person)",
            [person_id, person or "", stamp(moment_)],
        )

    def begin(self, person_id: int, *, mode: str, due_at: datetime | None, equity: Decimal | None) -> int:
        """A row for a digest, its words still missing; `due_at` None for one that was asked for. Returns its id."""
        cursor = self._db.execute(
            "INSERT INTO digests (person_id, mode, due_at, told_at, equity) VALUES (?, ?, ?, ?, ?)",
            [person_id, mode, maybe_stamp(due_at), stamp(self._now()), maybe_money(equity)],
        )
        return int(cursor.lastrowid or 0)

    def word(self, digest_id: int, shown: str, hidden: str) -> None:
        self._db.execute("UPDATE digests SET shown = ?, hidden = ? WHERE id = ?", [shown, hidden, digest_id])

    def digest(self, digest_id: int) -> ToldDigest | None:
        return self._one("id = ?", [digest_id])

    def told(self, person_id: int, due_at: datetime) -> bool:
        """Whether the digest of that moment was told, as far back as digests are kept."""
        return self._one("person_id = ? AND due_at = ?", [person_id, stamp(due_at)]) is not None

    def before(self, person_id: int, mode: str) -> ToldDigest | None:
        """The person's last one that came by itself and knew what the account was worth."""
        where = "person_id = ? AND mode = ? AND due_at NOTNULL AND equity NOTNULL ORDER BY id DESC LIMIT 1"
        return self._one(where, [person_id, mode])

    def clean(self, before: datetime) -> None:
        """Forgets older ones, but the last of each person: the next is compared with it."""
        self._db.execute(
            "DELETE FROM digests WHERE told_at < ? AND id NOT IN"
            " (SELECT max(id) FROM digests WHERE due_at NOTNULL AND equity NOTNULL GROUP BY person_id, mode)",
            [stamp(before)],
        )

    def filled(self, since: datetime) -> int:
        """Orders of ours that were filled since then."""
        where = "state = 'filled' AND ended_at >= ?"
        row = self._db.conn.execute(f"SELECT count(*) FROM tickets WHERE {where}", [stamp(since)]).fetchone()  # noqa: S608
        return int(row[0])

    def _one(self, where: str, values: list[int | str]) -> ToldDigest | None:
        row = next(self._db.query(f"SELECT * FROM digests WHERE {where}", values), None)  # noqa: S608 - ours
        if row is None:
            return None
        return ToldDigest(
            id=row["id"],
            person_id=row["person_id"],
            told_at=moment(row["told_at"]),
            equity=maybe_decimal(row["equity"]),
            came=row["due_at"] is not None,
            shown=row["shown"],
            hidden=row["hidden"],
        )
