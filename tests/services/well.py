"""The vitals of a bot that is well, for tests to change."""

from datetime import UTC, datetime, timedelta

from chatbot.core.feed import Channel, Stream
from chatbot.core.market import Venue
from chatbot.core.notices import Lane
from chatbot.core.orders import TicketState
from chatbot.services.vitals import StreamVitals, Vitals
from chatbot.store.tally import Tally

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPOT = StreamVitals(
    stream=Stream(venue=Venue.SPOT, channel=Channel.PUBLIC),
    down_for=None,
    silence=timedelta(seconds=1),
    missing=timedelta(0),
    reconnects=0,
    garbage=0,
)
WELL = Vitals(
    read_at=NOON,
    started_at=NOON - timedelta(hours=1),
    begun=True,
    finding_out=False,
    telegram_silence=timedelta(seconds=50),
    streams=(SPOT,),
    clock_offset=timedelta(seconds=-0.25),
    clock_age=timedelta(minutes=5),
    tally=Tally(letters=dict.fromkeys(Lane, 0), letters_since=None, updates=0, updates_since=None, firings=3),
    undelivered=0,
    alerts=2,
    tickets={TicketState.OPEN: 1},
    unknown_age=None,
    killed=False,
    held=False,
    key_age=None,
    token_age=None,
    room=True,
    fenced=True,
    database_bytes=4096,
    free_bytes=10**9,
    backup_age=None,
)
