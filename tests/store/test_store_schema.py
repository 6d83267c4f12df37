import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.alerts import fired
from chatbot.core.funding import FundingSeen
from chatbot.core.market import Symbol
from chatbot.core.orders import OrderTicket
from chatbot.store.database import Database, open_database
from chatbot.store.schema import VERSION, migrations
from chatbot.store.store import Store
from tests.store.rules import MADE, asks, firing_of, price

_MONEY = (
    "notional", "shown_price", "about_size", "about_funds", "about_fee", "free_after", "budget_after",
    "filled_size", "filled_funds", "fee",
)  # fmt: skip
_MAYBE_MONEY = ("size", "funds", "price", "market", "slippage", "warned", "distance")
_ONE = Decimal(1)


def _set(store: Store, column: str, value: object) -> None:
    # `column` is one of the names above.
    store.db.conn.execute(f"UPDATE tickets SET {column} = ?", [value])  # noqa: S608


@pytest.mark.parametrize("column", _MONEY + _MAYBE_MONEY)
@pytest.mark.parametrize("value", [0.1, 1, b"0.1", "NaN", "Infinity", "", "1e5", "1,5", ".5", "about 5", "5 USDT"])
def test_a_money_column_takes_nothing_but_decimal_text(
    store: Store, propose: Callable[[], OrderTicket], column: str, value: object
) -> None:
    propose()
    with pytest.raises(sqlite3.IntegrityError):
        _set(store, column, value)


@pytest.mark.parametrize("column", _MONEY + _MAYBE_MONEY)
@pytest.mark.parametrize("text", ["0", "100", "0.0000000000000000000000001", "1234567890123456789012345.6789"])
def test_a_money_column_keeps_every_digit(
    store: Store, propose: Callable[[], OrderTicket], column: str, text: str
) -> None:
    propose()
    _set(store, column, text)
    row = next(store.db.query("SELECT * FROM tickets"))
    assert row[column] == text
    assert Decimal(row[column]) == Decimal(text)


@pytest.mark.parametrize("column", ["free_after", "budget_after"])
def test_what_would_be_left_may_be_less_than_nothing(
    store: Store, propose: Callable[[], OrderTicket], column: str
) -> None:
    propose()
    _set(store, column, "-0.5")


@pytest.mark.parametrize("column", _MONEY)
def test_money_that_every_ticket_has_cannot_be_missing(
    store: Store, propose: Callable[[], OrderTicket], column: str
) -> None:
    propose()
    with pytest.raises(sqlite3.IntegrityError):
        _set(store, column, None)


@pytest.mark.parametrize("column", ["person_id", "chat_id", "update_id"])
def test_an_id_is_a_number(store: Store, propose: Callable[[], OrderTicket], column: str) -> None:
    propose()
    with pytest.raises(sqlite3.IntegrityError):
        _set(store, column, "Anna")


def _with_an_alert(store: Store) -> None:
    rule, _ = store.alerts.add(asks(price()))
    assert store.alerts.fire(rule, fired(rule, MADE), firing_of(rule))
    store.alerts.see_funding(
        [
            FundingSeen(
                symbol=Symbol("XBTUSDTM"), settles_at=MADE, rate=_ONE, predicted=_ONE, interval=timedelta(hours=8)
            )
        ]
    )


_NUMBERS_OF_ALERTS = ("alerts.level", "firings.value", "funding_seen.rate", "funding_seen.predicted")


@pytest.mark.parametrize("name", _NUMBERS_OF_ALERTS)
@pytest.mark.parametrize("value", [0.1, 1, b"0.1", "NaN", "-Infinity", "", "1e5", "1,5", ".5"])
def test_levels_and_rates_are_decimal_text(store: Store, name: str, value: object) -> None:
    _with_an_alert(store)
    table, column = name.split(".")
    with pytest.raises(sqlite3.IntegrityError):
        store.db.conn.execute(f"UPDATE {table} SET {column} = ?", [value])  # noqa: S608
    for fine in ("-0.00000000000000000000000001", "123456789012345678901234567890"):
        store.db.conn.execute(f"UPDATE {table} SET {column} = ?", [fine])  # noqa: S608
        assert store.db.conn.execute(f"SELECT {column} FROM {table}").fetchall() == [(fine,)]  # noqa: S608


