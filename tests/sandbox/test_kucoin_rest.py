"""Who is let in, in which order the gateway asks, and what a call costs."""

import json
from datetime import timedelta

import pytest

from chatbot.sandbox.kucoin_futures import FUTURES_ENDPOINTS
from chatbot.sandbox.kucoin_spot import SPOT_ENDPOINTS
from tests.sandbox.kucoin_caller import World, api_key
from tests.sandbox.worlds import BTC

ACCOUNTS = "/spot/api/v1/accounts"


def test_a_well_signed_call_is_answered_in_kucoins_envelope() -> None:
    answer = World().call("GET", ACCOUNTS)
    assert (answer.status, answer.code) == (200, "200000")
    assert {row["type"] for row in answer.data} == {"main", "trade"}


WRONG = [
    ("no key", {"KC-API-KEY": ""}, 400, "400001"),
    ("no passphrase", {"KC-API-PASSPHRASE": ""}, 400, "400001"),
    ("no version", {"KC-API-KEY-VERSION": ""}, 400, "400001"),
    ("no number", {"KC-API-TIMESTAMP": "noon"}, 400, "400002"),
    ("another key", {"KC-API-KEY": "key-two"}, 401, "400003"),
    ("version 1", {"KC-API-KEY-VERSION": "1"}, 400, "400008"),
    ("version 9", {"KC-API-KEY-VERSION": "9"}, 400, "400009"),
    ("a plain passphrase", {"KC-API-PASSPHRASE": "a phrase of mine"}, 401, "400004"),
    ("another signature", {"KC-API-SIGN": "bm8="}, 401, "400005"),
]


@pytest.mark.parametrize(("what", "change", "status", "code"), WRONG, ids=[each[0] for each in WRONG])
def test_each_bad_header_has_its_code_and_status(what: str, change: dict[str, str], status: int, code: str) -> None:
    world = World()
    answer = world.ask("GET", ACCOUNTS, headers=world.signed("GET", "/api/v1/accounts") | change)
    assert (answer.status, answer.code) == (status, code), what
    assert answer.headers["gw-ratelimit-limit"] == "2000"


@pytest.mark.parametrize(("ahead", "code"), [(-5.001, "400002"), (-5, "200000"), (5, "200000"), (5.001, "400002")])
def test_the_clock_may_be_five_seconds_off(ahead: float, code: str) -> None:
    world = World()
    headers = world.signed("GET", "/api/v1/accounts", ahead=ahead)
    assert world.ask("GET", ACCOUNTS, headers=headers).code == code


def test_key_version_two_is_let_in() -> None:
    world = World()
    headers = world.signed("GET", "/api/v1/accounts") | {"KC-API-KEY-VERSION": "2"}
    assert world.ask("GET", ACCOUNTS, headers=headers).code == "200000"


def test_the_signature_covers_method_path_query_and_the_very_bytes_of_the_body() -> None:
    world = World()
    good = '{"timeout": 60, "symbols": ""}'
    url, target = "/spot/api/v1/hf/orders/dead-cancel-all", "/api/v1/hf/orders/dead-cancel-all"
    assert world.ask("POST", url, good, world.signed("POST", target, good)).code == "200000"
    assert world.ask("POST", url, good.replace(" ", ""), world.signed("POST", target, good)).code == "400005"
    assert world.ask("GET", ACCOUNTS, headers=world.signed("DELETE", "/api/v1/accounts")).code == "400005"
    headers = world.signed("GET", "/api/v1/accounts?type=main")
    assert world.ask("GET", ACCOUNTS + "?type=trade", headers=headers).code == "400005"


def test_the_query_is_signed_as_it_reads_before_percent_encoding() -> None:
    world = World()
    headers = world.signed("GET", "/api/v1/trade-fees?symbols=BTC-USDT,ETH-USDT")
    url = "/spot/api/v1/trade-fees?symbols=BTC-USDT%2CETH-USDT"
    assert [row["symbol"] for row in world.ask("GET", url, headers=headers).data] == ["BTC-USDT", "ETH-USDT"]


def test_an_address_outside_the_whitelist_is_named_and_refused() -> None:
    answer = World(ips=frozenset({"203.0.113.7"})).call("GET", ACCOUNTS)
    assert (answer.status, answer.code) == (403, "400006")
    assert "127.0.0.1" in answer.body["msg"]


def test_a_whitelist_is_told_with_its_middle_masked_and_left_out_when_there_is_none() -> None:
    world = World(ips=frozenset({"127.0.0.1", "203.0.113.7"}))
    assert world.get("/spot/api/v1/user/api-key")["ipWhitelist"] == "127.**.1,203.**.7"
    assert "ipWhitelist" not in World().get("/spot/api/v1/user/api-key")


PRIVATE = [
    (host, each)
    for host, table in (("/spot", SPOT_ENDPOINTS), ("/futures", FUTURES_ENDPOINTS))
    for each in table
    if each.permission is not None
]


