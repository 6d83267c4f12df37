"""The real services over a real store and the sandbox's KuCoin, all on one clock that a test drives."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, ParamSpec

from chatbot.chat import parsing, parsing_alerts
from chatbot.chat.views import gaps
from chatbot.core.alerts import AlertRule
from chatbot.core.errors import Refused
from chatbot.core.feed import Channel, Said, StreamState, Tick
from chatbot.core.limits import Limits
from chatbot.core.market import Symbol, Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import Draft, OrderTicket, OrderType, Side, TicketState
from chatbot.core.people import Person, Role
from chatbot.core.stops import Stop
from chatbot.core.times import Now, Uptime, to_millis
from chatbot.core.values import frozen
from chatbot.kucoin.account import Account
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.feed import Feed
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.pools import Pools
from chatbot.kucoin.rest import App, Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.kucoin.trips import Deadlines
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.exchange import Exchange as SandboxExchange
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.kucoin_answers import unavailable
from chatbot.sandbox.kucoin_rest import KucoinFace
from chatbot.sandbox.listing import Listing, load
from chatbot.sandbox.orders import ExchangeOrder, OrderRequest
from chatbot.sandbox.prices import SeededWalk
from chatbot.services.alerts import AlertAsking, Alerts
from chatbot.services.auditing import CandleAudit
from chatbot.services.blindness import Back, Blindness, Wording
from chatbot.services.breaker import Breaker
from chatbot.services.cancelling import Cancelling
from chatbot.services.exchange import Exchange
from chatbot.services.factors import Factors
from chatbot.services.firing import Teller
from chatbot.services.funding import FundingWatch
from chatbot.services.funding_payments import FundingWording
from chatbot.services.health import Checkup, Signs
from chatbot.services.killswitch import KillSwitch
from chatbot.services.lookout import Lookout
from chatbot.services.market import Markets
from chatbot.services.passing import Guards
from chatbot.services.people import Watchlists
from chatbot.services.portfolio import Portfolio
from chatbot.services.post import Ending, Post
from chatbot.services.reconcile import Reconciler
from chatbot.services.replaying import Replaying
from chatbot.services.sweeping import Pace
from chatbot.services.trading import Asking, Trading
from chatbot.services.watching import Watching, venue_of
from chatbot.services.wishing import Wishing
from chatbot.store.store import Store, open_store
from tests.sandbox.kucoin_caller import api_key
from tests.sandbox.worlds import BTC, PERP, Clock

ANNA = Person(id=7, name="Anna", role=Role.OWNER)
BEN = Person(id=8, name="Ben", role=Role.TRADER)

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

PLACE = "POST /spot/api/v1/hf/orders"
"""The line of an order's POST on the wire."""

PATIENT = Deadlines(read=20, cancel=20, order=20)
"""For a busy machine; only a lost answer ever takes as long."""

BRIEF = Deadlines(read=20, cancel=20, order=0.2)
"""For answers that never come."""

LIMITS = Limits(
    mode=TradingMode.LIVE,
    symbols=None,
    max_notional=Decimal(1000),
    daily_max=Decimal(5000),
    confirm=timedelta(seconds=60),
    max_drift=Decimal("0.5"),
)

LISTED = frozenset({"BTC-USDT", "ETH-USDT", "SOL-USDT", "ETH-BTC", "KCS-BTC", "ALPACA-USDT", "XBTUSDTM", "ETHUSDTM"})
"""A small market: reading all of the sandbox's would take most of a test's time."""

_POCKETS = (
    (Pocket.MAIN, "USDT", "500"),
    (Pocket.TRADE, "USDT", "10000"),
    (Pocket.TRADE, "BTC", "1"),
    (Pocket.FUTURES, "USDT", "5000"),
)

_BOOTED = datetime(2020, 1, 1, tzinfo=UTC)

P = ParamSpec("P")


