"""How often one trouble is told while it stands: at once, then after ever longer, then no more than daily."""

from datetime import datetime, timedelta

from chatbot.core.values import frozen

AGAIN, LONGEST = timedelta(minutes=15), timedelta(days=1)
"""Between the first telling and the second, doubled from there on; and the most it grows to."""

_DOUBLINGS = 10


@frozen
class Complaint:
    """A trouble that stands since `since`, and was told `times`, the last time at `told_at`."""

    since: datetime
    told_at: datetime
    times: int

    @property
    def pause(self) -> timedelta:
        """Until it is told again."""
        return min(AGAIN * (1 << min(self.times - 1, _DOUBLINGS)), LONGEST)


def told(known: Complaint | None, since: datetime, now: datetime) -> Complaint | None:
    """The complaint once it is told now; None when it is too soon. `known` None: nobody has heard of it yet."""
    if known is None:
        return Complaint(since=since, told_at=now, times=1)
    # Told in the future, by a clock that was set back: nobody waits for it to come round again.
    if -AGAIN <= now - known.told_at < known.pause:
        return None
    return Complaint(since=known.since, told_at=now, times=known.times + 1)
