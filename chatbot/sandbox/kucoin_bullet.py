"""The calls that hand out the websocket's tokens and say where to go with them."""

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.sandbox.kucoin_auth import GENERAL
from chatbot.sandbox.kucoin_calls import Call, Row, private, public
from chatbot.sandbox.kucoin_pools import Pool
from chatbot.sandbox.kucoin_ws_tokens import TOKEN_LIFE, Pass


def spot_bullet(call: Call) -> Row:
    return _bullet(call, Venue.SPOT)


def futures_bullet(call: Call) -> Row:
    return _bullet(call, Venue.FUTURES)


def _bullet(call: Call, venue: Venue) -> Row:
    ticket = Pass(
        venue=venue,
        channel=Channel.PRIVATE if call.key else Channel.PUBLIC,
        owner=str(call.key.uid) if call.key else call.ip,
        until=call.exchange.now + TOKEN_LIFE,
    )
    heartbeat = call.tokens.heartbeat
    server: Row = {
        "endpoint": f"ws://{call.host}{ws_path(venue)}",
        "encrypt": False,
        "protocol": "websocket",
        "pingInterval": int(heartbeat.interval.total_seconds() * 1000),
        "pingTimeout": int(heartbeat.timeout.total_seconds() * 1000),
    }
    return {"token": call.tokens.issue(ticket, call.exchange.now), "instanceServers": [server]}


def ws_path(venue: Venue) -> str:
    """With a slash at its end, as KuCoin's own."""
    return f"/{venue.value}/ws/"


SPOT_BULLET = (
    public("POST /api/v1/bullet-public", 10, spot_bullet),
    private("POST /api/v1/bullet-private", 10, spot_bullet, Pool.SPOT, GENERAL),
)
FUTURES_BULLET = (
    public("POST /api/v1/bullet-public", 10, futures_bullet),
    private("POST /api/v1/bullet-private", 10, futures_bullet, Pool.FUTURES, GENERAL),
)
