"""Handlers of /chart and of the buttons under a picture."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import tzinfo

from chatbot.chat.easel import Easel
from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import charts as views
from chatbot.core.chart_picture import picture
from chatbot.core.charts import Timeframe
from chatbot.core.errors import UsageError
from chatbot.core.people import Person
from chatbot.services.charts import Charts
from chatbot.services.people import Watchlists

Busy = Callable[[int, int | None], Coroutine[None, None, None]]
"""Shows in a chat, or a topic of it, that a picture is on its way."""

_EXAMPLE = "/chart BTC 4h"
_TIMEFRAMES = {each.value: each for each in Timeframe}
_SPAN = re.compile(r"[0-9]+[a-zA-Z]", re.ASCII)


class ChartHandlers:
    """`easel` is None where nothing can be drawn; `zone` is that of a person or group by the chat's id."""

    def __init__(
        self, *, charts: Charts, easel: Easel | None, watchlists: Watchlists, zone: Callable[[int], tzinfo], busy: Busy
    ) -> None:
        self._charts = charts
        self._easel = easel
        self._watchlists = watchlists
        self._zone = zone
        self._busy = busy

    async def chart(self, message: Message) -> Reply:
        if self._easel is None:
            return Reply(text=views.MISSING)
        showing = asyncio.create_task(self._busy(message.chat_id, message.thread_id))
        try:
            return await self._draw(self._easel, message.person, message.text, message)
        finally:
            showing.cancel()  # what is still on its way by now would be shown after the answer

    async def chart_tap(self, tap: Tap) -> Reply:
        """Under a card of words: the picture is a message of its own."""
        if self._easel is None:
            return Reply(text=views.MISSING)
        return await self._draw(self._easel, tap.person, tap.argument, tap)

    async def rechart_tap(self, tap: Tap) -> Reply:
        """Under a picture, which is exchanged."""
        return replace(await self.chart_tap(tap), edit=True)

    async def _draw(self, easel: Easel, person: Person, text: str, place: Message | Tap) -> Reply:
        word, timeframe = _asked(text)
        if not word:
            watched = self._watchlists.of(person.id)
            if not watched:
                raise UsageError("The chart of what? /watch fills a list for next time.", example=_EXAMPLE)
            word = watched[0]
        drawn = await self._charts.of(word, timeframe, person.id, account=place.private)
        png = await easel.draw(picture(drawn.chart, self._zone(place.chat_id)))
        return views.chart(drawn, png, in_group=not place.private)


def _asked(text: str) -> tuple[str, Timeframe]:
    """The symbol's word, empty for none, and the timeframe, in either order. Raises UsageError."""
    words = text.split()
    spans = [word for word in words if _SPAN.fullmatch(word)]
    symbols = [word for word in words if word not in spans]
    if len(symbols) > 1 or len(spans) > 1:
        raise UsageError("One symbol and one timeframe at a time.", example=_EXAMPLE)
    return (symbols[0] if symbols else ""), (_timeframe(spans[0]) if spans else Timeframe.HOUR)


def _timeframe(word: str) -> Timeframe:
    """1H is an hour; 1M would be a month elsewhere, and is no minute."""
    found = _TIMEFRAMES.get(word if word.endswith("M") else word.lower())
    if found is None:
        raise UsageError(f"I draw {', '.join(_TIMEFRAMES)}.", example=_EXAMPLE)
    return found
