"""KuCoin's REST face: two hosts under one server, because their paths collide.

`/spot/api/...` and `/futures/api/...`: what follows the mount is what a client signs.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from chatbot.core.market import Venue
from chatbot.core.times import Sleep
from chatbot.core.values import frozen
from chatbot.sandbox.exchange import Exchange
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.kucoin_answers import JSON, Line, NoAnswer, granted, refused, spoiled, unavailable
from chatbot.sandbox.kucoin_auth import ApiKey, SignedRequest, authenticate, check_permission
from chatbot.sandbox.kucoin_calls import Call, Endpoint
from chatbot.sandbox.kucoin_futures import FUTURES_ENDPOINTS
from chatbot.sandbox.kucoin_pools import Pool, Pools, Standing
from chatbot.sandbox.kucoin_spot import SPOT_ENDPOINTS
from chatbot.sandbox.kucoin_ws_tokens import KUCOINS, Heartbeat, Tokens
from chatbot.sandbox.refusals import Refusal

CLOCK_AHEAD_BY = timedelta(minutes=2)
_SUSPENDED = {Venue.SPOT: ("200001", "200002"), Venue.FUTURES: ("300002", "300002")}
_COOLING = Standing(limit=2000, remaining=0, reset=3000, allowed=False)


@frozen
class _Routed:
    endpoint: Endpoint
    path: Mapping[str, str]


class KucoinFace:
    """`app` is the server. Call `hang_up` before stopping it: calls without an answer would hold it open."""

    def __init__(
        self,
        exchange: Exchange,
        keys: Iterable[ApiKey],
        faults: Faults,
        sleep: Sleep = asyncio.sleep,
        heartbeat: Heartbeat = KUCOINS,
    ) -> None:
        self.exchange = exchange
        self.keys = {key.key: key for key in keys}
        self.faults = faults
        self.sleep = sleep
        self.pools = Pools()
        self.tokens = Tokens(heartbeat)
        self.line = Line()
        spot = _Host(self, Venue.SPOT, SPOT_ENDPOINTS)
        futures = _Host(self, Venue.FUTURES, FUTURES_ENDPOINTS)
        self.app = Starlette(routes=[Mount("/spot", app=spot), Mount("/futures", app=futures)])

    @property
    def clock(self) -> datetime:
        """The exchange's, as it shows it."""
        return self.exchange.now + (CLOCK_AHEAD_BY if Fault.CLOCK_AHEAD in self.faults else timedelta(0))

    def hang_up(self) -> None:
        self.line.hang_up()


