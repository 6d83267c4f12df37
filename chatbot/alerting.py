"""How the feed and everything about alerts is put together; `wiring` does the rest of the bot."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial

from chatbot.chat import parsing
from chatbot.chat.views import account_news, gaps, orders_elsewhere, risks
from chatbot.chat.views import alerts as views
from chatbot.config import Settings
from chatbot.core.alerts import AlertRule
from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Lane, Letter
from chatbot.core.orders import Draft, Side
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.jobs import Job
from chatbot.kucoin.feed import Feed
from chatbot.kucoin.rest import Rest
from chatbot.services.alerts import Alerts
from chatbot.services.attached import Attached
from chatbot.services.auditing import CandleAudit
from chatbot.services.blindness import Blindness, Wording
from chatbot.services.elsewhere import OrdersElsewhere
from chatbot.services.exchange import Exchange
from chatbot.services.fills import Fills
from chatbot.services.firing import Teller, kind_of
from chatbot.services.funding import FundingWatch
from chatbot.services.funding_payments import FundingWording
from chatbot.services.liquidation import LiquidationWatch, LiquidationWording
from chatbot.services.listening import Account, Listening
from chatbot.services.lookout import Lookout
from chatbot.services.market import Markets
from chatbot.services.reconcile import Reconciler
from chatbot.services.replaying import Replaying
from chatbot.services.trading import Trading
from chatbot.services.watching import Watching
from chatbot.services.wishing import Wishing
from chatbot.store.store import Store


@frozen
class Ground:
    """What alerts stand on. `hosts` are KuCoin's own two, also in paper mode."""

    settings: Settings
    store: Store
    exchange: Exchange
    hosts: dict[Venue, Rest]
    markets: Markets
    trading: Trading
    reconciler: Reconciler
    now: Now


@frozen
class Alerting:
    feed: Feed
    lookout: Lookout
    watching: Watching
    audit: CandleAudit
    blindness: Blindness
    funding: FundingWatch
    fills: Fills
    attached: Attached
    elsewhere: OrdersElsewhere
    liquidation: LiquidationWatch
    alerts: Alerts


_WORDING = Wording(blind=gaps.blind, back=gaps.back, unread=gaps.unread)
_FUNDING_WORDING = FundingWording(lost=gaps.lost_funding, unforeseen=gaps.unforeseen)


def build_alerting(ground: Ground) -> Alerting:
    store, now, markets = ground.store, ground.now, ground.markets
    attached = _attached(ground)
    teller = Teller(store=store, owed=attached.ring, now=now)
    lookout = Lookout(store=store, teller=teller, now=now)
    gone = _gone(store)
    audit = CandleAudit(
        markets=markets,
        store=store,
        lookout=lookout,
        replaying=Replaying(store=store, teller=teller, lookout=lookout),
        gone=gone,
        now=now,
    )
    funding = FundingWatch(
        exchange=ground.exchange, store=store, teller=teller, gone=gone, wording=_FUNDING_WORDING, now=now
    )
    fills = Fills(store=store, reconciler=ground.reconciler)
    account = _account(ground)
    ears = Listening(store=store, lookout=lookout, audit=audit, funding=funding, fills=fills, account=account)
    feed = Feed(
        rests=ground.hosts, channels=_channels(ground.settings, ground.hosts), hear=ears.hear, gap=ears.gap, now=now
    )
    watching = Watching(
        feed=feed, market=ground.exchange.market, markets=markets, store=store, lookout=lookout, now=now
    )
    wishing = Wishing(
        markets=markets,
        lookout=lookout,
        trading=ground.trading,
        account=ground.exchange.account,
        parse=_order,
        now=now,
    )
    return Alerting(
        feed=feed,
        lookout=lookout,
        watching=watching,
        audit=audit,
        blindness=Blindness(store=store, watching=watching, audit=audit, wording=_WORDING, now=now),
        funding=funding,
        fills=fills,
        attached=attached,
        elsewhere=account.elsewhere,
        liquidation=account.liquidation,
        alerts=Alerts(store=store, wishing=wishing, lookout=lookout, audit=audit, watching=watching, funding=funding),
    )


def _account(ground: Ground) -> Account:
    settings, store, exchange = ground.settings, ground.store, ground.exchange
    owners, may_trade = settings.telegram_owners, settings.trading_mode is not TradingMode.OFF
    return Account(
        owners=owners,
        moved=account_news.moved,
        settled=account_news.settled,
        elsewhere=OrdersElsewhere(
            exchange=exchange, store=store, owners=owners, word=orders_elsewhere.ended, now=ground.now
        ),
        liquidation=LiquidationWatch(
            source=exchange.account,
            store=store,
            people=owners | settings.telegram_traders,
            wording=LiquidationWording(danger=partial(risks.danger, may_trade=may_trade), unknown=risks.unknown),
            now=ground.now,
        ),
    )


def _attached(ground: Ground) -> Attached:
    return Attached(
        store=ground.store,
        trading=ground.trading,
        role_of=ground.settings.role_of,
        parse=_order,
        refused=views.order_refused,
    )


def _channels(settings: Settings, hosts: dict[Venue, Rest]) -> tuple[Channel, ...]:
    """A paper account lives in this process and has no feed; without a key there is nothing to be told."""
    signed = all(host.host.credentials is not None for host in hosts.values())
    private = settings.trading_mode is not TradingMode.PAPER and signed
    return (Channel.PUBLIC, Channel.PRIVATE) if private else (Channel.PUBLIC,)


def _gone(store: Store) -> Callable[[AlertRule], object]:
    def tell(rule: AlertRule) -> None:
        place = Letter(chat_id=rule.chat_id, thread_id=rule.thread_id, lane=Lane.ALERT, kind=kind_of(rule))
        store.outbox.put(replace(place, text=views.gone(rule)))

    return tell


def _order(line: str) -> Draft:
    side, _, text = line.partition(" ")
    return parsing.order(Side(side), text)


def open_eyes(alerting: Alerting) -> None:
    """At a start, before anything is heard: what stands in the database, and since when nobody looked."""
    alerting.lookout.load()
    while alerting.lookout.settle_due():  # all of them: a candle is read once
        pass
    alerting.watching.follow()
    alerting.blindness.begin()


def watchmen(alerting: Alerting) -> tuple[Coroutine[None, None, None], ...]:
    """What runs beside the bot from its start on."""
    return (
        alerting.feed.run(),
        alerting.lookout.run(),
        alerting.fills.run(),
        alerting.attached.run(),
        # Once, at the start: the clock's first is some time away, and what was missed is owed now.
        alerting.audit.look(),
        alerting.funding.scan(),
    )


def alert_jobs(alerting: Alerting) -> list[Job]:
    """As many as there are, however many rules."""

    async def settle() -> None:
        if alerting.lookout.notice_sleep():
            alerting.blindness.slept()
        alerting.lookout.settle_due()

    async def follow() -> None:
        alerting.watching.follow()

    async def stand_in() -> None:
        await alerting.watching.stand_in()
        alerting.blindness.look()

    return [
        Job(name="settle alerts", every=1, run=settle),
        Job(name="follow prices", every=5, run=follow),
        Job(name="stand in for the feed", every=5, run=stand_in),
        Job(name="find a mute feed", every=15, run=alerting.watching.look_for_silence),
        Job(name="read candles", every=10, run=alerting.audit.look),
        Job(name="read funding", every=60, run=alerting.funding.scan),
    ]
