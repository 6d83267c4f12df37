import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chatbot.core.errors import BadCredentials, Unavailable
from chatbot.core.feed import Channel, Stream
from chatbot.core.market import Venue
from chatbot.kucoin import endpoints
from chatbot.kucoin.pools import PoolName
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.tokens import Way, way_to

Json = Any
ENDPOINT = "wss://ws-api-spot.kucoin.test/"


def answer(*servers: str, **changes: Json) -> str:
    rows = [{"endpoint": server, "pingInterval": 18000, "pingTimeout": 10000} for server in servers or (ENDPOINT,)]
    rows = [{**row, **changes} for row in rows]
    return json.dumps({"code": "200000", "data": {"token": "2neA+u/Y==", "instanceServers": rows}})


Ask = Callable[..., Way]


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def ask(served: Callable[..., Rest], seen: list[httpx.Request]) -> Ask:
    def asked(
        said: str, channel: Channel = Channel.PUBLIC, venue: Venue = Venue.SPOT, attempt: int = 0, key: str = "k"
    ) -> Way:
        paths = (f"POST /api/v1/bullet-{which}" for which in ("public", "private"))
        rest = served(dict.fromkeys(paths, said), venue, seen, key=key)
        return asyncio.run(way_to(rest, Stream(venue=venue, channel=channel), attempt))

    return asked


def test_the_address_holds_the_token_encoded_and_a_name_of_its_own(ask: Ask) -> None:
    way, other = ask(answer()), ask(answer())
    parts = urlsplit(way.address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == ENDPOINT
    assert "%2Bu%2FY%3D%3D" in parts.query
    assert parse_qs(parts.query)["token"] == ["2neA+u/Y=="]
    assert parse_qs(parts.query)["connectId"] != parse_qs(urlsplit(other.address).query)["connectId"]
    assert (way.secure, way.ping_interval, way.ping_timeout) == (True, 18, 10)
    assert "2neA" not in repr(way)


def test_a_public_token_is_asked_for_unsigned(ask: Ask, seen: list[httpx.Request]) -> None:
    ask(answer(), key="")
    (request,) = seen
    assert (request.method, request.url.path, request.content) == ("POST", "/prefix/api/v1/bullet-public", b"")
    assert not any(name.startswith("kc-api") for name in request.headers)


@pytest.mark.parametrize("venue", list(Venue))
def test_a_private_token_is_asked_for_signed_with_an_empty_body(
    ask: Ask, seen: list[httpx.Request], venue: Venue
) -> None:
    ask(answer(), Channel.PRIVATE, venue)
    (request,) = seen
    assert (request.url.path, request.content) == ("/prefix/api/v1/bullet-private", b"")
    signed = f"{request.headers['kc-api-timestamp']}POST/api/v1/bullet-private"
    mac = hmac.new(b"the-secret", signed.encode(), hashlib.sha256).digest()
    assert request.headers["kc-api-sign"] == base64.b64encode(mac).decode()


def test_a_private_token_takes_a_key(ask: Ask) -> None:
    with pytest.raises(BadCredentials):
        ask(answer(), Channel.PRIVATE, key="")


def test_tokens_are_counted_where_kucoin_counts_them() -> None:
    tokens = [endpoints.PUBLIC_TOKEN, *(endpoints.PRIVATE_TOKENS[venue] for venue in Venue)]
    assert [token.pool for token in tokens] == [PoolName.PUBLIC, PoolName.SPOT, PoolName.FUTURES]
    assert [token.weight for token in tokens] == [10, 10, 10]


def test_each_attempt_takes_the_next_server(ask: Ask) -> None:
    said = answer("wss://one.test/", "wss://two.test/")
    hosts = [urlsplit(ask(said, attempt=attempt).address).hostname for attempt in range(3)]
    assert hosts == ["one.test", "two.test", "one.test"]


NO_ADDRESSES = ("ws://plain.test/", "https://x.test/", "wss:///x", "wss://user:word@x.test/", "wss://x.test/?a=b")
NOR_THESE = ("wss://[x", "x", "", "wss://x.test:99999/", "wss://x.test/#f")


@pytest.mark.parametrize("server", [*NO_ADDRESSES, *NOR_THESE])
def test_an_address_that_is_none_is_not_gone_to(ask: Ask, server: str) -> None:
    with pytest.raises(Unavailable) as caught:
        ask(answer(server))
    assert "2neA" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "changes", [{"pingInterval": 0}, {"pingTimeout": -1}, {"pingInterval": 10**9}, {"pingTimeout": None}]
)
def test_spans_that_make_no_sense_are_not_lived_by(ask: Ask, changes: Json) -> None:
    with pytest.raises(Unavailable):
        ask(answer(**changes))