class _Host:
    """One of the two hosts, as an ASGI application."""

    def __init__(self, face: KucoinFace, venue: Venue, endpoints: Iterable[Endpoint]) -> None:
        self._face = face
        self._venue = venue
        self._exact: dict[str, dict[str, Endpoint]] = {}
        self._patterns: list[tuple[list[str], dict[str, Endpoint]]] = []
        for endpoint in endpoints:
            self._add(endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        signed = await _as_signed(request)
        faults = self._face.faults
        if Fault.UNAVAILABLE in faults:
            return unavailable()
        if Fault.RATE_LIMITED in faults:
            return refused(Refusal("429000", "Too many requests", 429), _COOLING.headers())
        headers: dict[str, str] = {}
        try:
            response = self._handled(signed, headers)
        except Refusal as refusal:
            response = refused(refusal, headers or self._public(signed, 0).headers())
        return spoiled(response, faults, self._face.sleep, self._face.line)

    def _handled(self, signed: SignedRequest, headers: dict[str, str]) -> Response:
        """Raises Refusal. Fills in `headers` as soon as it is known whose window the call spends."""
        routed = self._routed(signed)
        endpoint = routed.endpoint
        key = self._key(signed, endpoint)
        standing = self._spend(signed, endpoint, key)
        headers.update(standing.headers())
        if not standing.allowed:
            raise Refusal("429000", "Too many requests", 429)
        if key is not None and endpoint.permission is not None:
            check_permission(key, endpoint.permission)
        call = self._call(signed, routed, key)
        if endpoint.places:
            return self._placed(endpoint, call, headers)
        if endpoint.cancels and Fault.MAINTENANCE in self._face.faults:
            raise Refusal(_SUSPENDED[self._venue][1], "Cancelling is suspended.")
        if key is not None:
            self._face.exchange.advance()
        return granted(endpoint.handler(call), headers)

    def _placed(self, endpoint: Endpoint, call: Call, headers: dict[str, str]) -> Response:
        """An order POST: the one call whose answer, or itself, may be lost on the way."""
        faults = self._face.faults
        self._face.exchange.posts.append(str(call.body.get("clientOid", "")))
        if Fault.LOST_REQUEST in faults:
            return NoAnswer(self._face.line)
        if Fault.MAINTENANCE in faults or Fault.CANCEL_ONLY in faults:
            raise Refusal(_SUSPENDED[self._venue][0], "Order creation is suspended.")
        try:
            response = granted(endpoint.handler(call), headers)
        except Refusal as refusal:
            response = refused(refusal, headers)
        if Fault.LOST_ANSWER in faults:
            return NoAnswer(self._face.line)
        if Fault.ERROR_AFTER_ACCEPT in faults:
            raise Refusal("500000", "Internal Server Error", 500)
        return response

    def _key(self, signed: SignedRequest, endpoint: Endpoint) -> ApiKey | None:
        if endpoint.permission is None:
            return None
        return authenticate(signed, self._face.keys, self._face.clock)

    def _spend(self, signed: SignedRequest, endpoint: Endpoint, key: ApiKey | None) -> Standing:
        if key is None:
            return self._public(signed, endpoint.weight)
        return self._face.pools.spend(endpoint.pool, str(key.uid), endpoint.weight, self._face.exchange.now)

    def _public(self, signed: SignedRequest, weight: int) -> Standing:
        return self._face.pools.spend(Pool.PUBLIC, signed.ip, weight, self._face.exchange.now)

    def _call(self, signed: SignedRequest, routed: _Routed, key: ApiKey | None) -> Call:
        faults = self._face.faults
        status = "close" if Fault.MAINTENANCE in faults else "cancelonly" if Fault.CANCEL_ONLY in faults else "open"
        return Call(
            exchange=self._face.exchange,
            path=routed.path,
            query=dict(parse_qsl(signed.query, keep_blank_values=True)),
            body=_body(signed),
            key=key,
            ip=signed.ip,
            host=signed.headers.get("host", ""),
            tokens=self._face.tokens,
            now=self._face.clock,
            status=status,
            hidden=Fault.HIDDEN_ORDERS in faults,
            deaf=Fault.CANCEL_IGNORED in faults,
        )

    def _add(self, endpoint: Endpoint) -> None:
        if "{" not in endpoint.path:
            self._exact.setdefault(endpoint.path, {})[endpoint.method] = endpoint
            return
        self._patterns.append((endpoint.path.split("/"), {endpoint.method: endpoint}))

    def _routed(self, signed: SignedRequest) -> _Routed:
        """Raises Refusal: HTTP 404 for an unknown path, 405 for a known one asked the wrong way."""
        path = unquote(signed.path)
        known = path in self._exact
        endpoint = self._exact.get(path, {}).get(signed.method)
        if endpoint is not None:
            return _Routed(endpoint=endpoint, path={})
        parts = path.split("/")
        for pattern, methods in self._patterns:
            if values := _matched(pattern, parts):
                known = True
                if signed.method in methods:
                    return _Routed(endpoint=methods[signed.method], path=values)
        if known:
            raise Refusal("405000", "Method Not Allowed", 405)
        raise Refusal("404000", "URL not found", 404)


async def _as_signed(request: Request) -> SignedRequest:
    """The path as it stood on the wire, after the mount."""
    raw = request.scope["raw_path"].decode("latin-1")
    return SignedRequest(
        method=request.method,
        path=raw[len(request.scope["root_path"]) :],
        query=request.scope["query_string"].decode("latin-1"),
        body=await request.body(),
        headers={name.lower(): value for name, value in request.headers.items()},
        ip=request.client.host if request.client else "",
    )


def _body(signed: SignedRequest) -> dict[str, object]:
    if not signed.body:
        return {}
    if not signed.headers.get("content-type", "").startswith(JSON):
        raise Refusal("415000", "Unsupported Media Type", 415)
    try:
        body = json.loads(signed.body, parse_float=str)
    except ValueError:
        raise Refusal("400100", "The body is not JSON.", 400) from None
    if not isinstance(body, dict):
        raise Refusal("400100", "The body is not an object.", 400)
    return body


def _matched(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    values = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{") and part:
            values[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return values
