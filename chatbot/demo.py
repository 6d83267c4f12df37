"""The demo: the bot that `run` starts, with the sandbox for its KuCoin and its Telegram. Only the addresses differ."""

from pathlib import Path

from chatbot.config import Settings, read_settings
from chatbot.sandbox.world import OWNER, VIEWER, Sandbox


def settings_for(sandbox: Sandbox, folder: Path) -> Settings:
    """The settings a person would write to use this sandbox; `folder` holds the database."""
    access = sandbox.access
    environ = {
        "TELEGRAM_BOT_TOKEN": access.token,
        "TELEGRAM_API_URL": sandbox.url,
        "TELEGRAM_OWNERS": str(OWNER.id),
        "TELEGRAM_VIEWERS": str(VIEWER.id),
        "KUCOIN_API_KEY": access.key,
        "KUCOIN_API_SECRET": access.secret,
        "KUCOIN_API_PASSPHRASE": access.passphrase,
        "KUCOIN_SPOT_URL": sandbox.spot_url,
        "KUCOIN_FUTURES_URL": sandbox.futures_url,
        "TRADING_MODE": "live",
    }
    return read_settings(environ, folder)
