"""Says when KuCoin does not answer at all, ever more rarely while it does not, and for how long it was away."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from chatbot.core.errors import KucoinError, RateLimited
from chatbot.core.market import Venue
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.routing import tell_desk
from chatbot.store.store import Store

TOLD_AFTER = timedelta(minutes=3)
"""Away for less is no word worth: whoever asks meanwhile is told anyway."""

_NAME = "KuCoin does not answer"


@frozen
class AbsenceWording:
    away: Callable[[datetime], str]
    back: Callable[[timedelta], str]


class Absence:
    def __init__(
        self, *, exchange: Exchange, store: Store, owners: Collection[int], wording: AbsenceWording, now: Now
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._owners = sorted(owners)
        self._wording = wording
        self._now = now
        self._since: datetime | None = None

    async def look(self) -> None:
        """Once a minute. What refuses answers."""
        asked_at = self._now()
        try:
            await self._exchange.market.service(Venue.SPOT)
        except RateLimited:
            return
        except KucoinError:
            self._since = self._since or asked_at
            self._tell_away(self._since)
        else:
            self._since = None
            self._tell_back()

    def _tell_away(self, since: datetime) -> None:
        complaints = self._store.complaints
        with self._store.atomic():
            known = complaints.standing(_NAME)
            if known is None and self._now() - since < TOLD_AFTER:
                return
            told = complaints.due(_NAME, since)
            if told is not None:
                self._tell(self._wording.away(told.since))

    def _tell_back(self) -> None:
        with self._store.atomic():
            span = self._store.complaints.over(_NAME)
            if span is not None:
                self._tell(self._wording.back(span))

    def _tell(self, text: str) -> None:
        tell_desk(self._store, self._owners, Letter(chat_id=0, lane=Lane.REPORT, text=text, kind=Kind.SYSTEM))
