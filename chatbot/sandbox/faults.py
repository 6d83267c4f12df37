"""What can go wrong with the exchange, switched on per test or from the chat page."""

from enum import Enum


class Fault(Enum):
    """Each value is what a person reads beside its switch."""

    LOST_ANSWER = "Orders are accepted, the answer never comes"
    LOST_REQUEST = "Orders vanish on the way, no answer comes"
    ERROR_AFTER_ACCEPT = "Orders are accepted, the answer is an error 500"
    HIDDEN_ORDERS = "Accepted orders cannot be looked up yet"
    RATE_LIMITED = "Every call is refused with 429000"
    UNAVAILABLE = "Every call is answered with a 503 page"
    SLOW = "Every answer drips in byte by byte"
    GARBAGE = "Every answer is a page of HTML with status 200"
    TRUNCATED = "Every answer breaks off in the middle"
    HUGE = "Every answer is eight megabytes long"
    MAINTENANCE = "Trading is closed for maintenance"
    CANCEL_ONLY = "Orders can only be cancelled"
    CANCEL_IGNORED = "Cancels are promised, and nothing is done"
    CLOCK_AHEAD = "The exchange's clock is two minutes ahead"
    FEED_DROP = "The feed is cut off, and nobody gets through to it"
    FEED_HALF_OPEN = "The feed stays connected, but nothing comes out of it"
    FEED_STALL = "The feed answers pings, but tells no news"
    FEED_GARBAGE = "The feed throws rubbish in among its news"
    FEED_REGRESS = "The feed repeats itself and its old prices"


class Faults:
    """Which faults are on. One object, shared by the exchange's face and the page's switch."""

    def __init__(self) -> None:
        self._on: set[Fault] = set()

    def __contains__(self, fault: Fault) -> bool:
        return fault in self._on

    def switch(self, fault: Fault, *, on: bool) -> None:
        if on:
            self._on.add(fault)
        else:
            self._on.discard(fault)

    def clear(self) -> None:
        self._on.clear()
