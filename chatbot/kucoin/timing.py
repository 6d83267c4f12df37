"""By which clock connections are judged, and how long is waited between them."""

import asyncio
from collections.abc import Callable, Iterator

from chatbot.core.times import Sleep, waking_seconds
from chatbot.core.values import frozen
from chatbot.kucoin.pools import Chance, any_chance, backoff

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


@frozen
class Timing:
    """`seconds` is what connections are judged by; `open_timeout` is left to the network's own clock."""

    sleep: Sleep = asyncio.sleep
    chance: Chance = any_chance
    seconds: Callable[[], float] = waking_seconds
    open_timeout: float = 10.0

    def pauses(self) -> Iterator[float]:
        """Between one connection and the next."""
        return backoff(self.chance, first=_FIRST_PAUSE, most=_LONGEST_PAUSE)

    async def wait(self, span: float, bell: asyncio.Event, task: asyncio.Task[None]) -> None:
        """Until the span is over, the bell rings or the task is done."""
        pauses = [asyncio.ensure_future(self.sleep(max(span, 0))), asyncio.create_task(bell.wait())]
        try:
            await asyncio.wait([*pauses, task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pause in pauses:
                pause.cancel()
