"""How far down the ladder to its liquidation each position was told of."""

from decimal import Decimal

from chatbot.core.liquidation import Holding
from chatbot.core.market import Symbol
from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import money, stamp

_LONG, _SHORT = "long", "short"


class Rungs:
    """Every write joins the open transaction."""

    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def all(self) -> dict[Holding, Decimal]:
        """The nearest rung told of each position that stands within the ladder."""
        rows = self._db.conn.execute("SELECT symbol, side, rung FROM rungs").fetchall()
        return {Holding(symbol=Symbol(symbol), long=side == _LONG): Decimal(rung) for symbol, side, rung in rows}

    def put(self, holding: Holding, rung: Decimal | None) -> None:
        """None: it stands outside, or is gone."""
        key = [holding.symbol, _LONG if holding.long else _SHORT]
        if rung is None:
            self._db.execute("DELETE FROM rungs WHERE symbol = ? AND side = ?", key)
            return
        self._db.execute(
            "INSERT OR REPLACE INTO rungs (symbol, side, rung, told_at) VALUES (?, ?, ?, ?)",
            [*key, money(rung), stamp(self._now())],
        )
