"""How the gate of the start is put together: no order leaves before all that may be alive was looked at."""

from chatbot.chat.views import orders
from chatbot.config import Settings
from chatbot.services.exchange import Exchange
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
