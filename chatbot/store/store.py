"""The whole store as one value: the tables' rooms over one open database."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from chatbot.core.times import Now, Uptime
from chatbot.core.values import frozen
from chatbot.store.alerts import CARDS_STAY, Alerts
from chatbot.store.audit import Audit
from chatbot.store.complaints import Complaints
from chatbot.store.database import Database, open_database
from chatbot.store.digests import Digests
from chatbot.store.elsewhere import Elsewhere
from chatbot.store.facts import Facts
from chatbot.store.fence import Fence
from chatbot.store.inbox import Inbox
from chatbot.store.mail import Outbox
from chatbot.store.orders import Orders
from chatbot.store.people import People
from chatbot.store.preferences import PreferencesRows
from chatbot.store.quiet import QuietLetters
from chatbot.store.reserve import Reserve
from chatbot.store.routes import Routes
from chatbot.store.rungs import Rungs
from chatbot.store.safety import Safety
from chatbot.store.stops import Stops
from chatbot.store.uptime import host_uptime
from chatbot.store.values import stamp
from chatbot.store.wizards import WizardRows


@frozen
class Store:
    path: Path
    db: Database
    now: Now
    uptime: Callable[[], Uptime]
    people: People
    preferences: PreferencesRows
    orders: Orders
    alerts: Alerts
    stops: Stops
    inbox: Inbox
    outbox: Outbox
    quiet: QuietLetters
    digests: Digests
    complaints: Complaints
    wizards: WizardRows
    audit: Audit
    facts: Facts
    rungs: Rungs
    routes: Routes
    elsewhere: Elsewhere
    safety: Safety

    @contextlib.contextmanager
    def atomic(self) -> Iterator[None]:
        """One transaction over all of them. Never await inside."""
        with self.db.atomic():
            yield

    def clean(self, keep: timedelta) -> None:
        """Forgets updates and messages that were done with longer ago; cards of tickets and kills stay.

        Firings go first, for their cards stay as long as they do.
        """
        before = stamp(self.now() - keep)
        with self.db.atomic():
            self.inbox.clean(before)
            self.alerts.clean(self.now() - max(keep, CARDS_STAY))
            self.outbox.clean(before)
            self.elsewhere.clean(self.now() - keep)

    def distrust(self) -> None:
        """Joins the open transaction. In a database put back to an earlier state, what waits may be done already."""
        self.db.execute(
            "UPDATE inbox SET state = 'dropped', ended_at = ?, body = '' WHERE state = 'pending'", [stamp(self.now())]
        )
        self.db.execute("UPDATE outbox SET repeat = 1 WHERE state = 'quiet'")
        self.doubt_letters()

    def doubt_letters(self) -> None:
        """Joins the open transaction. Whatever waits may have been sent already: it leaves marked as a repeat."""
        self.db.execute("UPDATE outbox SET repeat = 1 WHERE state IN ('pending', 'held', 'sending') AND edits IS NULL")

    def close(self) -> None:
        self.db.close()


def open_store(
    path: Path,
    now: Now,
    ring: Callable[[], None] = lambda: None,
    uptime: Callable[[], Uptime] = host_uptime,
    tell: Callable[[Exception], None] = lambda _: None,
) -> Store:
    """`ring` is called when a letter was put into the outbox, `tell` with what ends the database's use.

    Raises Damaged and StorageTrouble (see `database`).
    """
    reserve = Reserve(path.with_name(path.name + ".reserve"))
    db = open_database(path, reserve, tell)
    fence = Fence(path.with_name(path.name + ".fence"), db.conn, now)
    audit = Audit(db, now, fence.write)
    outbox = Outbox(db, now, ring)
    return Store(
        path=path,
        db=db,
        now=now,
        uptime=uptime,
        people=People(db, now),
        preferences=PreferencesRows(db),
        orders=Orders(db, audit, now),
        alerts=Alerts(db, now),
        stops=Stops(db, audit, now),
        inbox=Inbox(db, now),
        outbox=outbox,
        quiet=QuietLetters(db, outbox.chats),
        digests=Digests(db, now),
        complaints=Complaints(db, now),
        wizards=WizardRows(db),
        audit=audit,
        facts=Facts(db, now),
        rungs=Rungs(db, now),
        routes=outbox.routes,
        elsewhere=Elsewhere(db, now),
        safety=Safety(path, reserve, fence, tell),
    )
