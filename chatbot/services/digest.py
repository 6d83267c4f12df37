"""The daily digest: when it is owed, what it tells, and what becomes of notices that were held for it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.digests import Digest, Paid, Under, Wellness
from chatbot.core.errors import KucoinError, Refused
from chatbot.core.modes import TradingMode
from chatbot.core.mornings import LATE, believable, due, held_leaves, latest
from chatbot.core.notices import Buttons, Lane, Letter
from chatbot.core.people import Person, Role
from chatbot.core.preferences import Kind, Preferences
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.alerts import Alerts
from chatbot.services.amounts import Reading
from chatbot.services.health import Checkup, Health
from chatbot.services.manners import Manners
from chatbot.services.portfolio import Portfolio
from chatbot.services.yesterday import Yesterday
from chatbot.store.store import Store

log = logging.getLogger(__name__)

PATIENCE = 25.0
"""Seconds that KuCoin has to say what the account is worth; the digest comes with or without."""

KEPT = timedelta(days=30)
"""How long a digest's buttons work."""

_DAY = timedelta(days=1)
_UNKNOWN = Paid(funding=None, fees=None)


@frozen
class Sources:
    portfolio: Portfolio
    yesterday: Yesterday
    alerts: Alerts
    checkup: Checkup
    reading: Reading


@frozen
class DigestWording:
    """`text` is given whether amounts are hidden."""

    text: Callable[[Digest, bool], str]
    buttons: Callable[[Under], Buttons]


@frozen
class Readers:
    """Who reads digests: None for who is on no list any more."""

    role_of: Callable[[int], Role | None]
    manners: Manners


