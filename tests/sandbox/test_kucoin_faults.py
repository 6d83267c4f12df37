"""What can go wrong on the wire, and what has happened at the exchange when it did."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
import uvicorn

from chatbot.sandbox.faults import Fault
from chatbot.sandbox.kucoin_answers import DRIP_SECONDS, HUGE_BYTES
from tests.sandbox.kucoin_caller import World
from tests.sandbox.worlds import BTC, PERP

ORDERS = "/spot/api/v1/hf/orders"
WHAT: dict[str, object] = {"clientOid": "one", "side": "buy"}
SPOT = WHAT | {"symbol": BTC, "type": "limit", "price": "60000", "size": "0.01"}
FUTURES = WHAT | {"symbol": PERP, "type": "market", "size": 1, "leverage": 5}
PLACES = [(ORDERS, SPOT), (f"{ORDERS}/sync", SPOT), ("/futures/api/v1/orders", FUTURES)]


def broken(fault: Fault) -> World:
    world = World()
    world.faults.switch(fault, on=True)
    return world


async def post(world: World, url: str, body: dict[str, object]) -> httpx.Response:
    text = json.dumps(body)
    target = url.removeprefix("/spot").removeprefix("/futures")
    return await world.send("POST", url, text, world.signed("POST", target, text))


def hangs(world: World, url: str, body: dict[str, object]) -> bool:
    """Whether the call is still without an answer when the loop has nothing else left to do."""

    async def main() -> bool:
        call = asyncio.create_task(post(world, url, body))
        for _ in range(200):
            await asyncio.sleep(0)
        waiting = not call.done()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        return waiting

    return asyncio.run(main())


async def until(happened: Callable[[], bool]) -> None:
    """Nothing tells when the server has come so far: look again each time the loop comes round."""
    while not happened():  # noqa: ASYNC110
        await asyncio.sleep(0)


@pytest.mark.parametrize(("url", "body"), PLACES)
def test_with_a_lost_answer_the_order_exists(url: str, body: dict[str, object]) -> None:
    world = broken(Fault.LOST_ANSWER)
    assert hangs(world, url, body)
    assert len(world.exchange.orders) == 1


@pytest.mark.parametrize(("url", "body"), PLACES)
def test_with_a_lost_request_it_does_not_but_the_post_is_counted(url: str, body: dict[str, object]) -> None:
    world = broken(Fault.LOST_REQUEST)
    assert hangs(world, url, body)
    assert not world.exchange.orders
    assert world.exchange.posts == ["one"]


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST])
def test_only_posts_that_place_orders_are_lost(fault: Fault) -> None:
    world = broken(fault)
    assert not hangs(world, f"{ORDERS}/test", SPOT)
    assert world.call("GET", f"{ORDERS}/active?symbol=BTC-USDT").code == "200000"
    assert world.call("DELETE", f"{ORDERS}/cancelAll").code == "200000"


def test_a_lost_answer_stays_lost_whatever_else_is_wrong() -> None:
    world = broken(Fault.LOST_ANSWER)
    world.faults.switch(Fault.GARBAGE, on=True)
    assert hangs(world, ORDERS, SPOT)


def test_an_instant_fill_with_a_lost_answer_is_executed_again_by_whoever_sends_again() -> None:
    world = broken(Fault.LOST_ANSWER)
    market = WHAT | {"symbol": BTC, "type": "market", "funds": "50"}
    assert hangs(world, ORDERS, market)
    assert hangs(world, ORDERS, market)
    assert [each.request.client_oid for each in world.exchange.orders.values()] == ["one", "one"]
    assert len(world.exchange.fills) == 2


@pytest.mark.parametrize(("url", "body"), PLACES)
def test_an_error_after_the_order_was_accepted(url: str, body: dict[str, object]) -> None:
    world = broken(Fault.ERROR_AFTER_ACCEPT)
    answer = world.call("POST", url, body)
    assert (answer.status, answer.code) == (500, "500000")
    assert len(world.exchange.orders) == 1


def test_hidden_orders_are_in_no_answer_while_the_fault_is_on() -> None:
    world = World()
    order_id = world.place(price="60000", size="0.01").data["orderId"]
    world.place(clientOid="two", type="market", funds="50")
    world.place_futures(size=1)
    world.faults.switch(Fault.HIDDEN_ORDERS, on=True)
    for url in (f"{ORDERS}/{order_id}?symbol=BTC-USDT", f"{ORDERS}/client-order/one?symbol=BTC-USDT"):
        assert world.call("GET", url).code == "400100"
    assert world.call("GET", "/futures/api/v1/orders/byClientOid?clientOid=one").code == "100001"
    assert world.get(f"{ORDERS}/active?symbol=BTC-USDT") == []
    assert world.get(f"{ORDERS}/active/symbols") == {"symbols": []}
    for url in (f"{ORDERS}/done?symbol=BTC-USDT", "/spot/api/v1/hf/fills?symbol=BTC-USDT", "/futures/api/v1/fills"):
        assert world.get(url)["items"] == []
    world.faults.clear()
    assert world.get(f"{ORDERS}/{order_id}?symbol=BTC-USDT")["id"] == order_id


def test_rate_limited_and_unavailable_refuse_everything_and_nothing_happens() -> None:
    world = broken(Fault.RATE_LIMITED)
    limited = world.place(price="60000", size="0.01")
    assert (limited.status, limited.code) == (429, "429000")
    assert int(limited.headers["gw-ratelimit-reset"]) > 0
    world.faults.clear()
    world.faults.switch(Fault.UNAVAILABLE, on=True)
    page = asyncio.run(world.send("GET", "/spot/api/v1/timestamp"))
    assert page.status_code == 503
    assert page.text.startswith("<html>")
    assert not world.exchange.orders
    assert not world.exchange.posts


def test_garbage_and_truncated_answers_are_no_json_though_the_status_is_200() -> None:
    for fault in (Fault.GARBAGE, Fault.TRUNCATED):
        answer = asyncio.run(post(broken(fault), ORDERS, SPOT))
        assert answer.status_code == 200
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(answer.text)


def test_a_huge_answer_is_json_all_the_same() -> None:
    answer = asyncio.run(broken(Fault.HUGE).send("GET", "/spot/api/v1/timestamp"))
    assert len(answer.content) > HUGE_BYTES
    assert json.loads(answer.text)["code"] == "200000"


def test_a_slow_answer_comes_a_byte_at_a_time() -> None:
    world = broken(Fault.SLOW)
    answer = asyncio.run(world.send("GET", "/spot/api/v1/timestamp"))
    assert json.loads(answer.text)["code"] == "200000"
    assert world.slept == [DRIP_SECONDS] * len(answer.content)
    world.face.hang_up()
    assert asyncio.run(world.send("GET", "/spot/api/v1/timestamp")).content == b""


@pytest.mark.parametrize(
    ("fault", "status", "cancel"),
    [(Fault.MAINTENANCE, "close", "200002"), (Fault.CANCEL_ONLY, "cancelonly", "200000")],
)
def test_while_trading_is_closed_orders_are_refused_and_the_status_says_so(
    fault: Fault, status: str, cancel: str
) -> None:
    world = World()
    world.place(price="60000", size="0.01")
    world.faults.switch(fault, on=True)
    assert world.ask("GET", "/spot/api/v1/status").data["status"] == status
    assert world.ask("GET", "/futures/api/v1/status").data["status"] == status
    assert world.place(clientOid="two", price="60000", size="0.01").code == "200001"
    assert world.place_futures(size=1).code == "300002"
    assert world.call("DELETE", f"{ORDERS}/client-order/one?symbol=BTC-USDT").code == cancel
    assert len(world.exchange.orders) == 1


def test_a_clock_two_minutes_ahead_refuses_our_time_and_tells_its_own() -> None:
    world = broken(Fault.CLOCK_AHEAD)
    assert world.call("GET", "/spot/api/v1/accounts").code == "400002"
    told = world.ask("GET", "/spot/api/v1/timestamp").data
    assert told == 1_772_366_400_000 + 120_000
    headers = world.signed("GET", "/api/v1/accounts", ahead=120)
    assert world.ask("GET", "/spot/api/v1/accounts", headers=headers).code == "200000"


@pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.SLOW])
def test_a_real_server_stops_although_a_call_is_still_without_its_answer(fault: Fault) -> None:
    world = broken(fault)
    server = uvicorn.Server(uvicorn.Config(world.face.app, log_level="critical", lifespan="off"))
    text = json.dumps(SPOT)

    async def hold(port: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            url, headers = ORDERS, world.signed("POST", ORDERS.removeprefix("/spot"), text)
            call = asyncio.create_task(client.post(url, content=text, headers=headers))
            await until(lambda: bool(world.exchange.posts))
            world.face.hang_up()
            server.should_exit = True
            await asyncio.gather(call, return_exceptions=True)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        asyncio.run(hold(listener.getsockname()[1]))
        thread.join(timeout=20)
    assert not thread.is_alive()


def test_a_slow_answer_ends_when_its_caller_goes_away() -> None:
    world = broken(Fault.SLOW)
    url = "/spot/api/v1/market/allTickers"

    async def main() -> None:
        sent = 0

        async def receive() -> dict[str, object]:
            await until(lambda: sent >= 10)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            nonlocal sent
            sent += message["type"] == "http.response.body"

        first = True

        async def body_first() -> dict[str, object]:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": b"", "more_body": False}
            return await receive()

        scope: dict[str, object] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": url,
            "raw_path": url.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [],
            "client": ("127.0.0.1", 1),
        }
        await asyncio.wait_for(world.face.app(scope, body_first, send), timeout=20)  # type: ignore[arg-type]
        assert sent < 100

    asyncio.run(main())