@pytest.mark.parametrize(
    "change", ["state = 'armed'", "ended_at = NULL", "state = 'waiting'", "state = 'cooling'", "watch = 9e999"]
)
def test_a_rule_is_either_alive_or_over(store: Store, change: str) -> None:
    _with_an_alert(store)
    with pytest.raises(sqlite3.IntegrityError):
        store.db.conn.execute(f"UPDATE alerts SET {change}")  # noqa: S608


def test_every_table_of_ours_is_strict(store: Store) -> None:
    loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'"
    assert [name for (name,) in store.db.conn.execute(loose)] == ["_sqlite_migrations"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET detail = 'nothing'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, at, person, what, detail) VALUES (1, 'now', 'Ben', 'noted', 'other')",
        "REPLACE INTO audit (id, at, person, what, detail) VALUES (1, 'now', 'Ben', 'noted', 'other')",
        "INSERT INTO audit (id, at, person, what, detail) VALUES (1, 'now', 'Ben', 'noted', 'other')"
        " ON CONFLICT (id) DO UPDATE SET detail = excluded.detail",
    ],
)
def test_what_stands_in_the_audit_stands(store: Store, statement: str) -> None:
    store.audit.record("Anna", "noted", "one")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.db.execute(statement)
    assert [record.detail for record in store.audit.latest(9)] == ["one"]


