"""What was heard of the market: candles looked at, stretches without prices, funding last seen.

It stands on the disk so that after a restart nothing is skipped, and nothing is said twice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.feed import Channel, Stream
from chatbot.core.funding import FundingSeen
from chatbot.core.market import Symbol, Venue
from chatbot.core.values import frozen
from chatbot.store.database import Database
from chatbot.store.values import maybe_decimal, maybe_moment, maybe_money, moment, money, seconds, stamp

_STREAMS = {s.name: s for s in (Stream(venue=v, channel=c) for v in Venue for c in Channel)}


@frozen
class Blind:
    """A stretch without prices. `told_at` is None until the people were told of it."""

    id: int
    stream: Stream
    since: datetime
    told_at: datetime | None


class FeedMarks:
    """Every write joins the open transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def audited(self, symbol: Symbol) -> datetime | None:
        """Up to when the closed candles of a symbol were looked at."""
        row = self._db.conn.execute("SELECT until FROM audited WHERE symbol = ?", [symbol]).fetchone()
        return None if row is None else moment(row[0])

    def audited_all(self) -> dict[Symbol, datetime]:
        marks = self._db.conn.execute("SELECT symbol, until FROM audited")
        return {Symbol(symbol): moment(until) for symbol, until in marks}

    def mark_audited(self, symbol: Symbol, venue: Venue, until: datetime) -> None:
        self._db.execute(
            "INSERT INTO audited (symbol, venue, until) VALUES (?, ?, ?)"
            " ON CONFLICT (symbol) DO UPDATE SET venue = excluded.venue, until = excluded.until",
            [symbol, venue.value, stamp(until)],
        )

    def mark_back(self, symbols: Iterable[Symbol], to: datetime) -> None:
        """What was looked at from then on counts as not looked at."""
        self._db.conn.executemany(
            "UPDATE audited SET until = ? WHERE symbol = ? AND until > ?", [(stamp(to), s, stamp(to)) for s in symbols]
        )

    def begin_blind(self, stream: Stream, since: datetime) -> Blind:
        """The stretch that stands, or a new one."""
        with self._db.atomic():
            self._db.execute(
                "INSERT INTO blind (stream, since) VALUES (?, ?) ON CONFLICT DO NOTHING", [stream.name, stamp(since)]
            )
            return next(b for b in self.standing_blind() if b.stream == stream)

    def tell_blind(self, blind: Blind, at: datetime) -> bool:
        """False when it was told before, or is over."""
        cursor = self._db.execute(
            "UPDATE blind SET told_at = ? WHERE id = ? AND told_at IS NULL AND ended_at IS NULL",
            [stamp(at), blind.id],
        )
        return cursor.rowcount == 1

    def end_blind(self, blind: Blind, at: datetime) -> bool:
        """False when it was over before."""
        cursor = self._db.execute(
            "UPDATE blind SET ended_at = ? WHERE id = ? AND ended_at IS NULL", [stamp(at), blind.id]
        )
        return cursor.rowcount == 1

    def standing_blind(self) -> tuple[Blind, ...]:
        """The stretches that are not over, the oldest first."""
        rows = self._db.query("SELECT * FROM blind WHERE ended_at IS NULL ORDER BY id")
        return tuple(
            Blind(
                id=r["id"],
                stream=_STREAMS[r["stream"]],
                since=moment(r["since"]),
                told_at=maybe_moment(r["told_at"]),
            )
            for r in rows
        )

    def seen_funding(self, symbol: Symbol) -> FundingSeen | None:
        row = next(self._db.query("SELECT * FROM funding_seen WHERE symbol = ?", [symbol]), None)
        if row is None:
            return None
        return FundingSeen(
            symbol=symbol,
            settles_at=moment(row["settles_at"]),
            rate=Decimal(row["rate"]),
            predicted=maybe_decimal(row["predicted"]),
            interval=timedelta(seconds=row["interval_seconds"]),
        )

    def see_funding(self, seen: Iterable[FundingSeen]) -> None:
        """Replaces what was known of each."""
        rows = [
            (s.symbol, stamp(s.settles_at), money(s.rate), maybe_money(s.predicted), seconds(s.interval)) for s in seen
        ]
        with self._db.atomic():
            self._db.conn.executemany(
                "INSERT INTO funding_seen (symbol, settles_at, rate, predicted, interval_seconds)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (symbol) DO UPDATE SET settles_at = excluded.settles_at,"
                " rate = excluded.rate, predicted = excluded.predicted, interval_seconds = excluded.interval_seconds",
                rows,
            )
