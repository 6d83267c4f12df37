"""The connection to Telegram: a bot that keeps its token to itself, and what may be wrong with the way to it."""

from typing import Any

from telegram import Bot
from telegram.error import InvalidToken, NetworkError, TelegramError
from telegram.request import HTTPXRequest

_KINDS = ["message", "callback_query"]
_POLL = 50

TokenRefused = InvalidToken
"""What ends the bot when Telegram no longer knows its token."""

TelegramTrouble = TelegramError
"""Whatever Telegram, or the way to it, has against a request."""

TelegramAway = NetworkError
"""What ends the start when Telegram cannot be reached at all."""


class SafeBot(Bot):
    """A Bot whose repr shows no token: it stands in logs and tracebacks."""

    def __repr__(self) -> str:
        return "SafeBot()"

    async def raw_updates(self, offset: int) -> list[dict[str, Any]]:
        """As Telegram sent them: one that cannot be read must not keep the rest of its batch from the inbox."""
        asked = {"offset": offset, "timeout": _POLL, "allowed_updates": _KINDS}
        return list(await self._post("getUpdates", asked, read_timeout=_POLL + 10.0))


def connect(*, token: str, url: str, limits: Any, tls: Any = True) -> SafeBot:
    """`limits` are httpx's: few connections, kept for minutes (its default drops them after five seconds).

    `tls` is who is believed, for those who have read it already.
    """

    def request(read: float) -> HTTPXRequest:
        return HTTPXRequest(
            connection_pool_size=4,
            read_timeout=read,
            pool_timeout=5.0,
            httpx_kwargs={"limits": limits, "verify": tls, "trust_env": False, "follow_redirects": False},
        )

    return SafeBot(token, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot",
                   request=request(10.0), get_updates_request=request(_POLL + 10.0))  # fmt: skip


async def who_am_i(*, token: str, url: str, limits: Any) -> tuple[str, str, str]:
    """Without taking any update: a problem or nothing, our own name, and the webhook somebody left behind."""
    bot = connect(token=token, url=url, limits=limits)
    try:
        async with bot:
            webhook = await bot.get_webhook_info()
            return "", bot.username, webhook.url
    except InvalidToken:
        return "the token was refused", "", ""
    except TelegramError as error:
        return f"no answer ({type(error).__name__})", "", ""
