"""One call against a scripted host: what is sent, how often, and which error comes out."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from chatbot.core.errors import (
    BadCredentials,
    ClockSkew,
    KucoinError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    UnknownOrder,
)
from chatbot.core.market import Venue
from chatbot.core.times import Now, Sleep, to_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.clock import ExchangeClock
from chatbot.kucoin.pools import PoolName, Pools
from chatbot.kucoin.rest import Host, Rest

OK = '{"code":"200000","data":{"orderId":"1"}}'
SPENT = {"gw-ratelimit-limit": "4000", "gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "2500"}
LIMITED = '{"code":"429000","msg":"Too many requests"}'
CANCEL = {"orderId": "1", "symbol": "SOL-USDT"}

Step = httpx.Response | httpx.RequestError


class Script:
    """Plays its steps in turn, the last one for ever; the exchange's time is asked apart."""

    def __init__(self, reply: Callable[..., httpx.Response], now: Now) -> None:
        self.reply = reply
        self.now = now
        self.steps: list[Callable[[], Step]] = []
        self.seen: list[httpx.Request] = []
        self.clock_asked = 0
        self.ahead = timedelta(0)

    def then(self, body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> "Script":
        self.steps.append(lambda: self.reply(body, status=status, headers=headers))
        return self

    def fails(self, error: type[httpx.RequestError]) -> "Script":
        self.steps.append(lambda: error("CANARY"))
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/api/v1/timestamp"):
            self.clock_asked += 1
            return self.reply(f'{{"code":"200000","data":{to_millis(self.now() + self.ahead)}}}')
        self.seen.append(request)
        step = (self.steps.pop(0) if len(self.steps) > 1 else self.steps[0])()
        if isinstance(step, httpx.RequestError):
            step.request = request
            raise step
        return step


@pytest.fixture
def script(reply: Callable[..., httpx.Response], now: Now) -> Script:
    return Script(reply, now)


@pytest.fixture
def rest(connect: Callable[..., Rest], script: Script) -> Rest:
    return connect(script)


def ask(rest: Rest) -> object:
    return asyncio.run(rest.call(endpoints.BALANCES, {"currency": "USDT"}))


def cancel(rest: Rest) -> object:
    return asyncio.run(rest.call(endpoints.SPOT_CANCEL, CANCEL))


def order(rest: Rest) -> object:
    return asyncio.run(rest.order(endpoints.SPOT_PLACE, lambda stamp: {"clientTimestamp": stamp}))


def signature(request: httpx.Request, path: str) -> str:
    message = f"{request.headers['KC-API-TIMESTAMP']}{request.method}{path}".encode() + request.content
    return base64.b64encode(hmac.digest(b"the-secret", message, hashlib.sha256)).decode()


# what is sent


@pytest.mark.parametrize("send", [ask, cancel, order])
def test_the_signature_covers_the_very_bytes_on_the_wire(
    script: Script, rest: Rest, send: Callable[[Rest], object]
) -> None:
    script.then(OK)
    send(rest)
    (request,) = script.seen
    path = request.url.raw_path.decode().removeprefix("/prefix")
    assert path.startswith("/api/")
    assert request.headers["KC-API-SIGN"] == signature(request, path)
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["KC-API-KEY-VERSION"] == "3"


def test_a_symbol_in_another_script_is_signed_raw_and_sent_encoded(script: Script, rest: Rest) -> None:
    script.then(OK)
    asyncio.run(rest.call(endpoints.SPOT_CANCEL, {"orderId": "1", "symbol": "币安-USDT"}))
    assert script.seen[0].url.raw_path == b"/prefix/api/v1/hf/orders/1?symbol=%E5%B8%81%E5%AE%89-USDT"
    expected = signature(script.seen[0], "/api/v1/hf/orders/1?symbol=币安-USDT")
    assert script.seen[0].headers["KC-API-SIGN"] == expected


def test_a_list_of_symbols_keeps_its_commas(script: Script, rest: Rest) -> None:
    script.then(OK)
    asyncio.run(rest.call(endpoints.SPOT_FEES, {"symbols": "A-USDT,B-USDT"}))
    assert script.seen[0].url.raw_path.endswith(b"?symbols=A-USDT,B-USDT")


def test_an_order_is_stamped_in_its_body_as_in_its_signature(script: Script, rest: Rest) -> None:
    script.ahead = timedelta(minutes=2)
    script.then(OK)
    order(rest)
    stamp = int(script.seen[0].headers["KC-API-TIMESTAMP"])
    assert json.loads(script.seen[0].content) == {"clientTimestamp": stamp}
    assert stamp == to_millis(script.now() + script.ahead)


def test_a_public_question_needs_no_key_and_shows_none(connect: Callable[..., Rest], script: Script) -> None:
    script.then(OK)
    asyncio.run(connect(script, key="").call(endpoints.SPOT_SYMBOLS))
    assert not [name for name in script.seen[0].headers if name.startswith("kc-")]
    assert script.clock_asked == 0


@pytest.mark.parametrize("send", [ask, cancel, order])
def test_without_a_key_nothing_is_signed_and_nothing_sent(
    connect: Callable[..., Rest], script: Script, send: Callable[[Rest], object]
) -> None:
    with pytest.raises(BadCredentials):
        send(connect(script, key=""))
    assert script.seen == []


# orders: once


UNSENT: list[type[httpx.RequestError]] = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]
BROKEN: list[type[httpx.RequestError]] = [
    httpx.ReadTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.WriteTimeout,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
    httpx.DecodingError,
    httpx.UnsupportedProtocol,
]
PAGES = [
    ("", 200),
    ("<html>502 Bad Gateway</html>", 502),
    ("<html>blocked</html>", 403),
    ('{"code":"500000","msg":"Internal Server Error"}', 500),
    ('{"code":"230005","msg":"System busy"}', 200),
    ('{"code":"408000","msg":"timeout"}', 200),
    ('{"code":"200000","da', 200),
    ("", 302),
    (LIMITED, 429),
]


