"""What of the way to a liquidation was told stays over restarts, one row for each side of a contract."""

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.liquidation import Holding
from chatbot.core.market import Symbol
from chatbot.store.store import Store, open_store

LONG, SHORT = (Holding(symbol=Symbol("XBTUSDTM"), long=long) for long in (True, False))


def test_the_rung_of_each_side_is_kept(store: Store, path: Path) -> None:
    store.rungs.put(LONG, Decimal("0.15"))
    store.rungs.put(SHORT, Decimal("0.10"))
    store.rungs.put(LONG, Decimal("0.05"))
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM rungs").fetchone() == (2,)
    now = store.now
    store.close()
    again = open_store(path, now)
    assert again.rungs.all() == {LONG: Decimal("0.05"), SHORT: Decimal("0.10")}
    again.close()


def test_who_stands_outside_has_no_row(store: Store) -> None:
    store.rungs.put(LONG, Decimal("0.15"))
    store.rungs.put(LONG, None)
    store.rungs.put(SHORT, None)
    assert store.rungs.all() == {}


@pytest.mark.parametrize("value", [0.1, 1, "NaN", "", "1e5"])
def test_a_rung_is_decimal_text(store: Store, value: object) -> None:
    store.rungs.put(LONG, Decimal("0.15"))
    with pytest.raises(sqlite3.IntegrityError):
        store.db.conn.execute("UPDATE rungs SET rung = ?", [value])
