"""Up to when the candles of each symbol are read, and how far an answer proves it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chatbot.core.market import Candle, Symbol
from chatbot.core.replay import MINUTE
from chatbot.store.store import Store

PUBLISHED = timedelta(minutes=3)
"""A closed minute without a candle is one without a trade when it is so old: a candle may be published late."""


class Marks:
    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> dict[Symbol, datetime]:
        return self._store.alerts.audited_all()

    def proved(self, since: datetime, until: datetime, found: Sequence[Candle]) -> datetime:
        """Up to when all is read by an answer to the question from `since`; it may hold the minute after `until`.

        A candle proves that those before it are complete, and age that a silent minute is.
        """
        return min(max([since, until - PUBLISHED, *(candle.start + MINUTE for candle in found[-1:])]), until)
