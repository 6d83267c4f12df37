"""How the guard over the API keys is put together, and which keys of the settings there are to guard."""

from chatbot.chat.views import keys as views
from chatbot.config import Settings
from chatbot.connecting import Kucoin
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.times import Now
from chatbot.services.key_guard import GuardedKey, GuardRules, KeyGuard, Wording
from chatbot.store.store import Store


def keys_of(settings: Settings) -> tuple[GuardedKey, ...]:
    """One for both venues, or one each."""
    if settings.kucoin_api_key is None:
        return ()
    if settings.kucoin_futures_api_key is None:
        return (GuardedKey(name="key", asked=Venue.SPOT, venues=frozenset(Venue)),)
    return tuple(GuardedKey(name=f"{venue.value} key", asked=venue, venues=frozenset({venue})) for venue in Venue)


def build_guard(settings: Settings, store: Store, kucoin: Kucoin, now: Now) -> KeyGuard:
    """Only where orders are real is a key anything to guard; the bot's token grows old everywhere."""
    rules = GuardRules(
        keys=keys_of(settings) if settings.trading_mode is TradingMode.LIVE else (),
        accept_transfer=settings.kucoin_accept_transfer_right,
        owners=settings.telegram_owners,
        token=settings.telegram_bot_token.get_secret_value(),
    )
    wording = Wording(news=views.news, aged=views.aged)
    return KeyGuard(exchange=kucoin.exchange, store=store, rules=rules, wording=wording, now=now)
