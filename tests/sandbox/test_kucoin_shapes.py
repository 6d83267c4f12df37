"""Every answer has the fields and JSON types that KuCoin's documents show, no more and no fewer.

The shapes name a type for each field: `string` where KuCoin sends numbers as text,
`number` where it sends them bare, `any` where it also sends null, `?` where it may leave
the field out.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sandbox.kucoin_caller import World
from tests.sandbox.worlds import BTC, PERP, Json

SHAPES: dict[str, dict[str, Json]] = json.loads(
    (Path(__file__).parents[1] / "data" / "sandbox_shapes.json").read_text(encoding="ascii")
)
TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, Decimal), "bool": (bool,)}
QUERY = {
    "/api/v1/market/candles": "type=1min",
    "/api/v1/trade-fees": "symbols=BTC-USDT",
    "/api/v1/kline/query": "granularity=1",
    "/api/v1/contract/funding-rates": "from=1772280000000&to=1772366400000",
    "/api/v2/getMaxOpenSize": "price=67000&leverage=5",
    "/api/v1/orders/byClientOid": "clientOid=resting",
    "/api/v1/account-overview": "currency=USDT",
    "/api/v1/prices": "currencies=BTC,ETH,USDT,KCS",
}
LIMIT: dict[str, object] = {"side": "buy", "type": "limit", "price": "60000", "size": "0.01", "symbol": BTC}
CONTRACT: dict[str, object] = {"side": "buy", "type": "limit", "price": "66000", "size": 1, "symbol": PERP}
BODIES: dict[str, dict[str, object]] = {
    "/api/v1/hf/orders": LIMIT | {"clientOid": "new"},
    "/api/v1/hf/orders/sync": LIMIT | {"clientOid": "new"},
    "/api/v1/hf/orders/test": LIMIT | {"clientOid": "new"},
    "/api/v1/stop-order": LIMIT | {"clientOid": "new", "stopPrice": "61000"},
    "/api/v1/hf/orders/dead-cancel-all": {"timeout": 60, "symbols": "BTC-USDT"},
    "/api/v1/orders": CONTRACT | {"clientOid": "new", "leverage": 5},
    "/api/v1/orders/test": CONTRACT | {"clientOid": "new", "leverage": 5},
}


def lived_in() -> tuple[World, dict[str, str]]:
    """A world in which every list has a row, and the ids that stand in paths."""
    world = World(ips=frozenset({"127.0.0.1"}))
    world.place_futures(clientOid="opened", size=10)
    world.clock.advance(8 * 3600)
    world.place(clientOid="done", type="market", funds="50")
    spot = world.place(clientOid="resting", **LIMIT).data["orderId"]
    stop = LIMIT | {"clientOid": "stop", "stopPrice": "61000", "remark": "mine"}
    world.call("POST", "/spot/api/v1/stop-order", stop)
    world.call("POST", "/spot/api/v1/hf/orders/dead-cancel-all", BODIES["/api/v1/hf/orders/dead-cancel-all"])
    futures = world.place_futures(clientOid="resting", **CONTRACT).data["orderId"]
    trigger = {"stop": "down", "stopPrice": "60000", "stopPriceType": "MP"}
    world.place_futures(clientOid="stop", **CONTRACT, **trigger)
    account = world.get("/spot/api/v1/accounts")[0]["id"]
    return world, {"spot": spot, "futures": futures, "{accountId}": account, "{clientOid}": "resting"}


def check(shape: Json, value: Json, where: str) -> None:
    if isinstance(shape, dict):
        assert isinstance(value, dict), where
        wanted = {name for name in shape if not name.endswith("?")}
        assert wanted <= value.keys() <= {name.removesuffix("?") for name in shape}, where
        for name, part in value.items():
            check(shape[name] if name in shape else shape[f"{name}?"], part, f"{where}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        assert value or not shape, f"{where} is empty"
        for part in value if shape else []:
            check(shape[0], part, f"{where}[]")
    elif shape != "any":
        assert isinstance(value, TYPES[shape]), f"{where}: {value!r} is no {shape}"
        assert isinstance(value, bool) is (shape == "bool"), where


CASES = [(host, line) for host in SHAPES for line in SHAPES[host]]


@pytest.mark.parametrize(("host", "line"), CASES, ids=[" ".join(case) for case in CASES])
def test_an_answer_has_the_shape_of_kucoins_own(host: str, line: str) -> None:
    world, ids = lived_in()
    method, _, path = line.partition(" ")
    symbol = BTC if host == "spot" else PERP
    query = "&".join(part for part in (f"symbol={symbol}", QUERY.get(path, "")) if part)
    for name, value in {"{symbol}": str(symbol), "{orderId}": ids[host], **ids}.items():
        path = path.replace(name, value)
    url = f"/{host}{path}"
    answer = world.call("POST", url, BODIES[path]) if method == "POST" else world.call(method, f"{url}?{query}")
    assert answer.code == "200000", answer.body
    check(SHAPES[host][line], answer.data, line)


def test_the_check_sees_what_it_is_for() -> None:
    for shape, value in (
        ({"a": "string"}, {"a": 1}),
        ({"a": "number"}, {"a": "1"}),
        ({"a": "number"}, {"a": True}),
        ({"a": "number"}, {}),
        ({"a": "number"}, {"a": 1, "b": 2}),
        (["string"], []),
    ):
        with pytest.raises(AssertionError):
            check(shape, value, "here")
    check({"a": ["number"], "b?": "any"}, {"a": [Decimal("0.5"), 2]}, "here")