@pytest.mark.parametrize("error", UNSENT)
def test_an_order_that_never_left_is_known_as_such_and_still_not_repeated(
    script: Script, rest: Rest, error: type[httpx.RequestError]
) -> None:
    script.fails(error)
    with pytest.raises(Unavailable):
        order(rest)
    assert len(script.seen) == 1


@pytest.mark.parametrize("error", BROKEN)
def test_an_order_whose_answer_was_lost_is_sent_once_and_in_doubt(
    script: Script, rest: Rest, error: type[httpx.RequestError]
) -> None:
    script.fails(error)
    with pytest.raises(OutcomeUnknown):
        order(rest)
    assert len(script.seen) == 1


@pytest.mark.parametrize(("body", "status"), PAGES)
def test_an_order_with_an_answer_that_proves_nothing_is_sent_once_and_in_doubt(
    script: Script, rest: Rest, body: str, status: int
) -> None:
    script.then(body, status, {"Location": "https://elsewhere.test/"})
    with pytest.raises(OutcomeUnknown):
        order(rest)
    assert len(script.seen) == 1


@pytest.mark.parametrize("code", ["200004", "400002", "400006", "600101"])
def test_a_refused_order_is_sent_once(script: Script, rest: Rest, code: str) -> None:
    script.then(f'{{"code":"{code}","msg":"no"}}')
    with pytest.raises(Rejected):
        order(rest)
    assert len(script.seen) == 1


def test_no_order_is_sent_while_the_exchanges_time_is_known_too_roughly(
    rest: Rest, script: Script, clock: ExchangeClock, slept: list[float]
) -> None:
    async def slow() -> int:
        slept.append(5.0)
        return to_millis(script.now())

    asyncio.run(clock.measure(slow))
    script.then(OK)
    script.then(OK)
    with pytest.raises(Unavailable, match="too roughly"):
        order(rest)
    assert script.seen == []
    order(rest)
    assert len(script.seen) == 1, "it was measured again, and well"


def test_an_order_does_not_wait_for_a_budget(script: Script, rest: Rest, pools: Pools, slept: list[float]) -> None:
    pools.close(PoolName.SPOT, timedelta(seconds=3))
    script.then(OK)
    with pytest.raises(RateLimited) as refused:
        order(rest)
    assert refused.value.retry_after == timedelta(seconds=3)
    assert (script.seen, slept) == ([], [])


def test_an_order_refused_for_the_budget_was_not_taken_and_closes_the_pool(script: Script, rest: Rest) -> None:
    script.then(LIMITED, 429, SPENT)
    for _ in range(2):
        with pytest.raises(RateLimited):
            order(rest)
    assert len(script.seen) == 1


# questions: again, within reason


@pytest.mark.parametrize("error", UNSENT + BROKEN)
def test_a_question_is_asked_again(script: Script, rest: Rest, error: type[httpx.RequestError]) -> None:
    script.fails(error).fails(error).then(OK)
    assert ask(rest) == {"orderId": "1"}
    assert len(script.seen) == 3


