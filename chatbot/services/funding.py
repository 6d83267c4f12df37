"""Funding on the clock: one request for all contracts, and what it means to the rules about them."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from chatbot.core.alerts import AlertRule, AlertState, Source, ended, fired
from chatbot.core.errors import KucoinError
from chatbot.core.feed import PredictedRate
from chatbot.core.funding import FundingSeen, noted
from chatbot.core.funding_alerts import (
    FRESH,
    IN_HISTORY,
    FundingView,
    completed,
    firing,
    lagging,
    occasions,
    on_the_minute,
    ready,
    settled,
    settling,
)
from chatbot.core.market import Contract, FundingRate, Symbol
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.times import Now
from chatbot.services.exchange import Exchange
from chatbot.services.firing import Change, Teller
from chatbot.services.funding_history import PastSettlements
from chatbot.services.funding_payments import FundingWording, Payments
from chatbot.services.listings import whole
from chatbot.services.turns import gathered, give_way, parts
from chatbot.store.store import Store
from chatbot.store.watches import PAGE

log = logging.getLogger(__name__)

BLINK = timedelta(minutes=5)
"""Not looking for longer than this, a settlement can have passed unseen."""

REACH = timedelta(days=7)
"""How far back settlements that passed unseen are still told."""

AT_ONCE = 25
"""Rules judged and stored before others have their turns: some milliseconds."""


class FundingWatch:
    """`scan` it each minute, and hand it the feed's predicted rates.

    `gone` is told once of each rule whose contract is no longer listed, within the transaction that ends it.
    """

    def __init__(
        self,
        *,
        exchange: Exchange,
        store: Store,
        teller: Teller,
        gone: Callable[[AlertRule], object],
        wording: FundingWording,
        now: Now,
    ) -> None:
        self._wording = wording
        self._exchange = exchange
        self._store = store
        self._teller = teller
        self._gone = gone
        self._now = now
        self._heard: dict[Symbol, PredictedRate] = {}
        self._latest: dict[Symbol, Contract] = {}
        self._looked: dict[Symbol, datetime] = {}
        self._past = PastSettlements(exchange.market, self._tell_lost, now)
        self._payments = Payments(exchange.account, self._tell_unknown)
        self._absent: set[Symbol] = set()
        self._longest = 0
        self._away = False
        self._busy = asyncio.Lock()

    def hear(self, news: PredictedRate) -> None:
        """Stands in where the list of contracts has no predicted rate."""
        last = self._heard.get(news.symbol)
        if last is None or last.at <= news.at:
            self._heard[news.symbol] = news

    def latest(self, symbol: Symbol) -> Contract | None:
        """As a scan last read it, however old; None for one without rules then."""
        return self._latest.get(symbol)

    async def scan(self) -> None:
        """One look at all contracts with rules; none at all when there are no rules. Raises nothing of KuCoin's."""
        async with self._busy:
            symbols = self._store.alerts.funding_symbols()
            if not symbols:
                return
            try:
                contracts = await self._exchange.market.contracts()
            except KucoinError as error:
                await self._without_contracts(symbols, error)
                return
            if self._away:
                log.info("funding alerts go on, contracts can be read again")
            self._away = False
            await self._scan(symbols, {contract.symbol: contract for contract in contracts})

    async def _scan(self, symbols: Sequence[Symbol], listed: Mapping[Symbol, Contract]) -> None:
        self._forget()
        self._longest = max(self._longest, len(listed))
        kept = []
        for symbol in sorted(symbols, key=self._past.rank):
            if symbol in listed:
                self._absent.discard(symbol)
                self._latest[symbol] = listed[symbol]
                kept.append(await self._look(listed[symbol]))
            elif whole(len(listed), self._longest):
                await self._miss(symbol)
            await give_way()
        # Last of all: whoever stops before this line does it all again, and no rule fires twice for one occasion.
        self._keep([seen for seen in kept if seen is not None])
        await self._end_overdue()

    async def _without_contracts(self, symbols: Sequence[Symbol], error: KucoinError) -> None:
        if not self._away:
            log.warning("funding alerts wait, no contracts: %s", error)
        self._away = True
        for symbol in symbols:
            contract = self._latest.get(symbol)
            if contract is not None and contract.funding is not None:
                self._payments.warn(await self._rules(symbol), on_the_minute(contract.funding), self._now())

    async def _end_overdue(self) -> None:
        """Only now: a settlement that passed unseen before their end has been judged."""
        while rules := self._store.alerts.over(self._now(), funding=True):
            with self._store.atomic():
                for rule in rules:
                    self._store.alerts.change(rule, ended(rule, AlertState.ENDED))
            await give_way()

    def _forget(self) -> None:
        """What earlier scans kept in memory and this one has no use for."""
        now = self._now()
        self._past.begin()
        self._payments.begin()
        self._heard = {symbol: news for symbol, news in self._heard.items() if now - news.at <= FRESH}

    async def _look(self, contract: Contract) -> FundingSeen | None:
        """What is to be kept of it; None when nothing is, so that the next look does more."""
        if contract.funding is None:
            return None
        symbol, at, rate = contract.symbol, contract.time, on_the_minute(contract.funding)
        if settling(rate, at):
            return None
        seen, owed = self._store.alerts.seen_funding(symbol), False
        since = await self._unseen_since(seen, rate, at)
        if since is not None:
            rows = await self._past.read(symbol, since, at)
            passed = [settled(row, rate if seen is None else seen) for row in rows or ()]
            owed = rows is None or lagging(passed, rate, since, at)
            seen = seen if owed else await self._replay(passed, seen)
        rate = completed(rate, self._heard.get(symbol), at)
        rules = await self._rules(symbol)
        position = await self._payments.position(rules, rate, at)
        view = FundingView(rate=rate, seen=None if owed else seen, position=position, at=at)
        await self._judge(rules, view, Source.POLL)
        return None if owed else noted(rate, seen)

    def _keep(self, seen: Sequence[FundingSeen]) -> None:
        self._store.alerts.see_funding(seen)
        self._past.done(each.symbol for each in seen)
        self._looked |= dict.fromkeys((each.symbol for each in seen), self._now())

    async def _unseen_since(self, seen: FundingSeen | None, rate: FundingRate, at: datetime) -> datetime | None:
        """From when on settlements may have passed that a rule has not been judged by; None when there are none."""
        known = seen is not None and seen.settles_at >= rate.next_at
        rules = [] if known else await self._rules_with_history(rate.symbol)
        if not rules:
            return None
        looked = self._looked.get(rate.symbol)
        if looked is not None and self._now() - looked <= BLINK and all(rule.armed_at <= looked for rule in rules):
            return None
        since = seen.settles_at if seen is not None else min(rule.created_at for rule in rules)
        if seen is None and since > rate.next_at - rate.interval:
            return None
        return max(since, at - REACH)

    async def _replay(self, passed: Sequence[FundingRate], seen: FundingSeen | None) -> FundingSeen | None:
        """Tells as late what rules would have fired for. What is known of before, after all of them."""
        rules = await self._rules_with_history(passed[0].symbol) if passed else []
        for look in passed:
            rules = await self._judge(rules, FundingView(rate=look, seen=seen, at=look.next_at), Source.HISTORY)
            seen = noted(look, seen)
        return seen

    async def _rules_with_history(self, symbol: Symbol) -> list[AlertRule]:
        return [rule for rule in await self._rules(symbol) if rule.question.kind in IN_HISTORY]

    async def _rules(self, symbol: Symbol) -> list[AlertRule]:
        return await gathered(self._store.alerts.funding_rules(symbol), PAGE)

    async def _judge(self, rules: Sequence[AlertRule], view: FundingView, source: Source) -> list[AlertRule]:
        """Tells what they fire for. The rules as they are afterwards."""
        after: list[AlertRule] = []
        async for some in parts(rules, AT_ONCE):
            with self._store.atomic():
                after += [self._judge_one(rule, view, source) for rule in some]
        return after

    def _judge_one(self, rule: AlertRule, view: FundingView, source: Source) -> AlertRule:
        at = view.at if source is Source.HISTORY else self._now()
        due = ready(rule, at)
        if due is None:
            return rule
        for occasion in occasions(due, view):
            record = firing(due, occasion, source=source, at=at, told_at=self._now())
            change = Change(old=rule, new=fired(due, at), firing=record)
            if self._teller.tell([change]) == [True]:
                return change.new
        if due is not rule:
            self._teller.tell([Change(old=rule, new=due)])
        return due

    async def _miss(self, symbol: Symbol) -> None:
        """Once may be a slip of the exchange's."""
        if symbol not in self._absent:
            self._absent.add(symbol)
            return
        async for some in parts(await self._rules(symbol), AT_ONCE):
            with self._store.atomic():
                for rule in some:
                    over = ended(rule, AlertState.GONE)
                    if self._store.alerts.change(rule, over):
                        self._gone(over)

    def _tell_lost(self, symbol: Symbol, since: datetime) -> None:
        rules = (r for r in self._store.alerts.funding_rules(symbol) if r.question.kind in IN_HISTORY)
        text = self._wording.lost(symbol, self._now() - since)
        self._put({rule.chat_id for rule in rules}, text, f"lost {symbol} {since.isoformat()}")

    def _tell_unknown(self, rules: Sequence[AlertRule], rate: FundingRate) -> None:
        text = self._wording.unforeseen(rate.symbol, rate.next_at - self._now())
        self._put({rule.chat_id for rule in rules}, text, f"unknown {rate.symbol} {rate.next_at.isoformat()}")

    def _put(self, chats: Iterable[int], text: str, name: str) -> None:
        """Once for each of them."""
        with self._store.atomic():
            for chat in sorted(chats):
                letter = Letter(chat_id=chat, lane=Lane.ALERT, text=text, kind=Kind.FUNDING)
                self._store.outbox.put(letter, f"{name} {chat}")