@pytest.mark.parametrize(("host", "endpoint"), PRIVATE, ids=[f"{e.method} {h}{e.path}" for h, e in PRIVATE])
def test_each_private_endpoint_wants_its_permission_and_nothing_else(host: str, endpoint: object) -> None:
    method, path = getattr(endpoint, "method", ""), str(getattr(endpoint, "path", ""))
    permission = str(getattr(endpoint, "permission", ""))
    url = host + path.replace("{", "").replace("}", "")
    body: dict[str, object] | None = {} if method == "POST" else None
    others = frozenset({"General", "Spot", "Futures", "Margin", "Transfer"} - {permission})
    refused = World(permissions=others).call(method, url, body)
    assert (refused.status, refused.code) == (403, "400007")
    assert World(permissions=frozenset({permission})).call(method, url, body).code != "400007"


def test_nothing_here_can_send_money_away() -> None:
    paths = [each.path for each in (*SPOT_ENDPOINTS, *FUTURES_ENDPOINTS)]
    assert not [path for path in paths if "withdraw" in path or "transfer" in path or "deposit" in path]


def test_public_endpoints_ask_for_no_signature() -> None:
    world = World()
    assert world.ask("GET", "/spot/api/v1/timestamp").data == 1_772_366_400_000
    assert world.ask("GET", "/futures/api/v1/timestamp").data == 1_772_366_400_000


def test_unknown_paths_wrong_methods_and_wrong_bodies_have_their_statuses() -> None:
    world = World()
    assert world.ask("GET", "/spot/api/v1/nothing").status == 404
    assert world.ask("GET", "/futures/api/v1/hf/orders").code == "404000"
    assert world.ask("DELETE", "/spot/api/v1/timestamp").status == 405
    target, body = "/api/v1/hf/orders", "[]"
    headers = world.signed("POST", target, body)
    assert world.ask("POST", "/spot" + target, body, headers | {"Content-Type": "text/plain"}).code == "415000"
    assert world.ask("POST", "/spot" + target, body, headers).status == 400
    assert world.ask("POST", "/spot" + target, "{", world.signed("POST", target, "{")).status == 400


def test_every_answer_says_what_is_left_of_its_pool() -> None:
    world = World()
    first = world.call("GET", "/spot/api/v1/hf/fills?symbol=BTC-USDT")
    assert first.headers["gw-ratelimit-limit"] == "4000"
    assert first.headers["gw-ratelimit-remaining"] == "3998"
    assert first.headers["gw-ratelimit-reset"] == "30000"
    world.clock.advance(10)
    second = world.call("GET", "/spot/api/v1/hf/accounts/opened")
    assert second.headers["gw-ratelimit-remaining"] == "3968"
    assert second.headers["gw-ratelimit-reset"] == "20000"
    assert world.call("GET", ACCOUNTS).headers["gw-ratelimit-remaining"] == "1995"
    assert world.ask("GET", "/spot/api/v1/timestamp").headers["gw-ratelimit-remaining"] == "1997"


def test_over_the_limit_a_call_is_refused_until_the_window_ends() -> None:
    world = World()
    for _ in range(2):
        assert world.call("DELETE", "/futures/api/v1/orders").status == 200
    over = world.call("DELETE", "/futures/api/v1/orders")
    assert (over.status, over.code) == (429, "429000")
    assert over.headers["gw-ratelimit-remaining"] == "400"
    assert world.call("GET", ACCOUNTS).status == 200
    world.clock.advance(30)
    assert world.call("DELETE", "/futures/api/v1/orders").status == 200


def test_private_pools_are_counted_by_uid_and_not_by_key() -> None:
    world = World()
    world.call("GET", ACCOUNTS)
    for uid, remaining in ((world.key.uid, "1990"), (2, "1995")):
        key = api_key(key=f"key-{uid}", uid=uid)
        world.face.keys[key.key] = key
        world.key = key
        assert world.call("GET", ACCOUNTS).headers["gw-ratelimit-remaining"] == remaining


def test_a_stale_order_is_refused_and_one_in_time_taken() -> None:
    world = World(visible_after=timedelta(0))
    body: dict[str, object] = {"clientOid": "one", "symbol": BTC, "side": "buy", "type": "market", "funds": "50"}
    sent = int(world.clock().timestamp() * 1000)
    text = json.dumps(body | {"clientTimestamp": sent, "allowMaxTimeWindow": 3000})
    headers = world.signed("POST", "/api/v1/hf/orders", text)
    world.clock.advance(3.001)
    assert world.ask("POST", "/spot/api/v1/hf/orders", text, headers).code == "102411"
    assert not world.exchange.orders
    world.clock.advance(-0.001)
    assert world.ask("POST", "/spot/api/v1/hf/orders", text, headers).code == "200000"


def test_a_key_shows_neither_secret_nor_passphrase() -> None:
    assert "secret-one" not in repr(api_key())
    assert "phrase" not in repr(api_key()).replace("passphrase", "")
