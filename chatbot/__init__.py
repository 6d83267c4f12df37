"""A Telegram bot for one KuCoin account, shared by a few allow-listed people."""

__version__ = "0.1.0"
