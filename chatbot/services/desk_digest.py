"""The desk's morning, for groups that asked for it: what was done since yesterday and how the bot is, no amounts."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from chatbot.core.market import Venue
from chatbot.core.mornings import latest
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.routes import Route
from chatbot.core.values import frozen
from chatbot.services.health import Checkup, Health
from chatbot.store.store import Store

HOUR = time(8)
"""In the zone of the settings: a group has none of its own."""

_DAY = timedelta(days=1)


@frozen
class DeskMorning:
    """`sent` and `filled` are orders of everybody's since the day before, `alerts` those armed in the group."""

    day: datetime
    sent: int
    filled: int
    alerts: int
    health: Health


class DeskDigests:
    def __init__(self, *, store: Store, checkup: Checkup, zone: ZoneInfo, word: Callable[[DeskMorning], str]) -> None:
        self._store = store
        self._checkup = checkup
        self._zone = zone
        self._word = word
        self._told: dict[int, datetime] = {}

    async def look(self) -> None:
        """Once a minute. Told once a morning to each group, also over a restart; mornings before it asked are not."""
        moment = latest(HOUR, self._store.now(), self._zone)
        for place in self._store.routes.places(Route.DIGEST):
            laid = self._store.routes.laid_at(place.chat_id, Route.DIGEST)
            if laid is None or laid >= moment or self._told.get(place.chat_id) == moment:
                continue
            text = self._word(await self._morning(place.chat_id, moment))
            letter = Letter(chat_id=place.chat_id, lane=Lane.REPORT, text=text, silent=True, kind=Kind.DIGEST)
            self._store.outbox.put(letter, f"desk digest {place.chat_id} {moment.isoformat()}")
            self._told[place.chat_id] = moment

    async def _morning(self, chat_id: int, moment: datetime) -> DeskMorning:
        since = moment - _DAY
        armed = sum(self._store.alerts.chats_of(venue).get(chat_id, 0) for venue in Venue)
        return DeskMorning(
            day=moment.astimezone(self._zone),
            sent=self._store.orders.submitted_since(since),
            filled=self._store.digests.filled(since),
            alerts=armed,
            health=await self._checkup.health(),
        )
