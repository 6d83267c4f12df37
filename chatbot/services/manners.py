"""How a notice leaves, by what its reader set: asked when it leaves, not when it is written."""

from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from chatbot.core.mornings import believable, latest
from chatbot.core.notices import Letter
from chatbot.core.people import Person
from chatbot.core.preferences import Manner, Preferences
from chatbot.core.times import Now
from chatbot.store.store import Store


class Manners:
    """`zone` is the settings' one, of everybody who set none. A group has no night and no wishes of its own."""

    def __init__(self, *, store: Store, zone: ZoneInfo, now: Now) -> None:
        self._store = store
        self._preferences = store.preferences
        self._quiet = store.quiet
        self._zone = zone
        self._now = now

    def of(self, person_id: int) -> Preferences:
        return self._preferences.of(person_id)

    def change(self, person: Person, change: Callable[[Preferences], Preferences]) -> Preferences:
        """What they set. A digest whose hour is set comes the next time it is that hour, never at once."""
        with self._store.atomic():
            before = self._preferences.of(person.id)
            changed = self._preferences.change(person.id, change)
            if changed.digest_at is not None and _hour(changed) != _hour(before):
                known, now = self._store.digests.reader(person.id), self._now()
                moment = latest(changed.digest_at, now, changed.zone or self._zone)
                if known is not None and known.settled is not None and believable(known.settled, now):
                    moment = max(moment, known.settled)
                self._store.digests.settle(person.id, moment, person.name)
            return changed

    def zone_of(self, chat_id: int) -> ZoneInfo:
        """Of a person, or of the chat with them; a group's is that of the settings."""
        own = self.of(chat_id).zone if chat_id > 0 else None
        return self._zone if own is None else own

    def local(self, chat_id: int) -> datetime:
        """The time where its people are."""
        return self._now().astimezone(self.zone_of(chat_id))

    def slept(self, chat_id: int, moment: datetime) -> bool:
        """Whether it was within the quiet hours that its reader has now."""
        return self.of(chat_id).asleep(moment.astimezone(self.zone_of(chat_id)))

    def lay_aside(self, letter: Letter, manner: Manner) -> int:
        """With all that waits for the same reader and is of the same kind: it is in the same manner for all of it."""
        if letter.kind is None:
            return 0
        lay = self._quiet.hold if manner is Manner.HOLD else self._quiet.drop
        return lay(letter.chat_id, letter.kind)

    def manner(self, letter: Letter) -> Manner:
        """RING is as loud as it was written: answers and edits always are. A group has set nothing."""
        if letter.kind is None or letter.edits is not None:
            return Manner.RING
        return self.of(letter.chat_id).manner(letter.kind, self.local(letter.chat_id))


def _hour(preferences: Preferences) -> tuple[time | None, ZoneInfo | None, bool]:
    """When a digest comes, if one does. What else is set takes no digest away that is due already."""
    return preferences.digest_at, preferences.zone, preferences.reads_digest