def story(tell: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test written as a coroutine."""

    @functools.wraps(tell)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(tell(*args, **kwargs))

    return run


class Gate:
    """An answer held back: `reached` once KuCoin has given it, on its way again when `opened`."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()


class Wire:
    """The way to KuCoin. It knows every request by its line, `GET /spot/api/...`, and lets a test step in between."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.lines: list[str] = []
        self.signed: list[str] = []
        self.broken: set[str] = set()
        """Lines that KuCoin's front answers with a page of its own."""
        self.instead: dict[str, App] = {}
        """Who answers in place of KuCoin, where this stands in the question."""
        self._before: dict[str, Callable[[], object]] = {}
        self._after: dict[str, Callable[[], object]] = {}
        self._gates: dict[str, Gate] = {}

    def before(self, line: str, do: Callable[[], object]) -> None:
        """Once, when the next such request has left and KuCoin has not seen it yet."""
        self._before[line] = do

    def after(self, line: str, do: Callable[[], object]) -> None:
        """Once, when KuCoin has answered the next such request and the bot does not know yet."""
        self._after[line] = do

    def hold(self, line: str) -> Gate:
        """Holds back the answer to the next such request."""
        return self._gates.setdefault(line, Gate())

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:  # noqa: ANN401 - ASGI
        line = f"{scope['method']} {scope['path']}"
        self.lines.append(line)
        if any(name.lower() == b"kc-api-sign" for name, _ in scope["headers"]):
            self.signed.append(line)
        self._before.pop(line, _nothing)()
        await self._answers(line, scope["query_string"].decode())(scope, receive, send)
        self._after.pop(line, _nothing)()
        if line in self._gates:
            gate = self._gates.pop(line)
            gate.reached.set()
            await gate.opened.wait()

    def _answers(self, line: str, query: str) -> App:
        instead = (app for part, app in self.instead.items() if part in f"{line}?{query}")
        return next(instead, unavailable() if line in self.broken else self._app)


def small_market() -> Listing:
    everything = load()
    return Listing(
        coins=everything.coins,
        listed={symbol: each for symbol, each in everything.listed.items() if symbol in LISTED},
        funding={symbol: terms for symbol, terms in everything.funding.items() if symbol in LISTED},
    )


WORDS = FundingWording(lost=gaps.lost_funding, unforeseen=gaps.unforeseen)


def _back(seen: Back) -> str:
    """In short where everything could be read."""
    if seen.unread or seen.beyond_reach:
        return gaps.back(seen)
    return f"{'off' if seen.off else 'back'} {seen.since:%H:%M}-{seen.until:%H:%M}, {seen.late} late"


def order_of(line: str) -> Draft:
    """Of `buy btc 100usdt`."""
    side, _, text = line.partition(" ")
    return parsing.order(Side(side), text)


def _nothing() -> None:
    pass


def _nothing_heard(_: object) -> None:
    pass


@frozen
class Told:
    """A letter that tells of a ticket or a kill: an edit of its card, or a message of its own that may ring."""

    subject: Subject
    id: int
    rings: bool


class ToldFeed(Feed):
    """Up or down as a test says, with the ticks that it tells. A new beginning is noted, and ends with a tick."""

    def __init__(self, rests: Mapping[Venue, Rest], now: Now) -> None:
        super().__init__(rests=rests, channels=(Channel.PUBLIC,), hear=_nothing_heard, gap=_nothing_heard, now=now)
        self._time = now
        self.down: dict[Venue, datetime] = {}
        self.restarted: list[str] = []
        self.refused: set[Symbol] = set()
        self._doubted: dict[Venue, datetime] = {}
        self._ticks: dict[Symbol, Tick] = {}

    def states(self) -> tuple[StreamState, ...]:
        down = self._doubted | self.down
        return tuple(replace(s, down_since=down.get(s.stream.venue)) for s in super().states())

    def said(self, symbol: Symbol, venue: Venue) -> Said | None:
        if venue in self.down or symbol in self.refused:
            return None
        return Said(opened=len(self.restarted), tick=self._ticks.get(symbol))

    def restart(self, symbol: Symbol, venue: Venue, reason: str) -> None:
        self.restarted.append(f"{venue.value}: {reason}")
        self._doubted[venue] = self._time()
        self._ticks.clear()

    def tell(self, tick: Tick) -> None:
        self._doubted.pop(venue_of(tick.symbol), None)
        self._ticks[tick.symbol] = tick

    def fall(self, venue: Venue = Venue.SPOT) -> None:
        self.down[venue] = self._time()

    def rise(self, venue: Venue = Venue.SPOT) -> None:
        del self.down[venue]


class Desk:
    """Trade holds 10,000 USDT and 1 BTC; BTC stands at 67,412.3 until moved."""

    def __init__(
        self,
        folder: Path,
        *,
        rules: Limits = LIMITS,
        deadlines: Deadlines = PATIENT,
        visible_after: float = 0,
        **key: Any,  # noqa: ANN401 - of ApiKey
    ) -> None:
        self.path = folder / "chatbot.db"
        self.time = Clock()
        self.prices = SeededWalk(7, self.time, small_market(), volatility=0.0)
        self.exchange = SandboxExchange(self.prices, self.time, visible_after=timedelta(seconds=visible_after))
        for pocket, currency, amount in _POCKETS:
            self.exchange.deposit(pocket, currency, Decimal(amount))
        self.faults = Faults()
        self.key = api_key(**key)
        self.face = KucoinFace(self.exchange, [self.key], self.faults)
        self.wire = Wire(self.face.app)
        self.slept: list[float] = []
        self.moments: Iterator[Callable[[], object]] = iter(())
        """What happens during the next sleeps of the bot, one each."""
        self.asks_by: Credentials | None = Credentials(
            key=self.key.key, secret=self.key.secret, passphrase=self.key.passphrase
        )
        """None: no key is set."""
        self.boot = "first"
        self.clock_off = timedelta(0)
        """By how much the host's clock is wrong."""
        self.held = ""
        """Why no order may leave, while there is a reason."""
        self._deadlines = deadlines
        self.pace = Pace()
        self._updates = count(1000)
        self.store: Store
        self.start(rules)

    def uptime(self) -> Uptime:
        return Uptime(boot=self.boot, awake=self.time() - _BOOTED)

    def host_time(self) -> datetime:
        """What the host's clock says."""
        return self.time() + self.clock_off

    def _hold(self) -> None:
        if self.held:
            raise Refused(self.held)

    def start(self, rules: Limits = LIMITS) -> None:
        """The bot comes up on the database as it is; the exchange went on without it."""
        self.store = open_store(self.path, self.host_time, uptime=self.uptime)
        self.rules = rules
        self.clock = ExchangeClock(self.host_time)
        self.kucoin = self.connect()
        now, store, exchange = self.host_time, self.store, self.kucoin
        self.markets = Markets(exchange.market, now)
        self.reconciler = Reconciler(exchange=exchange, store=store, now=now, sleep=self.sleep, steady=self.time)
        self.killswitch = KillSwitch(
            exchange=exchange, store=store, owners=[ANNA.id], now=now, sleep=self.sleep, pace=self.pace
        )
        self.guards = self._guards()
        self.trading = Trading(
            exchange=exchange,
            markets=self.markets,
            reconciler=self.reconciler,
            store=store,
            rules=rules,
            guards=self.guards,
        )
        self.cancelling = Cancelling(exchange=exchange, store=store, reconciler=self.reconciler, sleep=self.sleep)
        self.portfolio = Portfolio(exchange=exchange, markets=self.markets, store=store, now=now)
        self.watchlists = Watchlists(store=store, markets=self.markets)
        self._hear_prices()
        self.checkup = Checkup(
            exchange=exchange,
            store=store,
            watching=self.watching,
            mode=rules.mode,
            signs=Signs(clock_offset=lambda: self.clock.offset, steady=self.time),
            now=now,
        )
        self.post = Post(store)

    def _guards(self) -> Guards:
        self.factors = Factors(
            secret=TOTP_SECRET, store=self.store, owners=[ANNA.id], words=lambda p: f"{p.name} guesses"
        )
        return Guards(
            breaker=Breaker(store=self.store, killswitch=self.killswitch, most=self.rules.most_per_minute),
            factors=self.factors,
            approvers=frozenset({ANNA.id, BEN.id}),
            holds=[self._hold],
        )

    def _hear_prices(self) -> None:
        """Everything about alerts, but that a test says itself what the feed hears."""
        store, now = self.store, self.time
        spot, futures = self.hosts()
        self.owed: list[None] = []
        self.gone: list[AlertRule] = []
        self.teller = Teller(store=store, owed=lambda: self.owed.append(None), now=now)
        self.lookout = Lookout(store=store, teller=self.teller, now=now)
        self.feed = ToldFeed({Venue.SPOT: spot, Venue.FUTURES: futures}, now)
        self.audit = CandleAudit(
            markets=self.markets,
            store=store,
            lookout=self.lookout,
            replaying=Replaying(store=store, teller=self.teller, lookout=self.lookout),
            gone=self.gone.append,
            now=now,
        )
        self.watching = Watching(
            feed=self.feed,
            market=self.kucoin.market,
            markets=self.markets,
            store=store,
            lookout=self.lookout,
            now=now,
        )
        self.funding = FundingWatch(
            exchange=self.kucoin, store=store, teller=self.teller, gone=self.gone.append, wording=WORDS, now=now
        )
        wishing = Wishing(
            markets=self.markets,
            lookout=self.lookout,
            trading=self.trading,
            account=self.kucoin.account,
            parse=order_of,
            now=now,
        )
        self.alerts = Alerts(
            store=store,
            wishing=wishing,
            lookout=self.lookout,
            audit=self.audit,
            watching=self.watching,
            funding=self.funding,
        )
        wording = Wording(
            blind=lambda since, venue, rules: f"blind since {since:%H:%M}, {venue.value}, {rules} alerts",
            back=_back,
            unread=gaps.unread,
        )
        self.blindness = Blindness(store=store, watching=self.watching, audit=self.audit, wording=wording, now=now)
        self.lookout.load()
        while self.lookout.settle_due():
            pass
        self.watching.follow()
        self.blindness.begin()

    def restart(self, rules: Limits = LIMITS) -> None:
        self.stop()
        self.start(rules)

    def stop(self) -> None:
        self.store.close()

    def connect(self) -> Exchange:
        spot, futures = self.hosts()
        return Exchange(market=Market(spot, futures), account=Account(spot, futures), orders=Orders(spot, futures))

    def hosts(self) -> tuple[Rest, Rest]:
        """KuCoin's two, at the other end of the wire."""
        pools = self.pools()
        return self._rest(Venue.SPOT, pools), self._rest(Venue.FUTURES, pools)

    def pools(self) -> Pools:
        return Pools(now=self.time, sleep=self.sleep, chance=lambda: 0.0)

    def _rest(self, venue: Venue, pools: Pools) -> Rest:
        host = Host(
            url=f"http://kucoin/{venue.value}",
            venue=venue,
            credentials=self.asks_by,
            app=self.wire,
            deadlines=self._deadlines,
        )
        return Rest(host, clock=self.clock, pools=pools, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time.advance(seconds)
        next(self.moments, _nothing)()
        await asyncio.sleep(0)

    @property
    def posts(self) -> int:
        """How many order POSTs have left, whatever became of them."""
        return self.wire.lines.count(PLACE)

    def switch(self, *faults: Fault, on: bool = True) -> None:
        for fault in faults:
            self.faults.switch(fault, on=on)

    def wait(self, seconds: float) -> None:
        self.time.advance(seconds)
        self.exchange.advance()

    def price(self, to: str) -> None:
        self.prices.move(BTC, Decimal(to))

    async def alert(self, line: str, person: Person = ANNA) -> AlertRule:
        """`BTC > 68000`, as far as the rule that is watched."""
        asking = AlertAsking(person=person, chat_id=person.id, thread_id=None)
        standing, _ = await self.alerts.add(parsing_alerts.wish(line, self.time(), UTC), asking)
        return standing.rule

    def tick(self, digits: str, symbol: Symbol = BTC) -> None:
        """A price, as the feed tells it."""
        tick = Tick(symbol, digits, to_millis(self.time()))
        self.feed.tell(tick)
        self.lookout.hear(tick)

    def rule(self, rule: AlertRule) -> AlertRule:
        """As it stands now."""
        found = self.store.alerts.rule(rule.id)
        assert found is not None
        return found

    def fired(self) -> list[str]:
        """Every firing so far, `1·2 68012.4 live`: each has a letter that tells it."""
        rows = self.store.db.query(
            "SELECT rule_id, number, value, source FROM firings JOIN outbox o ON o.id = letter_id"
            " WHERE o.subject = 'alert' AND o.subject_id = firings.id ORDER BY firings.id"
        )
        return [f"{r['rule_id']}·{r['number']} {r['value']} {r['source']}" for r in rows]

    async def follow(self, seconds: int = 60) -> None:
        """What the clock's jobs do of orders, as long as that."""
        for second in range(0, seconds, 5):
            self.wait(5)
            await self.reconciler.follow()
            if second % 60 == 0:
                await self.reconciler.watch_lost()

    async def propose(self, line: str, person: Person = ANNA) -> OrderTicket:
        """`buy btc 100usdt`, as far as the card that shows it."""
        update = next(self._updates)
        self.post.keep([(update, "{}")])
        asking = Asking(person=person, chat_id=person.id, update_id=update, asked=f"/{line}")
        ticket = await self.trading.propose(order_of(line), asking)
        card = Letter(chat_id=person.id, lane=Lane.ANSWER, subject=Subject.TICKET, subject_id=ticket.id)
        self.post.finish(update, Ending.DONE, [card])
        return self.now(ticket)

    async def confirm(
        self, ticket: OrderTicket, person: Person | None = None, aware: Decimal | None = None
    ) -> OrderTicket:
        return await self.trading.confirm(ticket.id, person or _who(ticket), ticket.card_id, aware)

    async def order(self, line: str, person: Person = ANNA) -> OrderTicket:
        """From the words through the taps to where the order stands when the bot stops looking."""
        ticket = await self.confirm(await self.propose(line, person))
        if ticket.waiting.warned is not None:
            ticket = await self.confirm(ticket, aware=ticket.waiting.warned)
        await self.trading.submit(ticket)
        return self.now(ticket)

    def now(self, ticket: OrderTicket) -> OrderTicket:
        found = self.store.orders.ticket(ticket.id)
        assert found is not None
        return found

    def state(self, ticket: OrderTicket) -> TicketState:
        return self.now(ticket).state

    def at_kucoin(self, ticket: OrderTicket) -> ExchangeOrder | None:
        return self.exchange.find_by_client_oid(Venue.SPOT, ticket.spec.client_oid)

    def elsewhere(self, **changes: Any) -> ExchangeOrder:  # noqa: ANN401 - of an order
        """An order that somebody placed in KuCoin's own app; it rests unless told otherwise."""
        fields: dict[str, Any] = {
            "client_oid": f"app-{next(self._updates)}",
            "symbol": BTC,
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "price": Decimal(60_000),
            "size": Decimal("0.001"),
        }
        venue = changes.pop("venue", Venue.SPOT)
        return self.exchange.place(venue, OrderRequest(**(fields | changes)))

    def position(self, symbol: Symbol = PERP, side: Side = Side.BUY, lots: int = 50) -> None:
        """Lots that somebody bought or sold in KuCoin's own app."""
        self.elsewhere(
            venue=Venue.FUTURES, symbol=symbol, side=side, type=OrderType.MARKET, price=None, size=Decimal(lots),
            leverage=Decimal(5),
        )  # fmt: skip

    def told(self) -> list[Told]:
        """What of tickets and kills waits in the outbox, oldest first, their cards themselves left out."""
        rows = self.store.db.query(
            "SELECT subject, subject_id, edits FROM outbox WHERE subject NOTNULL AND state = 'pending'"
            " AND (edits NOTNULL OR follows NOTNULL) ORDER BY id"
        )
        return [Told(subject=Subject(r["subject"]), id=r["subject_id"], rings=r["edits"] is None) for r in rows]

    def letters(self, chat_id: int = ANNA.id) -> list[str]:
        """The plain letters that wait for a chat, oldest first."""
        rows = self.store.db.query(
            "SELECT text FROM outbox WHERE chat_id = ? AND subject IS NULL AND state = 'pending' ORDER BY id", [chat_id]
        )
        return [r["text"] for r in rows]

    def forget_letters(self) -> None:
        """As if all of them had been sent."""
        self.store.db.execute("UPDATE outbox SET state = 'sent', message_id = id WHERE state = 'pending'")

    def kill(self, person: Person = ANNA) -> Stop:
        """The kill as far as its card."""
        update = next(self._updates)
        self.post.keep([(update, "{}")])
        stop = self.killswitch.kill(person.name, person.id, update)
        card = Letter(chat_id=person.id, lane=Lane.STOP, subject=Subject.STOP, subject_id=stop.id)
        self.post.finish(update, Ending.DONE, [card])
        return stop

    def found(self) -> Stop:
        """The kill in force, with what is known of it by now."""
        stop = self.killswitch.standing()
        assert stop is not None
        return stop


def limits(**changes: Any) -> Limits:  # noqa: ANN401 - of Limits
    return replace(LIMITS, **changes)


def _who(ticket: OrderTicket) -> Person:
    return next(person for person in (ANNA, BEN) if person.id == ticket.person_id)
