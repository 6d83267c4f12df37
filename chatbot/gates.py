"""What stands between a tap and the exchange, built from the settings."""

from collections.abc import Awaitable, Callable, Sequence

from chatbot.chat.views import approvals
from chatbot.config import Settings
from chatbot.core.limits import Limits
from chatbot.services.breaker import Breaker
from chatbot.services.closing import Closing, ClosingRules
from chatbot.services.exchange import Exchange
from chatbot.services.factors import Factors
from chatbot.services.killswitch import KillSwitch
from chatbot.services.passing import Guards
from chatbot.services.reconcile import Reconciler
from chatbot.store.store import Store


def rules(settings: Settings) -> Limits:
    return Limits(
        mode=settings.trading_mode,
        symbols=settings.order_symbols,
        max_notional=settings.order_max_notional,
        daily_max=settings.daily_max_notional,
        confirm=settings.order_confirm_seconds,
        max_drift=settings.order_max_drift,
        most_per_minute=settings.order_max_per_minute,
        approval_above=settings.order_approval_above,
        totp_above=None if settings.totp_secret is None else settings.order_totp_above,
    )


def build_closing(
    settings: Settings,
    store: Store,
    exchange: Exchange,
    killswitch: KillSwitch,
    reconciler: Reconciler,
    hold: Callable[[], None],
) -> Closing:
    """The one gate that a kill leaves open."""
    return Closing(
        exchange=exchange,
        store=store,
        killswitch=killswitch,
        reconciler=reconciler,
        rules=ClosingRules(mode=settings.trading_mode, life=settings.order_confirm_seconds, hold=hold),
    )


def build_guards(
    settings: Settings,
    store: Store,
    killswitch: KillSwitch,
    holds: Sequence[Callable[[], None]],
    settled: Callable[[], Awaitable[None]],
) -> Guards:
    secret = settings.totp_secret
    return Guards(
        breaker=Breaker(store=store, killswitch=killswitch, most=settings.order_max_per_minute),
        factors=Factors(
            secret=None if secret is None else secret.get_secret_value(),
            store=store,
            owners=settings.telegram_owners,
            words=approvals.guessed,
        ),
        approvers=settings.telegram_owners | settings.telegram_traders,
        holds=holds,
        settled=settled,
    )
