"""How the bot is, for machines: what can be known at once, and whether that is well.

No person, chat, symbol, order or amount is in it: whoever reads it need not be allowed to talk to the bot.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chatbot.core.feed import Stream
from chatbot.core.orders import TicketState
from chatbot.core.times import in_words
from chatbot.core.values import frozen
from chatbot.store.tally import Tally

SILENT_AFTER = timedelta(seconds=75)
"""A long poll ends after 50 seconds, and may take ten more."""

BLIND_AFTER = timedelta(seconds=45)
"""Prices missing for less are read from candles, and nobody is told."""


@frozen
class StreamVitals:
    """A stream that something is wanted of. `silence` is None before its first word, `down_for` while it is whole.

    `missing`: for how long its prices have come neither by it nor when asked for; None where it brings no prices.
    """

    stream: Stream
    down_for: timedelta | None
    silence: timedelta | None
    missing: timedelta | None
    reconnects: int
    garbage: int


@frozen
class Vitals:
    """Ages are spans until `read_at`; what is not known is None.

    `begun` is whether the start got as far as writing to the database, `finding_out` whether orders wait for what
    rests on KuCoin to be known. `telegram_silence` counts from the start until Telegram was heard first. `killed`
    and `held`, by the key, are the bot working as told. `room` is whether the reserve for a full disk is there,
    `fenced` whether the fence beside the database could be written. `tickets` are those whose order may be alive.
    """

    read_at: datetime
    started_at: datetime
    begun: bool
    finding_out: bool
    telegram_silence: timedelta
    streams: tuple[StreamVitals, ...]
    clock_offset: timedelta | None
    clock_age: timedelta | None
    tally: Tally
    undelivered: int
    alerts: int
    tickets: dict[TicketState, int]
    unknown_age: timedelta | None
    killed: bool
    held: bool
    key_age: timedelta | None
    token_age: timedelta | None
    room: bool
    fenced: bool
    database_bytes: int
    free_bytes: int | None
    backup_age: timedelta | None


def ailments(seen: Vitals) -> tuple[str, ...]:
    """A line for everything that is not well; none while the bot does what it is for."""
    if not seen.begun:
        return ("start: still under way",)
    return tuple(_ailments(seen))


def _ailments(seen: Vitals) -> Iterator[str]:
    if seen.telegram_silence > SILENT_AFTER:
        yield f"Telegram: not heard for {in_words(seen.telegram_silence)}"
    for each in seen.streams:
        if each.missing is not None and each.missing > BLIND_AFTER:
            name = f"feed {each.stream.venue.value} {each.stream.channel.value}"
            yield f"{name}: no prices for {in_words(each.missing)}"
    if not seen.room:
        yield "database: no room on the disk"
    if not seen.fenced:
        yield "database: the fence beside it cannot be written"
    if seen.finding_out:
        yield "start: still finding out what rests on KuCoin"