@pytest.mark.parametrize(("body", "status"), PAGES[:-1])
def test_a_question_without_a_usable_answer_ends_as_unavailable(
    script: Script, rest: Rest, body: str, status: int, slept: list[float]
) -> None:
    script.then(body, status)
    with pytest.raises(Unavailable):
        ask(rest)
    assert len(script.seen) == 4
    assert slept == [0.1, 0.2, 0.4]
    assert {str(request.url.host) for request in script.seen} == {"kucoin.test"}


@pytest.mark.parametrize("code", ["400100", "400007", "777777", "200004"])
def test_a_refused_question_is_not_asked_again(script: Script, rest: Rest, code: str) -> None:
    script.then(f'{{"code":"{code}","msg":"no"}}')
    with pytest.raises(Rejected):
        ask(rest)
    assert len(script.seen) == 1


def test_a_question_waits_out_a_rate_limit_that_ends_in_time(script: Script, rest: Rest, slept: list[float]) -> None:
    script.then(LIMITED, 429, SPENT).then(OK)
    assert ask(rest) == {"orderId": "1"}
    assert sum(slept) == pytest.approx(2.5)


def test_a_rate_limit_beyond_the_deadline_is_told_with_its_end(script: Script, rest: Rest) -> None:
    script.then(LIMITED, 429, {**SPENT, "gw-ratelimit-reset": "25000"})
    with pytest.raises(RateLimited) as refused:
        ask(rest)
    assert refused.value.retry_after > timedelta(seconds=20)
    assert len(script.seen) == 1


def test_a_block_of_our_address_keeps_later_questions_back(script: Script, rest: Rest) -> None:
    script.then("<html>error code: 1015</html>", 429)
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            ask(rest)
        assert refused.value.retry_after > timedelta(seconds=29)
    assert len(script.seen) == 1


# cancels: again, but never forgetting a doubt


def test_a_cancel_is_asked_again(script: Script, rest: Rest) -> None:
    script.fails(httpx.ReadError).then(OK)
    cancel(rest)
    assert len(script.seen) == 2


def test_a_cancel_that_never_left_did_nothing(script: Script, rest: Rest) -> None:
    script.fails(httpx.ConnectError)
    with pytest.raises(Unavailable):
        cancel(rest)


@pytest.mark.parametrize("last", [httpx.ConnectError, httpx.ReadTimeout])
def test_a_cancel_that_may_have_arrived_once_stays_in_doubt(
    script: Script, rest: Rest, last: type[httpx.RequestError]
) -> None:
    script.fails(httpx.ReadTimeout).fails(last)
    with pytest.raises(OutcomeUnknown):
        cancel(rest)


def test_a_rate_limit_after_a_doubt_does_not_hide_the_doubt(script: Script, rest: Rest) -> None:
    far = {**SPENT, "gw-ratelimit-reset": "250000"}
    script.fails(httpx.ReadTimeout).then(LIMITED, 429, far)
    with pytest.raises(OutcomeUnknown):
        cancel(rest)


def test_a_cancel_that_worked_unseen_is_told_by_its_second_answer(script: Script, rest: Rest) -> None:
    script.fails(httpx.ReadTimeout).then('{"code":"102436","msg":"unknown"}')
    with pytest.raises(UnknownOrder):
        cancel(rest)


# the clock


SKEWED = '{"code":"400002","msg":"KC-API-TIMESTAMP Invalid"}'


def test_the_clock_is_measured_before_the_first_signature_and_then_left_alone(script: Script, rest: Rest) -> None:
    script.ahead = timedelta(minutes=-2)
    script.then(OK)
    ask(rest)
    asked = script.clock_asked
    ask(rest)
    assert asked == script.clock_asked > 0
    assert int(script.seen[1].headers["KC-API-TIMESTAMP"]) == to_millis(script.now() + script.ahead)


@pytest.mark.parametrize("send", [ask, cancel])
def test_a_refused_stamp_is_measured_anew_and_signed_again_once(
    script: Script, rest: Rest, send: Callable[[Rest], object]
) -> None:
    script.then(OK)
    ask(rest)
    script.steps.clear()
    script.ahead = timedelta(hours=1)
    script.then(SKEWED, 400).then(OK)
    send(rest)
    before, after = (int(request.headers["KC-API-TIMESTAMP"]) for request in script.seen[1:])
    assert after - before == 3_600_000


def test_a_stamp_refused_twice_is_told(script: Script, rest: Rest) -> None:
    script.then(SKEWED, 400)
    with pytest.raises(ClockSkew):
        ask(rest)
    assert len(script.seen) == 2


