"""The tokens that open KuCoin's websocket, and how often its clients must speak up."""

import base64
import secrets
from datetime import datetime, timedelta

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.core.values import frozen

TOKEN_LIFE = timedelta(hours=24)


@frozen
class Heartbeat:
    """A client pings every `interval`; one not heard from for `interval + timeout` is let go."""

    interval: timedelta = timedelta(seconds=18)
    timeout: timedelta = timedelta(seconds=10)

    @property
    def patience(self) -> timedelta:
        return self.interval + self.timeout


KUCOINS = Heartbeat()


@frozen
class Pass:
    """What a token opens. `owner` is the key's uid, or the address of whoever asked for public data."""

    venue: Venue
    channel: Channel
    owner: str
    until: datetime


class Tokens:
    """Every call gives a new one. How many sessions one token may open is not documented: any number."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        self.heartbeat = heartbeat
        self._passes: dict[str, Pass] = {}

    def issue(self, ticket: Pass, now: datetime) -> str:
        self._passes = {text: each for text, each in self._passes.items() if each.until > now}
        text = f"{_opaque(44)}+{_opaque(16)}"
        self._passes[text] = ticket
        return text

    def find(self, text: str, venue: Venue, now: datetime) -> Pass | None:
        """None for an unknown token, an old one and the other host's."""
        found = self._passes.get(text)
        return found if found is not None and found.venue is venue and now < found.until else None


def _opaque(length: int) -> str:
    """With padding: a client that does not encode its address is found out."""
    return base64.b64encode(secrets.token_bytes(length)).decode()
