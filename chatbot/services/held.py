"""What was held for its reader, to be looked at page by page."""

from collections.abc import Sequence
from dataclasses import replace

from chatbot.core.notices import Letter, Subject
from chatbot.core.wishes import Told
from chatbot.services.alerts import Alerts
from chatbot.services.manners import Manners
from chatbot.store.store import Store


class HeldNotices:
    def __init__(self, *, store: Store, alerts: Alerts, manners: Manners) -> None:
        self._quiet = store.quiet
        self._alerts = alerts
        self._manners = manners

    def page(self, person_id: int, digest_id: int, page: int, size: int) -> tuple[Sequence[Letter | Told], int]:
        """Of what a digest told of, or with 0 of what is held now, oldest first; and how much there is of it."""
        by = digest_id or None
        letters = self._quiet.page(person_id, by, (page - 1) * size, size)
        return [self._told(letter) for letter in letters], self._quiet.count(person_id, by)

    def _told(self, letter: Letter) -> Letter | Told:
        if letter.subject is not Subject.ALERT:
            return letter
        try:
            return self._alerts.told(letter.subject_id, self._manners.zone_of(letter.chat_id))
        except LookupError:
            return replace(letter, text="an alert that is no longer kept")