def test_a_step_belongs_to_a_ticket(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.db.execute("INSERT INTO journal (ticket_id, at, was, became, detail) VALUES (9, '', '', '', '')")


def _schema(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return rows


def test_migrating_again_changes_nothing(path: Path) -> None:
    db = open_database(path)
    db.execute("INSERT INTO watchlist (person_id, symbol) VALUES (7, 'BTC-USDT')")
    before = _schema(path)
    migrations.apply(db)
    db.close()
    again = open_database(path)
    assert _schema(path) == before
    assert again.conn.execute("SELECT symbol FROM watchlist").fetchall() == [("BTC-USDT",)]
    assert again.conn.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (VERSION,)
    again.close()


def test_the_version_is_written_with_the_tables(path: Path) -> None:
    db = open_database(path)
    assert db.conn.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert len(migrations.applied(db)) == VERSION
    db.close()


def test_a_migration_that_was_cut_short_is_made_at_the_next_start(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set, name, applied_at)")
    connection.close()
    db = open_database(path)
    assert db["tickets"].exists()
    db.close()


_OLD_ROWS = (
    "INSERT INTO watchlist (person_id, symbol) VALUES (7, 'BTC-USDT')",
    "INSERT INTO stops (at, person, chat_id) VALUES ('2026-03-01', 'Anna', 70)",
    "INSERT INTO inbox (update_id, received_at, body, state) VALUES (1, '2026-03-01', '{}', 'pending')",
    "INSERT INTO audit (at, person, what, detail) VALUES ('2026-03-01', 'Anna', 'killed', '')",
    "INSERT INTO outbox (key, lane, chat_id, text, buttons, subject_id, silent, protected, pinned, asks, hint, state,"
    " made_at) VALUES ('k', 1, 70, 'hello', '[]', 0, 0, 0, 0, '', '', 'pending', '2026-03-01')",
    "INSERT INTO tickets (update_id, client_oid, state, asked, person_id, person, chat_id, symbol, venue, side, type,"
    " size, notional, shown_price, about_size, about_funds, about_fee, free_after, budget_after, proposed_at,"
    " expires_at, filled_size, filled_funds, fee) VALUES (1, 'a', 'await', '/buy', 7, 'Anna', 70, 'BTC-USDT', 'spot',"
    " 'buy', 'limit', '0.10', '1', '1', '1', '1', '1', '-1', '1', '2026-03-01', '2026-03-02', '0', '0', '0')",
)
"""What stands in a database of the first version."""

_OLD_TABLES = ("watchlist", "stops", "inbox", "audit", "outbox", "tickets")


class _Mortal(Database):
    """Fails when no statement is `left` to it; below zero, never."""

    left = -1

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> sqlite3.Cursor:
        if self.left == 0:
            raise RuntimeError("stopped here")
        self.left -= 1
        return super().execute(sql, parameters)


@contextmanager
def _connected(path: Path, last_statement: int = -1) -> Iterator[_Mortal]:
    """As the program connects, but without migrating."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        db = _Mortal(connection, execute_plugins=False)
        db.left = last_statement
        yield db


@pytest.fixture
def first_version(path: Path) -> Path:
    """A database as the first version left it."""
    with _connected(path) as db:
        migrations.apply(db, stop_before="2_alerts")
        for statement in _OLD_ROWS:
            db.execute(statement)
    return path


_ADDED = {
    "audit": {"hash"},
    "outbox": {"kind", "wizard", "digest", "picture"},
    "stops": {"cause"},
    "tickets": {
        *("boot", "boot_expires", "missing_since", "market", "distance", "slippage", "awaits", "warned"),
        *("approver_id", "approver", "trigger_price", "in_force", "post_only"),
    },
}
"""Columns that the first version did not have."""


def _kept(path: Path) -> dict[str, list[dict[str, object]]]:
    """What stands in the columns that the first version had."""
    # The names are the ones above.
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in _OLD_TABLES}  # noqa: S608
    return {
        table: [{k: row[k] for k in row.keys() if k not in _ADDED.get(table, ())} for row in found]  # noqa: SIM118
        for table, found in rows.items()
    }


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_database_of_the_first_version_is_brought_up_with_its_rows(first_version: Path, tmp_path: Path) -> None:
    before = _kept(first_version)
    assert _version(first_version) == 1
    assert all(before.values())
    open_database(first_version).close()
    open_database(tmp_path / "new.db").close()
    assert _version(first_version) == VERSION
    assert _kept(first_version) == before
    assert _schema(first_version) == _schema(tmp_path / "new.db")


def test_a_migration_that_fails_at_any_statement_changes_nothing(first_version: Path) -> None:
    old, before = _schema(first_version), _kept(first_version)
    failed = 0
    for after in count():
        with _connected(first_version, last_statement=after) as db:
            try:
                migrations.apply(db)
            except RuntimeError:
                failed += 1
            else:
                break
        assert (_schema(first_version), _version(first_version)) == (old, 1)
    assert failed > 20
    assert _version(first_version) == VERSION
    assert _kept(first_version) == before


@pytest.mark.parametrize("cache_pages", [1, 2000])
def test_a_migration_killed_at_any_statement_is_done_or_was_never_begun(
    first_version: Path, tmp_path: Path, cache_pages: int
) -> None:
    """Of the files as they stand before each statement, which is what a kill there would leave."""
    old, before = _schema(first_version), _kept(first_version)
    images: list[Path] = []

    def take_image(_: str) -> None:
        image = tmp_path / f"killed at {len(images)}.db"
        for ending in ("", "-wal"):
            shutil.copy(f"{first_version}{ending}", f"{image}{ending}")
        images.append(image)

    with _connected(first_version) as db:
        # With a single page of cache what is not committed stands in the file as well.
        db.execute(f"PRAGMA cache_size = {cache_pages}")
        db.conn.set_trace_callback(take_image)
        migrations.apply(db)
        take_image("the end")
        db.conn.set_trace_callback(None)
        new = _schema(first_version)
    assert (images[-2].with_name(images[-2].name + "-wal").stat().st_size > 0) == (cache_pages == 1)
    assert [_version(image) for image in images] == [1] * (len(images) - 1) + [2]
    assert [_schema(image) for image in images] == [old] * (len(images) - 1) + [new]
    for image in images:
        open_database(image).close()
        assert (_version(image), _schema(image), _kept(image)) == (2, new, before)
