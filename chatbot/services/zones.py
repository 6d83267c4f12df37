"""Time zones by the names people give them."""

import difflib
from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from chatbot.core.errors import UsageError

EXAMPLE = "/settings zone Europe/Berlin"

_MOST_NEAREST = 3
_LIKENESS = 0.55


class UnknownZone(UsageError):
    """No zone is called so; `nearest` are the closest names, best first."""

    def __init__(self, word: str, nearest: tuple[str, ...]) -> None:
        visible = "".join(c for c in word if c.isprintable())[:40]
        super().__init__(f"I know no time zone “{visible}”.", example=EXAMPLE)
        self.nearest = nearest


class Zones:
    """The list is read from the system once somebody asks for a zone by name."""

    @cached_property
    def _names(self) -> dict[str, str]:
        """By their names in small letters, and by the city alone where that says which."""
        full = {name.casefold(): name for name in sorted(available_timezones())}
        cities: dict[str, list[str]] = {}
        for name in full.values():
            if "/" in name and not name.startswith(("Etc/", "US/", "SystemV/")):
                cities.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
        return {city: names[0] for city, names in cities.items() if len(names) == 1} | full

    def find(self, text: str) -> ZoneInfo:
        """`Europe/Berlin`, `berlin`, `new york`. Raises UnknownZone."""
        asked = "_".join(text.split()).casefold()
        name = self._names.get(asked)
        if name is None:
            close = difflib.get_close_matches(asked, self._names, 3 * _MOST_NEAREST, _LIKENESS)
            nearest = tuple(dict.fromkeys(self._names[each] for each in close))[:_MOST_NEAREST]
            raise UnknownZone(text, nearest)
        return ZoneInfo(name)