def test_an_order_with_a_refused_stamp_is_not_repeated_but_the_next_one_is_right(script: Script, rest: Rest) -> None:
    script.then(OK)
    ask(rest)
    script.steps.clear()
    script.ahead = timedelta(hours=1)
    script.then(SKEWED, 400).then(OK)
    with pytest.raises(ClockSkew):
        order(rest)
    assert len(script.seen) == 2
    order(rest)
    stamp = int(script.seen[2].headers["KC-API-TIMESTAMP"])
    assert stamp == to_millis(script.now() + script.ahead)


def test_an_order_is_not_sent_when_the_clock_cannot_be_measured(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response]
) -> None:
    seen: list[str] = []

    def broken(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return reply('{"code":"200000","data":"soon"}')

    with pytest.raises(Unavailable):
        order(connect(broken))
    assert set(seen) == {"/prefix/api/v1/timestamp"}


# secrets


@pytest.mark.parametrize("send", [ask, cancel, order])
@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ConnectError])
def test_no_secret_gets_into_an_error_or_a_log(
    script: Script,
    rest: Rest,
    send: Callable[[Rest], object],
    error: type[httpx.RequestError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    script.fails(error)
    with caplog.at_level(logging.DEBUG), pytest.raises(KucoinError) as refused:
        send(rest)
    link: BaseException | None = refused.value
    told = [caplog.text]
    while link is not None:
        assert isinstance(link, KucoinError), "an error of httpx holds the signed request"
        told += [str(link), repr(link)]
        link = link.__cause__ or link.__context__
    secrets = ["the-key", "the-secret", "the-passphrase", "CANARY", script.seen[0].headers["KC-API-SIGN"]]
    assert not [secret for secret in secrets if secret in "".join(told)]


# the whole of it


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, connect: Callable[..., Rest]) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def main() -> object:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n" + b'{"code":"200000","data":[1]}')
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, connect(f"http://127.0.0.1:{port}") as rest:
            return await rest.call(endpoints.SPOT_SYMBOLS)

    assert asyncio.run(main()) == [1]


def test_urgent_calls_pass_the_queue_of_hanging_ones(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response], now: Now
) -> None:
    async def main() -> None:
        hang, full = asyncio.Event(), asyncio.Event()
        hanging: list[str] = []

        async def handler(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/timestamp"):
                return reply(f'{{"code":"200000","data":{to_millis(now())}}}')
            if request.url.path.endswith("/accounts"):
                hanging.append(request.url.path)
                if len(hanging) == 3:
                    full.set()
                await hang.wait()
            return reply(OK)

        rest = connect(handler)
        reads = [asyncio.create_task(rest.call(endpoints.BALANCES)) for _ in range(50)]
        await full.wait()
        await rest.call(endpoints.SPOT_CANCEL, CANCEL)
        await rest.order(endpoints.SPOT_PLACE, lambda stamp: {"clientTimestamp": stamp})
        assert len(hanging) == 3
        hang.set()
        assert len(await asyncio.gather(*reads)) == 50

    asyncio.run(main())


@pytest.mark.parametrize(("send", "kind"), [(ask, Unavailable), (cancel, OutcomeUnknown), (order, OutcomeUnknown)])
def test_an_answer_that_never_comes_ends_with_the_deadline(
    connect: Callable[..., Rest],
    reply: Callable[..., httpx.Response],
    now: Now,
    send: Callable[[Rest], object],
    kind: type[KucoinError],
) -> None:
    seen: list[str] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/timestamp"):
            return reply(f'{{"code":"200000","data":{to_millis(now())}}}')
        seen.append(request.method)
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(kind, match=r"no answer in 0\.1 s"):
        send(connect(handler, seconds=0.1))
    assert len(seen) == 1


def test_paper_mode_calls_an_application_instead_of_a_network(clock: ExchangeClock, pools: Pools, sleep: Sleep) -> None:
    def answer(_: Request) -> JSONResponse:
        return JSONResponse({"code": "200000", "data": 7})

    app = Starlette(routes=[Route("/spot/api/v1/status", answer)])
    rest = Rest(Host(url="http://paper/spot/", venue=Venue.SPOT, app=app), clock=clock, pools=pools, sleep=sleep)
    assert asyncio.run(rest.call(endpoints.STATUS)) == 7


def test_an_application_that_breaks_is_an_exchange_without_an_answer(
    clock: ExchangeClock, pools: Pools, sleep: Sleep
) -> None:
    def answer(_: Request) -> JSONResponse:
        raise RuntimeError

    app = Starlette(routes=[Route("/api/v1/status", answer)])
    rest = Rest(Host(url="http://paper", venue=Venue.SPOT, app=app), clock=clock, pools=pools, sleep=sleep)
    with pytest.raises(Unavailable, match="500"):
        asyncio.run(rest.call(endpoints.STATUS))
