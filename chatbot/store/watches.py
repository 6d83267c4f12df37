"""What living rules wait for, as the books in memory, the feed and the clock ask for it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from chatbot.core.alerts import AlertKind, AlertRule, Direction
from chatbot.core.market import Symbol, Venue
from chatbot.store.alert_rows import rules_where
from chatbot.store.database import Database
from chatbot.store.values import stamp

PAGE = 500
"""Rules read at once where there may be many: a few milliseconds."""

TO_CHANGE = 50
"""Rules read at once that are all to be changed then: as long."""

_ON_FEED = tuple(kind for kind in AlertKind if not kind.funding)
_ON_FUNDING = tuple(kind for kind in AlertKind if kind.funding)

_BEFORE_ALL = -(2**63)
"""No chat has so low a number."""

_LOOKS = "kind = 'move' AND state IN ('armed', 'cooling', 'waiting', 'paused', 'done')"
"""Written as the index of it is."""

# The plus keeps SQLite from looking through all living rules of these kinds.
_OVER = (
    "ended_at IS NULL AND until <= ? AND until NOT NULL AND +kind IN (SELECT value FROM json_each(?))"
    " ORDER BY until, id LIMIT ?"
)
_OVER_AND_READ = _OVER.replace(
    " ORDER BY", " AND until <= (SELECT a.until FROM audited a WHERE a.symbol = alerts.symbol) ORDER BY"
)

_DIRECTIONS = {d.value: d for d in Direction}


class Watches:
    def __init__(self, db: Database) -> None:
        self._db = db

    def price_watches(self) -> Iterator[tuple[Symbol, float, int, bool]]:
        """Symbol, level, rule id and rising (as 1 or 0) of all that wait for a price, by symbol and level.

        To be read to its end before anything is written.
        """
        return self._db.conn.execute(
            "SELECT symbol, watch, id, watch_rising FROM alerts WHERE kind = 'price' AND watch NOT NULL"
            " ORDER BY symbol, watch"
        )

    def move_watches(self) -> Iterator[tuple[Symbol, int, Direction, float, int, bool]]:
        """The same of moves, with the seconds of the window and the direction after the symbol, by these four."""
        rows = self._db.conn.execute(
            "SELECT symbol, window_seconds, direction, watch, id, watch_rising FROM alerts"
            " WHERE kind = 'move' AND watch NOT NULL ORDER BY symbol, window_seconds, direction, watch"
        )
        for symbol, seconds, direction, level, rule_id, rising in rows:
            yield Symbol(symbol), seconds, _DIRECTIONS[direction], level, rule_id, bool(rising)

    def windows(self) -> tuple[tuple[Symbol, timedelta], ...]:
        """Symbol and length of each window that rules on moves look into, living or to be woken again."""
        found = self._db.conn.execute(f"SELECT DISTINCT symbol, window_seconds FROM alerts WHERE {_LOOKS}")  # noqa: S608 - ours
        return tuple((Symbol(symbol), timedelta(seconds=seconds)) for symbol, seconds in found)

    def has_window(self, symbol: Symbol, window: timedelta) -> bool:
        """Whether it is one of `windows`."""
        found = self._db.conn.execute(
            f"SELECT 1 FROM alerts WHERE {_LOOKS} AND symbol = ? AND window_seconds = ? LIMIT 1",  # noqa: S608 - ours
            [symbol, int(window.total_seconds())],
        )
        return found.fetchone() is not None

    def watched_symbols(self) -> tuple[tuple[Symbol, Venue], ...]:
        """Those with living price or move rules."""
        return self._symbols(_ON_FEED)

    def is_watched(self, symbol: Symbol) -> bool:
        """Whether a living price or move rule is on it."""
        found = self._db.conn.execute(
            "SELECT 1 FROM alerts WHERE ended_at IS NULL AND kind IN ('price', 'move') AND symbol = ? LIMIT 1", [symbol]
        )
        return found.fetchone() is not None

    def funding_symbols(self) -> tuple[Symbol, ...]:
        return tuple(symbol for symbol, _ in self._symbols(_ON_FUNDING))

    def funding_rules(self, symbol: Symbol) -> Iterator[AlertRule]:
        """Its living rules on funding, read in pages: rules may be changed meanwhile."""
        return self._living(symbol, _ON_FUNDING)

    def on_symbol(self, symbol: Symbol) -> Iterator[AlertRule]:
        """The same of its price and move rules."""
        return self._living(symbol, _ON_FEED)

    def armed_again(self, symbol: Symbol) -> Iterator[AlertRule]:
        """The same of those on moves that waited until a tick armed them."""
        last = 0
        while page := rules_where(
            self._db,
            "kind = 'move' AND symbol = ? AND watch NOT NULL AND state = 'armed' AND eligible_at NOT NULL AND id > ?"
            f" ORDER BY id LIMIT {PAGE}",
            symbol,
            last,
        ):
            yield from page
            last = page[-1].id

    def _living(self, symbol: Symbol, kinds: Iterable[AlertKind]) -> Iterator[AlertRule]:
        for kind in kinds:
            last = (_BEFORE_ALL, 0)
            while page := rules_where(
                self._db,
                "ended_at IS NULL AND kind = ? AND symbol = ? AND (chat_id, id) > (?, ?)"
                f" ORDER BY chat_id, id LIMIT {PAGE}",
                kind.value,
                symbol,
                *last,
            ):
                yield from page
                last = page[-1].chat_id, page[-1].id

    def chats_of(self, venue: Venue) -> dict[int, int]:
        """The chats with price or move rules on this venue that may fire some day, and how many rules."""
        # A symbol is of one venue, and asked by symbol the index answers alone.
        symbols = [symbol for symbol, its in self.watched_symbols() if its is venue]
        found = self._db.conn.execute(
            "SELECT chat_id, count(*) FROM alerts WHERE ended_at IS NULL AND kind IN ('price', 'move')"
            " AND symbol IN (SELECT value FROM json_each(?)) GROUP BY chat_id",
            [json.dumps(symbols)],
        )
        counts = dict(found.fetchall())
        for chat_id, paused in self._paused(symbols):
            counts[chat_id] -= paused
        return {chat_id: count for chat_id, count in counts.items() if count}

    def due(self, now: datetime) -> tuple[AlertRule, ...]:
        """Cooling rules whose rest is over, at most a page of them, the longest rested first."""
        return rules_where(
            self._db, f"state = 'cooling' AND eligible_at <= ? ORDER BY eligible_at, id LIMIT {TO_CHANGE}", stamp(now)
        )

    def over(self, now: datetime, *, funding: bool) -> tuple[AlertRule, ...]:
        """Living rules whose time has passed: at most a page, the longest over first.

        Those on prices only once the candles of their time are read: what crossed before their end is still to be told.
        """
        return rules_where(
            self._db,
            _OVER if funding else _OVER_AND_READ,
            stamp(now),
            _names(_ON_FUNDING if funding else _ON_FEED),
            TO_CHANGE,
        )

    def _paused(self, symbols: Sequence[Symbol]) -> list[tuple[int, int]]:
        """The chats with paused price or move rules on these, and how many: few, and an index of their own."""
        found = self._db.conn.execute(
            "SELECT chat_id, count(*) FROM alerts WHERE state = 'paused' AND kind IN ('price', 'move')"
            " AND symbol IN (SELECT value FROM json_each(?)) GROUP BY chat_id",
            [json.dumps(symbols)],
        )
        return found.fetchall()

    def _symbols(self, kinds: Iterable[AlertKind]) -> tuple[tuple[Symbol, Venue], ...]:
        """Those with living rules of these kinds: one step in the index for each, however many rules it has."""
        found = self._db.conn.execute(
            "WITH RECURSIVE each_one (kind, symbol) AS ("
            " SELECT value, (SELECT min(symbol) FROM alerts WHERE ended_at IS NULL AND kind = value) FROM json_each(?)"
            " UNION ALL SELECT kind, (SELECT min(symbol) FROM alerts WHERE ended_at IS NULL"
            " AND kind = each_one.kind AND symbol > each_one.symbol) FROM each_one WHERE symbol NOT NULL)"
            " SELECT DISTINCT symbol, (SELECT venue FROM alerts WHERE ended_at IS NULL"
            " AND kind = each_one.kind AND symbol = each_one.symbol) FROM each_one WHERE symbol NOT NULL ORDER BY 1",
            [_names(kinds)],
        )
        return tuple((Symbol(symbol), Venue(venue)) for symbol, venue in found)


def _names(kinds: Iterable[AlertKind]) -> str:
    return json.dumps([kind.value for kind in kinds])
