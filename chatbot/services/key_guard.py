"""Watches over the API keys: what KuCoin says of them decides whether an order may leave.

Looked at when the bot starts, every six hours, and soon after KuCoin refused the key for anything.
Only an answer changes anything: a KuCoin that is away neither stops orders nor lets them go on.
An account may be made a unified one while the bot runs: it is asked about together with the key.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import field, replace
from datetime import datetime, timedelta

from chatbot.core.account import AccountMode, KeyInfo
from chatbot.core.errors import BadCredentials, KucoinError, Refused
from chatbot.core.keys import Gravity, KeyNews, KeyRules, Keys, SeenKey, Topic, Verdict, judge
from chatbot.core.market import Venue
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.times import Now, steady_now
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.key_memory import KeyMemory
from chatbot.services.routing import tell_desk
from chatbot.store.store import Store

log = logging.getLogger(__name__)

EVERY = timedelta(hours=6)
AWAY = timedelta(minutes=1)
"""Until the next look while KuCoin is away, and while orders are held: an end of it should show soon."""

AWAKE = timedelta(seconds=5)
"""The same as long as no look was answered: until then no order leaves."""

PAUSE = timedelta(seconds=10)
"""Between looks for a call that was refused: a key without futures has some refused all day."""

_NOT_YET = "KuCoin was not yet asked about its key; it will be in a moment"
_HELD = "orders held by the key"
_UNIFIED = "this is a KuCoin unified account, and I trade through classic accounts only"
_CLASSIC = "switch the account back to classic on KuCoin, or use another one"
_CHECK = "chatbot check tells how to mend it"


@frozen
class GuardedKey:
    """A key of the settings: how people call it, the host that is asked as it, and the venues it signs for."""

    name: str
    asked: Venue
    venues: frozenset[Venue]


@frozen
class GuardRules:
    """`keys` are those that real orders are signed with, the spot key first. `token` is Telegram's, for its age."""

    keys: tuple[GuardedKey, ...]
    accept_transfer: bool
    owners: frozenset[int]
    token: str = field(repr=False)


@frozen
class Wording:
    news: Callable[[KeyNews], str]
    aged: Callable[[str, Verdict], str]


class KeyGuard:
    """`now` tells the age of a key, `steady` when to look again."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        store: Store,
        rules: GuardRules,
        wording: Wording,
        now: Now,
        steady: Now = steady_now,
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._rules = rules
        self._wording = wording
        self._memory = KeyMemory(store.facts, now)
        self._now = now
        self._steady = steady
        self._due = self._looked = steady()
        self._suspected = self._looked - PAUSE
        self._met = False
        self.unified = False
        """Whether the account was a unified one when KuCoin last said."""
        self.keys = Keys(held=_NOT_YET if rules.keys else "")
        self.seen_at: datetime | None = None

    def hold(self) -> None:
        """Raises Refused while no order may leave."""
        if self.keys.held:
            raise Refused(f"Orders are held: {self.keys.held}.")

    def hold_exits(self) -> None:
        """Raises Refused while orders that only close would not be this account's, as far as is known."""
        foreign = any(
            v.topic is Topic.ACCOUNT and v.gravity is Gravity.REFUSED for s in self.keys.seen for v in s.verdicts
        )
        if foreign or self.keys.held == _NOT_YET:
            self.hold()

    def suspect(self) -> None:
        """KuCoin refused the key for some call: it is looked at now, or soon after the last such look."""
        soon = max(self._steady(), self._suspected + PAUSE)
        if soon < self._due:
            self._due = self._suspected = soon

    async def meet(self) -> None:
        """The first look. Raises BadCredentials when KuCoin, or we, will not have one of the keys."""
        seen = await self._look()
        if seen is not None and seen.refused:
            self.keys = seen
            raise BadCredentials(f"{_sentence(seen.held)} What to do: {seen.mend}.")
        self._settle(seen)

    async def tick(self) -> None:
        """Called every second."""
        if self._steady() >= self._due:
            await self.look()

    async def look(self) -> None:
        self._settle(await self._look())

    async def _look(self) -> Keys | None:
        """None when KuCoin did not answer."""
        self._looked = self._steady()
        self._due = self._looked + (AWAY if self._met else AWAKE)  # also for a look that is cut off
        try:
            mode, infos = await asyncio.gather(self._mode(), self._infos())
            address = await self._address() if not all(info.ip_bound for info in infos) else ""
        except BadCredentials as error:
            return Keys(seen=self.keys.seen, held=str(error).rstrip("."), mend=_CHECK, refused=True)
        except KucoinError as error:
            log.warning("KuCoin could not be asked about the key: %s", error)
            return None
        self.unified = mode is AccountMode.UNIFIED if mode is not None else self.unified
        seen = self._judged(infos, address)
        if not self.unified:
            return seen
        return replace(seen, held=_joined(seen.held, _UNIFIED), mend=_joined(seen.mend, _CLASSIC))

    async def _infos(self) -> list[KeyInfo]:
        return await asyncio.gather(*(self._exchange.account.key_info(key.asked) for key in self._rules.keys))

    async def _mode(self) -> AccountMode | None:
        """Of interest where a key trades."""
        return await self._exchange.account.mode() if self._rules.keys else None

    async def _address(self) -> str:
        try:
            return await self._exchange.market.own_address()
        except KucoinError:
            return ""

    def _judged(self, infos: list[KeyInfo], address: str) -> Keys:
        uid = self._memory.uid or (infos[0].uid if infos else "")
        seen = []
        for key, info in zip(self._rules.keys, infos, strict=True):
            rules = KeyRules(venues=key.venues, accept_transfer=self._rules.accept_transfer, uid=uid, address=address)
            seen.append(SeenKey(name=key.name, info=info, verdicts=judge(info, rules, self._now())))
        grave = [(s.name, v) for s in seen for v in s.verdicts if v.gravity >= Gravity.READ_ONLY]
        return Keys(
            seen=tuple(seen),
            held=_joined(*(f"the {name} {verdict.words}" for name, verdict in grave)),
            mend=_joined(*(verdict.mend for _, verdict in grave)),
            refused=any(verdict.gravity is Gravity.REFUSED for _, verdict in grave),
        )

    def _settle(self, seen: Keys | None) -> None:
        """From now on orders are held, or not; then it is written down and told."""
        if seen is None:
            return
        self.keys, self.seen_at, self._met = seen, self._now(), True
        self._due = self._looked + (AWAY if seen.held else EVERY)
        with self._store.atomic():
            self._memory.pin(seen)
            if news := self._again(seen, self._memory.news(seen)):
                self._tell(self._wording.news(news), Lane.ANSWER if news.urgent else Lane.REPORT)
            for name, verdict in self._memory.reminders(seen, self._rules.token):
                self._tell(self._wording.aged(name, verdict), Lane.REPORT)

    def _again(self, seen: Keys, news: KeyNews) -> KeyNews:
        """That orders are held is told again while they are, and at the end for how long they were."""
        complaints = self._store.complaints
        if not seen.held:
            span = complaints.over(_HELD)
            return replace(news, held_for=span) if news.free else news
        again = complaints.due(_HELD, self._now()) is not None
        return replace(news, held=seen.held, mend=seen.mend) if again else news

    def _tell(self, text: str, lane: Lane) -> None:
        letter = Letter(chat_id=0, lane=lane, text=text, silent=lane is Lane.REPORT, kind=Kind.SYSTEM)
        tell_desk(self._store, self._rules.owners, letter)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
