"""How the start is put together: no order leaves before all that may be alive was looked at; /status tells of it."""

from chatbot.chat.views import orders
from chatbot.config import Settings
from chatbot.connecting import Kucoin
from chatbot.core.modes import TradingMode
from chatbot.services.exchange import Exchange
from chatbot.services.health import Signs
from chatbot.services.key_guard import KeyGuard
from chatbot.services.market import Markets
from chatbot.services.readiness import Readiness
from chatbot.services.reconcile import Reconciler
from chatbot.services.strays import Heirs, Strays
from chatbot.store.store import Store


def build_readiness(
    settings: Settings, store: Store, exchange: Exchange, markets: Markets, reconciler: Reconciler
) -> Readiness:
    heirs = Heirs(owners=settings.telegram_owners, word=orders.stray)
    strays = Strays(exchange=exchange, markets=markets, store=store, heirs=heirs)
    return Readiness(exchange=exchange, reconciler=reconciler, strays=strays, store=store)


def build_signs(settings: Settings, kucoin: Kucoin, guard: KeyGuard, readiness: Readiness) -> Signs:
    trades = settings.trading_mode is not TradingMode.OFF
    return Signs(
        practice=settings.practice,
        clock_offset=lambda: kucoin.clock.offset,
        keys=lambda: guard.keys,
        finding_out=lambda: readiness.problem if trades else "",
        clock_read_at=lambda: kucoin.clock.measured_at,
        keys_seen_at=lambda: guard.seen_at,
        dead_man=lambda: kucoin.dead_man.state if kucoin.dead_man is not None else None,
    )
