import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.orders import OrderTicket
from chatbot.store.database import open_database
from chatbot.store.schema import VERSION, migrations
from chatbot.store.store import Store

_MONEY = (
    "notional", "shown_price", "about_size", "about_funds", "about_fee", "free_after", "budget_after",
    "filled_size", "filled_funds", "fee",
)  # fmt: skip
_MAYBE_MONEY = ("size", "funds", "price")


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
