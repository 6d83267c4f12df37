"""What stands in the tables, counted without being read: for whoever watches the bot from outside."""

from datetime import datetime

from chatbot.core.notices import Lane
from chatbot.core.values import frozen
from chatbot.store.database import Database
from chatbot.store.values import maybe_moment


@frozen
class Tally:
    """`letters` wait to be sent and `updates` to be handled, the oldest of each since then.

    `firings` are all that ever were, those that were cleaned away included: the number never falls.
    """

    letters: dict[Lane, int]
    letters_since: datetime | None
    updates: int
    updates_since: datetime | None
    firings: int


def tally(db: Database) -> Tally:
    """Quick, however much was sent already: what waits has indexes of its own."""
    execute = db.conn.execute
    lanes = execute("SELECT lane, count(*), min(made_at) FROM outbox WHERE state = 'pending' GROUP BY lane").fetchall()
    updates, since = execute("SELECT count(*), min(received_at) FROM inbox WHERE state = 'pending'").fetchone()
    firings = execute("SELECT seq FROM sqlite_sequence WHERE name = 'firings'").fetchone()
    return Tally(
        letters=dict.fromkeys(Lane, 0) | {Lane(lane): count for lane, count, _ in lanes},
        letters_since=maybe_moment(min((made_at for _, _, made_at in lanes), default=None)),
        updates=updates,
        updates_since=maybe_moment(since),
        firings=0 if firings is None else firings[0],
    )
