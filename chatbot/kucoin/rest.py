"""One call to one KuCoin host: wait, sign, send, judge the answer, raise ours. The httpx door.

An order POST is sent at most once, over a connection of its own: on one that was kept,
a reset proves nothing. Questions and cancels may be repeated, within one total deadline.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from contextlib import aclosing
from dataclasses import field, replace
from datetime import timedelta
from itertools import islice
from typing import Any, Self

import httpx

from chatbot.core.errors import BadCredentials, ClockSkew, KucoinError, OutcomeUnknown, RateLimited, Unavailable
from chatbot.core.market import Venue
from chatbot.core.times import Sleep
from chatbot.core.values import frozen
from chatbot.kucoin.answers import Answer, BodyTooBig, data_of, inflated
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.endpoints import TIME, Endpoint, Kind
from chatbot.kucoin.pools import Pools, backoff
from chatbot.kucoin.signing import Credentials, sign
from chatbot.kucoin.trips import CONNECTIONS, Body, Deadlines, Lanes, LastWord, Trip, no_objection

_log = logging.getLogger(__name__)

_Message = MutableMapping[str, Any]
App = Callable[[_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]]
"""An ASGI application, called in-process in place of a network."""

KEPT_FOR_MINUTES = httpx.Limits(
    max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=300.0
)
"""For whoever else speaks httpx here: it drops idle connections after five seconds, and many make it slow."""

_CONNECT = 3.0
"""Seconds. Shorter than any deadline, so that a connection that was never made is known as such."""

_ATTEMPTS = 4
_MOST_DOUBT = timedelta(seconds=2)
"""No order is sent while our idea of the exchange's clock may be off by more."""


@frozen
class Host:
    """Where one of KuCoin's hosts is, as whom it is asked, and over what.

    `url` may carry a path, such as `http://127.0.0.1:8000/spot`; it is not signed. `app` or `transport` stand in
    for the network; hosts may share one `tls`. `refused` hears of every call that the key was refused for.
    """

    url: str
    venue: Venue
    credentials: Credentials | None = None
    app: App | None = None
    transport: httpx.AsyncBaseTransport | None = None
    tls: ssl.SSLContext | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    refused: Callable[[], None] = lambda: None


def trusted() -> ssl.SSLContext:
    """The authorities that are believed. Reading them takes some 20 ms: make it once."""
    return httpx.create_ssl_context(trust_env=False)


