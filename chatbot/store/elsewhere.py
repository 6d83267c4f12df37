"""Orders that somebody made elsewhere, in KuCoin's app say: which were seen resting, and which ends were told."""

from datetime import datetime

from chatbot.core.market import Symbol, Venue
from chatbot.core.orders import Order
from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import stamp


class Elsewhere:
    """Every write joins the open transaction."""

    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def resting(self) -> dict[str, tuple[Symbol, Venue]]:
        """Those that were seen and whose end was not, by their ids."""
        rows = self._db.conn.execute("SELECT order_id, symbol, venue FROM elsewhere WHERE ended = 0").fetchall()
        return {order_id: (Symbol(symbol), Venue(venue)) for order_id, symbol, venue in rows}

    def see(self, order: Order) -> None:
        """It rests, or rested a moment ago."""
        self._put(order, ended=False)

    def end(self, order: Order) -> bool:
        """False when its end stood here before."""
        return self._put(order, ended=True)

    def forget(self, order_id: str) -> None:
        """Nothing will ever be known of its end."""
        self._db.execute("DELETE FROM elsewhere WHERE order_id = ?", [order_id])

    def clean(self, before: datetime) -> None:
        """What ended, or was forgotten, earlier."""
        self._db.execute("DELETE FROM elsewhere WHERE ended = 1 AND at < ?", [stamp(before)])

    def _put(self, order: Order, *, ended: bool) -> bool:
        cursor = self._db.execute(
            "INSERT INTO elsewhere (order_id, symbol, venue, at, ended) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (order_id) DO UPDATE SET at = excluded.at, ended = excluded.ended"
            " WHERE elsewhere.ended < excluded.ended",
            [order.order_id, order.symbol, order.venue.value, stamp(self._now()), ended],
        )
        return cursor.rowcount == 1
