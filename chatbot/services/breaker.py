"""The rate breaker: more orders within a minute than anybody taps by hand stop all trading."""

from datetime import timedelta

from chatbot.core.stops import Stop
from chatbot.services.killswitch import KillSwitch
from chatbot.store.store import Store

MINUTE = timedelta(seconds=60)


class Breaker:
    """`most` orders may leave within any minute."""

    def __init__(self, *, store: Store, killswitch: KillSwitch, most: int) -> None:
        self._store = store
        self._killswitch = killswitch
        self._most = most

    def trip(self) -> Stop | None:
        """Joins the transaction in which one more order is about to be sent: that one must not be, where this kills."""
        if self._store.orders.submitted_since(self._store.now() - MINUTE) < self._most:
            return None
        return self._killswitch.halt(f"more than {self._most} orders in a minute")