class Digests:
    def __init__(
        self,
        *,
        store: Store,
        sources: Sources,
        readers: Readers,
        mode: TradingMode,
        wording: DigestWording,
        now: Now,
    ) -> None:
        self._store = store
        self._sources = sources
        self._manners = readers.manners
        self._role_of = readers.role_of
        self._mode = mode
        self._wording = wording
        self._now = now

    async def look(self) -> None:
        """Every few seconds: the digests that are owed, and then what was held and no digest is to tell of."""
        self._store.quiet.settle()
        for person_id in self._store.preferences.digesting():
            if self._role_of(person_id) is not None:
                await self._tell_if_due(person_id)
        self._release()

    async def asked(self, person: Person) -> Letter:
        """The digest of now, as it would be told. What is held stays for the one that comes by itself."""
        digest = await self._read(person.id, None)
        with self._store.atomic():
            digest = replace(digest, person=person.name, held=self._store.quiet.count(person.id))
            return self._written(person.id, digest)[1]

    def hide(self, digest_id: int, person: Person) -> tuple[str, Buttons]:
        """Hides amounts from this person's eyes, or shows them again: this digest's words, then, and its buttons.

        Raises Refused for one that is too old, or was told to somebody else.
        """
        told = self._store.digests.digest(digest_id)
        if told is None or told.person_id != person.id:
            raise Refused("This digest is too old for its buttons. /digest shows the one of now.")
        hides = self._manners.change(person, _turned).hides_amounts
        held = self._store.quiet.count(person.id, digest_id if told.came else None)
        under = Under(number=digest_id, hidden=hides, held=held, came=told.came)
        return told.hidden if hides else told.shown, self._wording.buttons(under)

    def _due(self, person_id: int) -> datetime | None:
        preferences, known = self._manners.of(person_id), self._store.digests.reader(person_id)
        if preferences.digest_at is None:
            return None
        zone, now = self._manners.zone_of(person_id), self._now()
        settled = None if known is None else known.settled
        if settled is None or not believable(settled, now):
            self._store.digests.settle(person_id, latest(preferences.digest_at, now, zone))
            return None
        return due(preferences.digest_at, settled, now, zone)

    async def _tell_if_due(self, person_id: int) -> None:
        moment = self._due(person_id)
        if moment is None or self._store.outbox.chats.closed(person_id):  # then it stays owed: they would find them all
            return
        # Told already, where the clock was far ahead or back in between.
        if self._store.digests.told(person_id, moment) or not self._manners.of(person_id).reads_digest:
            self._store.digests.settle(person_id, moment)
            return
        digest = await self._read(person_id, moment)
        with self._store.atomic():
            if self._due(person_id) != moment:  # they changed their mind while it was read
                return
            digest = replace(digest, held=self._store.quiet.count(person_id))
            number, letter = self._written(person_id, digest)
            self._store.digests.settle(person_id, moment)
            self._store.quiet.told_by(number, self._store.outbox.put(letter))

    def _written(self, person_id: int, digest: Digest) -> tuple[int, Letter]:
        """Its number, too. Joins the open transaction."""
        digests, hidden = self._store.digests, self._manners.of(person_id).hides_amounts
        number = digests.begin(person_id, mode=self._mode.value, due_at=digest.due_at, equity=digest.equity)
        texts = {hides: self._wording.text(digest, hides) for hides in (False, True)}
        digests.word(number, texts[False], texts[True])
        digests.clean(self._now() - KEPT)
        under = Under(number=number, hidden=hidden, held=digest.held, came=digest.due_at is not None)
        buttons = self._wording.buttons(under)
        text = texts[hidden]
        return number, Letter(chat_id=person_id, lane=Lane.REPORT, text=text, buttons=buttons, kind=Kind.DIGEST)

    def _release(self) -> None:
        for chat_id in self._store.quiet.chats():
            if self._role_of(chat_id) is not None and self._due(chat_id) is not None:
                continue  # it fell due while others were read: the next look tells it
            if held_leaves(self._manners.of(chat_id), self._now(), self._manners.zone_of(chat_id)):
                self._store.quiet.release(chat_id)

    async def _read(self, person_id: int, due_at: datetime | None) -> Digest:
        """Without what changes until it is written: what is held. KuCoin may be away."""
        now, zone = self._now(), self._manners.zone_of(person_id)
        reader = self._store.digests.reader(person_id)
        before = self._store.digests.before(person_id, self._mode.value)
        equity, paid, health, amounts = await asyncio.gather(
            self._equity(),
            self._paid(now.astimezone(zone)),
            self._sources.checkup.health(),
            self._sources.reading.amounts(person_id),
        )
        role = self._role_of(person_id) or Role.VIEWER
        standings = self._sources.alerts.of(Person(id=person_id, name="", role=role))
        since = before.told_at if before is not None else now - _DAY
        late = None if due_at is None or now - due_at < LATE else now - due_at
        return Digest(
            person=reader.person if reader is not None else "",
            mode=self._mode,
            at=now.astimezone(zone),
            due_at=due_at,
            late=late,
            equity=equity,
            before=before.equity if before is not None else None,
            since=before.told_at if before is not None else None,
            amounts=amounts,
            yesterday=paid,
            held=0,
            filled=self._store.digests.filled(since),
            armed=len(standings),
            nearest=next((s for s in standings if s.distance is not None), None),
            wellness=_wellness(health),
        )

    async def _equity(self) -> Decimal | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return (await self._sources.portfolio.wealth()).total
        except (KucoinError, TimeoutError) as error:
            log.warning("what the account is worth is not known: %s", error)
            return None

    async def _paid(self, local: datetime) -> Paid:
        """Of the day before, in the person's zone."""
        today = local.replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._sources.yesterday.paid(today - _DAY, today)
        except TimeoutError:
            return _UNKNOWN


def _turned(preferences: Preferences) -> Preferences:
    return replace(preferences, hides_amounts=not preferences.hides_amounts)


def _wellness(health: Health) -> Wellness:
    return Wellness(
        feeds_down=tuple(feed.stream.name for feed in health.feeds if feed.down_since is not None),
        problem=health.kucoin if health.round_trip is None else "",
        held=health.keys.held,
        stopped_by=health.stop.person if health.stop is not None else "",
        unsent=health.waiting + health.undelivered,
    )
