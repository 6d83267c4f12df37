"""Where KuCoin's feed is, for one connection: a token, and the address that holds it."""

import secrets
from dataclasses import field
from urllib.parse import urlencode, urlsplit

from chatbot.core.errors import Unavailable
from chatbot.core.feed import Channel, Stream
from chatbot.core.values import frozen
from chatbot.kucoin.endpoints import PRIVATE_TOKENS, PUBLIC_TOKEN
from chatbot.kucoin.feed_schemas import Token
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import one


@frozen
class Way:
    """Good for one connection. The `address` holds the token: it is never shown. Spans are seconds."""

    address: str = field(repr=False)
    secure: bool
    ping_interval: float
    ping_timeout: float


async def way_to(rest: Rest, stream: Stream, attempt: int) -> Way:
    """Each attempt takes the next of the servers. Raises `KucoinError`.

    Who asks for the token over TLS gets no connection without it.
    """
    endpoint = PUBLIC_TOKEN if stream.channel is Channel.PUBLIC else PRIVATE_TOKENS[stream.venue]
    token = one(Token, await rest.call(endpoint))
    server = token.instance_servers[attempt % len(token.instance_servers)]
    scheme = _scheme(server.endpoint)
    if scheme not in ({"wss"} if rest.host.url.startswith("https:") else {"wss", "ws"}):
        raise Unavailable("KuCoin's answer makes no sense: no address of a feed.")
    query = urlencode({"token": token.token, "connectId": secrets.token_hex(8)})
    return Way(
        address=f"{server.endpoint}?{query}",
        secure=scheme == "wss",
        ping_interval=float(server.ping_interval) / 1000,
        ping_timeout=float(server.ping_timeout) / 1000,
    )


def _scheme(endpoint: str) -> str:
    """Empty when it is no plain address of a host."""
    try:
        parts = urlsplit(endpoint)
        plain = parts.hostname and parts.port != 0 and not (parts.username or parts.query or parts.fragment)
    except ValueError:
        return ""
    return parts.scheme if plain else ""