class Rest:
    """One of KuCoin's two hosts. Close it, or use it as an async context manager."""

    def __init__(self, host: Host, *, clock: ExchangeClock, pools: Pools, sleep: Sleep = asyncio.sleep) -> None:
        self.host = host
        self.clock = clock
        self._pools = pools
        self._sleep = sleep
        transport = httpx.ASGITransport(host.app, raise_app_exceptions=False) if host.app else host.transport
        context = host.tls or trusted() if transport is None else True
        self._kept = _client(transport, context, KEPT_FOR_MINUTES)
        never_kept = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0)
        self._fresh = _client(transport, context, never_kept)
        self._lanes = Lanes()
        self._measuring = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await asyncio.gather(self._kept.aclose(), self._fresh.aclose())

    async def call(
        self, endpoint: Endpoint, params: Mapping[str, str] | None = None, *, credentials: Credentials | None = None
    ) -> object:
        """Ask, or cancel: the data of the answer. Signed as `credentials`, else as the host's.

        Raises `Unavailable` for a question without an answer, `OutcomeUnknown` for a cancel
        that may have been done, and `Rejected` where KuCoin said no.
        """
        trip = self._trip(endpoint, params or {}, credentials)
        return await self._in_time(trip, self._persist(trip))

    async def order(self, endpoint: Endpoint, body_at: Body, last_word: LastWord = no_objection) -> object:
        """Send one order, once. `body_at` makes its body of the time stamp it is signed with.

        What `last_word` raises, when the first byte is about to leave, goes through. Raises `Unavailable`
        when it never left, `Rejected` when KuCoin said no, `OutcomeUnknown` when it may have been accepted.
        """
        trip = replace(self._trip(endpoint, {}, None), body_at=body_at, last_word=last_word)
        return await self._in_time(trip, self._attempt(trip))

    async def measure_clock(self) -> None:
        """Compare the clocks now. Raises `Unavailable`."""
        async with self._measuring:
            await self.clock.measure(self._their_millis)

    def _trip(self, endpoint: Endpoint, params: Mapping[str, str], credentials: Credentials | None) -> Trip:
        ends_at = asyncio.get_running_loop().time() + self.host.deadlines.of(endpoint.kind)
        return Trip(endpoint=endpoint, params=params, credentials=credentials or self.host.credentials, ends_at=ends_at)

    async def _in_time(self, trip: Trip, work: Coroutine[Any, Any, object]) -> object:
        try:
            async with asyncio.timeout_at(trip.ends_at):
                return await work
        except BadCredentials:
            self.host.refused()
            raise
        except TimeoutError:
            pass
        raise trip.failure(f"KuCoin gave no answer in {self.host.deadlines.of(trip.endpoint.kind):g} s.")

    async def _persist(self, trip: Trip) -> object:
        pauses = islice(backoff(self._pools.chance), _ATTEMPTS - 1)
        while True:
            failure: KucoinError
            try:
                return await self._attempt(trip)
            except ClockSkew:
                if trip.resynced:
                    raise
                trip.resynced = True
                continue
            except RateLimited as error:
                failure = trip.failure(str(error), error.code) if trip.doubted else error
                pause = next(pauses, None) if error.retry_after < trip.left() else None
            except (Unavailable, OutcomeUnknown) as error:
                failure, pause = trip.failure(str(error), error.code), next(pauses, None)
            if pause is None:
                raise failure
            await self._sleep(pause)

    async def _attempt(self, trip: Trip) -> object:
        """One request, one verdict, as strict as if an order hung on it."""
        endpoint = trip.endpoint
        if endpoint.permission:
            await self._ready_to_sign(trip)
        patience = timedelta(0) if endpoint.kind is Kind.ORDER else trip.left()
        await self._pools.take(endpoint.pool, endpoint.weight, urgent=endpoint.urgent, patience=patience)
        headers: Mapping[str, str] = {}
        try:
            async with self._lanes.of(endpoint):
                answer = await self._exchange(trip)
            headers = answer.headers
        finally:
            self._pools.settle(endpoint.pool, endpoint.weight, headers)
        return self._judged(answer, trip)

    async def _ready_to_sign(self, trip: Trip) -> None:
        if trip.credentials is None:
            raise BadCredentials("No KuCoin API key is set.")
        if not self.clock.measured:
            async with self._measuring:
                if not self.clock.measured:
                    await self.clock.measure(self._their_millis)
        if trip.endpoint.kind is Kind.ORDER and self.clock.uncertainty > _MOST_DOUBT:
            self.clock.forget()
            raise Unavailable("The exchange's clock is known too roughly to send an order.")

    async def _their_millis(self) -> int:
        millis = await self.call(TIME)
        if isinstance(millis, int) and 10**12 < millis < 10**13:
            return millis
        raise Unavailable("KuCoin's answer makes no sense: no time.")

    def _request(self, client: httpx.AsyncClient, trip: Trip) -> httpx.Request:
        endpoint, stamp = trip.endpoint, self.clock.millis()
        body = trip.body(stamp)
        headers = {"Content-Type": "application/json"}
        if endpoint.permission and trip.credentials is not None:
            headers |= sign(trip.credentials, stamp, endpoint.method, trip.target(raw=True), body)
        url = self.host.url.rstrip("/") + trip.target(raw=False)
        return client.build_request(endpoint.method, url, headers=headers, content=body, extensions=trip.extensions)

    async def _exchange(self, trip: Trip) -> Answer:
        client = self._fresh if trip.endpoint.kind is Kind.ORDER else self._kept
        request = self._request(client, trip)
        trip.flying = True
        failure: KucoinError
        try:
            answer = await _sent(client, request, trip.endpoint.cap)
            trip.flying = False
            return answer
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            failure, cause = Unavailable("KuCoin cannot be reached."), type(error).__name__
        except (httpx.RequestError, BodyTooBig) as error:
            failure, cause = OutcomeUnknown("KuCoin's answer broke off or cannot be read."), type(error).__name__
            trip.doubted = True
        # raised out here, the error has no context: httpx's holds the request with its signature
        trip.flying = False
        _log.info("%s %s: %s", trip.endpoint.method, trip.endpoint.path, cause)
        raise failure

    def _judged(self, answer: Answer, trip: Trip) -> object:
        try:
            return data_of(answer, trip.endpoint, self.host.venue)
        except RateLimited as error:
            self._pools.close(trip.endpoint.pool, error.retry_after)
            raise
        except ClockSkew:
            self.clock.forget()
            raise
        except OutcomeUnknown:
            trip.doubted = True
            raise


def _client(
    transport: httpx.AsyncBaseTransport | None, context: ssl.SSLContext | bool, limits: httpx.Limits
) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        verify=context,
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "kucoin-chatbot", "Accept-Encoding": "gzip, deflate"},
        timeout=httpx.Timeout(None, connect=_CONNECT, pool=_CONNECT),
        limits=limits,
    )


async def _sent(client: httpx.AsyncClient, request: httpx.Request, cap: int) -> Answer:
    async with aclosing(await client.send(request, stream=True)) as response:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        body = await inflated(response.aiter_raw(), encoding, cap)
    return Answer(status=response.status_code, headers=response.headers, body=body)
