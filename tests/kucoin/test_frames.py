import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.core.feed import (
    Channel,
    FundingSettled,
    MoneyMoved,
    News,
    OrderNews,
    PositionNews,
    PredictedRate,
    Stream,
    Tick,
)
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import from_millis
from chatbot.kucoin.frames import Conversation, Terms
from chatbot.kucoin.ticks import Line

Json = Any
BTC, PERP = Symbol("BTC-USDT"), Symbol("XBTUSDTM")
NOON = 1_772_366_400_000
SPOT_TOPIC, PERP_TOPIC, RATE_TOPIC = (
    "/market/ticker:BTC-USDT",
    "/contractMarket/ticker:XBTUSDTM",
    "/contract/instrument:XBTUSDTM",
)
ACCOUNT = frozenset(
    {"/spotMarket/tradeOrdersV2", "/account/balance", "/contractMarket/tradeOrders", "/contract/positionAll"}
)
PUBLIC = frozenset({SPOT_TOPIC, PERP_TOPIC, RATE_TOPIC})
BEGAN = 1000.0


class Talk:
    """A conversation at `now`; pings every 18 s, pongs within 10."""

    def __init__(
        self,
        topics: frozenset[str] = PUBLIC,
        channel: Channel = Channel.PUBLIC,
        lines: dict[str, Line] | None = None,
        *,
        welcome: bool = True,
    ) -> None:
        self.now = BEGAN
        terms = Terms(
            stream=Stream(venue=Venue.SPOT, channel=channel),
            ping_interval=18,
            ping_timeout=10,
            began=BEGAN,
            began_millis=NOON,
        )
        self.conversation = Conversation(terms, {} if lines is None else lines)
        self.conversation.want(topics)
        if welcome:
            self.hears({"id": "x", "type": "welcome"})

    def hears(self, frame: Json) -> News | None:
        text = frame if isinstance(frame, str | bytes) else json.dumps(frame)
        return self.conversation.receive(text, self.now)

    def says(self) -> list[Json]:
        return [json.loads(text) for text in self.conversation.outgoing(self.now)]

    def confirms(self) -> None:
        """Acks whatever is asked, until nothing is."""
        while asked := self.says():
            for message in asked:
                self.hears({"id": message["id"], "type": "pong" if message["type"] == "ping" else "ack"})

    def dead(self) -> str | None:
        return self.conversation.dead(self.now)


def tick(sequence: int = 1, price: str = "67412.3", symbol: str = BTC) -> Json:
    data = {"sequence": str(sequence), "price": price, "size": "0.001", "time": NOON}
    return {"type": "message", "topic": f"/market/ticker:{symbol}", "subject": "trade.ticker", "data": data}


def private(topic: str, data: Json, subject: str = "any") -> Json:
    return {
        "type": "message",
        "topic": topic,
        "subject": subject,
        "channelType": "private",
        "userId": "u",
        "data": data,
    }


def test_nothing_is_said_before_the_welcome() -> None:
    talk = Talk(welcome=False)
    assert talk.says() == []
    assert talk.conversation.wakes_at(talk.now) == BEGAN + 10
    talk.hears({"id": "x", "type": "welcome"})
    assert talk.conversation.stirred
    assert [message["type"] for message in talk.says()] == ["subscribe"]


def test_it_is_whole_when_every_subscription_was_confirmed() -> None:
    talk, whole = Talk(), []
    for topics in (PUBLIC, PUBLIC | {"/market/ticker:ETH-USDT"}):
        talk.conversation.want(topics)
        whole.append(talk.conversation.whole)
        talk.confirms()
        whole.append(talk.conversation.whole)
    assert whole == [False, True, False, True]


def test_a_tick_is_told_as_it_came() -> None:
    talk = Talk()
    assert talk.hears(tick()) == Tick(BTC, "67412.3", NOON)
    assert talk.hears(tick()) is None
    assert talk.conversation.garbage == 0
    futures = {"symbol": PERP, "sequence": 5, "price": "67400", "ts": NOON * 10**6}
    assert talk.hears({"topic": PERP_TOPIC, "type": "message", "subject": "ticker", "data": futures}) == Tick(
        PERP, "67400", NOON
    )
    data = {"granularity": 60000, "fundingRate": -3.4e-05, "timestamp": NOON}
    told = talk.hears({"topic": RATE_TOPIC, "type": "message", "subject": "funding.rate", "data": data})
    assert told == PredictedRate(symbol=PERP, rate=Decimal("-0.000034"), at=from_millis(NOON))


def test_a_step_back_is_counted_and_dropped_also_over_two_conversations() -> None:
    lines: dict[str, Line] = {}
    first = Talk(lines=lines)
    assert first.hears(tick(9))
    assert first.hears(tick(8)) is None
    assert first.conversation.garbage == 1
    second = Talk(lines=lines)
    late = tick(1)
    late["data"]["time"] = NOON - 1
    assert second.hears(late) is None
    assert second.conversation.garbage == 1
    assert second.hears(tick(2))


def test_a_word_on_its_way_when_its_topic_was_given_up_is_no_garbage() -> None:
    talk = Talk()
    assert talk.hears(tick(symbol="ETH-USDT")) is None
    talk.conversation.want(frozenset({PERP_TOPIC}))
    assert talk.hears(tick()) is None
    assert talk.conversation.garbage == 0


def test_news_of_orders_of_both_venues() -> None:
    talk = Talk(ACCOUNT, Channel.PRIVATE)
    spot = {"symbol": BTC, "orderId": "67", "clientOid": "t418", "type": "match", "ts": NOON * 10**6, "orderTime": 1}
    told = talk.hears(private("/spotMarket/tradeOrdersV2", spot, "orderChange"))
    assert told == OrderNews(symbol=BTC, venue=Venue.SPOT, order_id="67", client_oid="t418", at=from_millis(NOON))
    futures = {"symbol": PERP, "orderId": "24", "type": "open", "ts": NOON * 10**6}
    told = talk.hears(private("/contractMarket/tradeOrders:XBTUSDTM", futures, "symbolOrderChange"))
    assert told == OrderNews(symbol=PERP, venue=Venue.FUTURES, order_id="24", client_oid="", at=from_millis(NOON))


@pytest.mark.parametrize(
    ("event", "available", "hold", "change"),
    [
        ("main.deposit", "25.5", "0", "25.5"),
        ("main.withdraw_done", "0", "-12", "-12"),
        ("main.withdraw_hold", "-12", "12", None),
        ("trade.setted", "1", "0", None),
        ("trade_hf.hold", "-1", "1", None),
        ("other", "1", "0", None),
    ],
)
def test_only_money_that_came_or_went_has_moved(event: str, available: str, hold: str, change: str | None) -> None:
    talk = Talk(ACCOUNT, Channel.PRIVATE)
    data = {
        "currency": "USDT",
        "availableChange": available,
        "holdChange": hold,
        "relationEvent": event,
        "time": str(NOON),
    }
    told = talk.hears(private("/account/balance", data, "account.balance"))
    moved = change and MoneyMoved(currency="USDT", change=Decimal(change), at=from_millis(NOON))
    assert told == moved
    assert talk.conversation.garbage == 0


def test_funding_that_was_paid_names_its_contract_where_it_can() -> None:
    talk = Talk(ACCOUNT, Channel.PRIVATE)
    data = {"fundingTime": NOON, "qty": 10, "fundingRate": 0.0001, "fundingFee": -0.06, "settleCurrency": "XBT"}
    paid = FundingSettled(
        symbol=None,
        fee=Decimal("-0.06"),
        rate=Decimal("0.0001"),
        currency="BTC",
        at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    told = talk.hears(private("/contract/positionAll", data, "position.settlement"))
    assert told == paid
    for named in (
        private("/contract/position:XBTUSDTM", data, "position.settlement"),
        private("/contract/positionAll", {**data, "symbol": PERP}, "position.settlement"),
    ):
        told = talk.hears(named)
        assert isinstance(told, FundingSettled)
        assert told.symbol == PERP
    assert talk.conversation.garbage == 0


def test_a_position_that_moved_says_by_how_much_and_whether_it_changed() -> None:
    """What moves with the mark price alone comes without a symbol of its own, and mostly in the topic's name."""
    talk = Talk(ACCOUNT, Channel.PRIVATE)
    marked = {"markPrice": 60000.1, "markValue": 600.1, "settleCurrency": "USDT"}
    assert talk.hears(private("/contract/positionAll", marked, "position.change")) == PositionNews(
        symbol=None, mark=Decimal("60000.1"), changed=False
    )
    assert talk.hears(private("/contract/position:XBTUSDTM", marked, "position.change")) == PositionNews(
        symbol=PERP, mark=Decimal("60000.1"), changed=False
    )
    whole = {**marked, "symbol": PERP, "currentQty": 0, "isOpen": False, "markPrice": 0}
    assert talk.hears(private("/contract/positionAll", whole, "position.change")) == PositionNews(
        symbol=PERP, mark=None, changed=True
    )
    assert talk.hears(private("/contract/positionAll", marked, "position.adjustRiskLimit")) is None
    assert talk.conversation.garbage == 0


GARBAGE: tuple[Json, ...] = (
    "",
    "hello",
    b'{"type":"pong"}',
    b"\xff\x00",
    "[]",
    "null",
    "7",
    '"text"',
    '{"type":',
    "{}",
    '{"a":1}{"b":2}',
    '{"type":"surprise"}',
    '{"type":["ack"]}',
    '{"type":"ack"}',
    '{"type":"message"}',
    '{"type":"message","topic":["x"]}',
    '{"type":"message","topic":null}',
    '{"type":"message","topic":5,"subject":"trade.ticker","data":{}}',
    '{"type":"message","topic":{},"data":{}}',
    '{"type":"message","topic":"/foo:BTC-USDT","data":{}}',
    '{"topic":"/market/ticker:BTC-USDT"}',
    '{"topic":"/market/ticker:BTC-USDT","data":[]}',
    '{"topic":"/market/ticker:BTC-USDT","data":"x"}',
    '{"topic":"/market/ticker:BTC-USDT","data":{"sequence":"1","price":NaN,"time":1}}',
    '{"topic":"/market/ticker:BTC-USDT","data":{"sequence":"1","price":Infinity,"time":1}}',
    '{"topic":"/market/ticker:BTC-USDT","data":{"sequence":"x","price":"1","time":1772366400000}}',
    '{"topic":"/market/ticker:BTC-USDT","data":{"sequence":"1","price":"-1","time":1772366400000}}',
    '{"topic":"/market/ticker:BTC-USDT","data":{"sequence":"1","price":"٣","time":1772366400000}}',
    '{"topic":"/market/ticker:BTC-USDT","data":{"sequence":"1","price":"1","time":9999999999999}}',
    '{"topic":"/market/ticker:BTC-USDT","data":{"sequence":1e999,"price":"1","time":1772366400000}}',
    '{"type":"message","topic":"/spotMarket/tradeOrdersV2","data":{"symbol":"BTC-USDT"}}',
    '{"type":"message","topic":"/contract/positionAll","subject":"position.settlement","data":null}',
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"a":' + "9" * 5000 + "}",
)


@pytest.mark.parametrize("frame", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_counted_and_survived(frame: str | bytes) -> None:
    talk = Talk()
    assert talk.hears(frame) is None
    assert talk.conversation.garbage == 1
    assert talk.dead() is None
    assert talk.hears(tick()) is not None


def test_a_message_with_something_after_it_is_none() -> None:
    talk, text = Talk(), json.dumps(tick())
    assert talk.hears(text + "{}") is None
    assert talk.conversation.garbage == 1
    assert talk.hears(f" {text}\n") == Tick(BTC, "67412.3", NOON)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = {
    "topic": st.sampled_from(sorted(PUBLIC | ACCOUNT)) | JSON_VALUES,
    "type": st.sampled_from(["message", "ack", "pong", "error", "welcome"]) | JSON_VALUES,
    "subject": st.sampled_from(["funding.rate", "position.settlement"]) | JSON_VALUES,
    "id": JSON_VALUES,
    "code": JSON_VALUES,
    "data": JSON_VALUES
    | st.fixed_dictionaries(
        {
            "sequence": JSON_VALUES | st.just("5"),
            "price": JSON_VALUES | st.from_regex(r"[0-9.\-eE+٣]{1,9}", fullmatch=True),
            "time": JSON_VALUES | st.just(NOON),
            "ts": JSON_VALUES | st.just(NOON * 10**6),
        }
    ),
}


@given(st.text() | st.binary() | st.fixed_dictionaries({}, optional=FIELDS).map(json.dumps))
def test_no_frame_raises_and_none_yields_a_wrong_tick(frame: str | bytes) -> None:
    talk = Talk(PUBLIC | ACCOUNT)
    told = talk.hears(frame)
    talk.conversation.outgoing(talk.now)
    talk.conversation.wakes_at(talk.now)
    if isinstance(told, Tick):
        assert told.symbol in (BTC, PERP)
        assert told.digits.isascii()
        assert told.price > 0
        assert told.millis == NOON


RIGHT: tuple[Json, ...] = (
    {
        "type": "message",
        "topic": SPOT_TOPIC,
        "subject": "trade.ticker",
        "data": {"sequence": "5", "price": "6", "time": NOON},
    },
    {
        "type": "message",
        "topic": PERP_TOPIC,
        "subject": "ticker",
        "data": {"sequence": 5, "price": "6", "ts": NOON * 10**6},
    },
    {
        "type": "message",
        "topic": RATE_TOPIC,
        "subject": "funding.rate",
        "data": {"granularity": 60000, "fundingRate": 0.0001, "timestamp": NOON},
    },
    private(
        "/spotMarket/tradeOrdersV2",
        {"symbol": BTC, "orderId": "x", "clientOid": "y", "ts": NOON * 10**6},
        "orderChange",
    ),
    private(
        "/account/balance",
        {
            "currency": "BTC",
            "availableChange": "1",
            "holdChange": "2",
            "relationEvent": "main.deposit",
            "time": str(NOON),
        },
        "account.balance",
    ),
    private(
        "/contract/positionAll",
        {"fundingFee": 1, "fundingRate": 0.1, "settleCurrency": "USDT", "fundingTime": NOON, "symbol": PERP},
        "position.settlement",
    ),
    *({"type": kind, "id": "s1", "code": 404, "data": "words"} for kind in ("welcome", "pong", "ack", "error")),
)
NO_JSON_OR_TOO_BIG = ("NaN", "Infinity", "1e400", "1e999999999", "-1e999999", '"\\ud800"', '"\\u0000"')
ODD_VALUES = (
    *("null", "5", "-0", "1.5", "true", "[]", "{}", "[[]]", "1e99", "-1e99", "1e-99", "1760000000000.5"),
    *('""', '"x"', '":"', '"NaN"', '"Infinity"', '"-0"', '"0"', '"1e999999999"', '"/market/ticker:"', '"s1"'),
    *NO_JSON_OR_TOO_BIG,
)
ODD = st.sampled_from(ODD_VALUES) | JSON_VALUES.map(json.dumps) | st.integers(1, 5000).map(lambda n: "9" * n)
"""As they stand in a frame, good JSON or not."""


def places(frame: Json) -> list[tuple[str, ...]]:
    """Where something stands in a frame."""
    inner = frame["data"] if isinstance(frame["data"], dict) else {}
    return [*((name,) for name in frame), *(("data", name) for name in inner)]


def spoilt(frame: Json, place: tuple[str, ...], odd: str) -> str:
    """The frame with something odd in one place of it."""
    copy = json.loads(json.dumps(frame))
    (copy if len(place) == 1 else copy["data"])[place[-1]] = "@odd@"
    return json.dumps(copy).replace('"@odd@"', odd)


SPOILT = st.sampled_from(RIGHT).flatmap(
    lambda frame: st.builds(spoilt, st.just(frame), st.sampled_from(places(frame)), ODD)
)
"""Right but for one thing: these get far in."""


def survives(frame: str) -> None:
    talk = Talk(PUBLIC | ACCOUNT)
    talk.says()
    told = talk.hears(frame)
    assert told is None or isinstance(told, News), frame
    if isinstance(told, Tick):
        assert told.symbol in (BTC, PERP)
        assert told.price > 0
        assert told.price.is_finite()
    talk.dead()
    talk.conversation.outgoing(talk.now)
    talk.conversation.wakes_at(talk.now)


@pytest.mark.parametrize("frame", RIGHT, ids=[f"{frame['type']} {frame.get('topic', '')}" for frame in RIGHT])
def test_a_frame_with_one_odd_thing_anywhere_in_it_raises_nothing(frame: Json) -> None:
    for place in places(frame):
        for odd in ODD_VALUES:
            survives(spoilt(frame, place, odd))


@settings(max_examples=300)
@given(SPOILT)
def test_no_frame_that_is_right_but_for_one_thing_raises(frame: str) -> None:
    survives(frame)


def test_a_ping_leaves_every_interval_whatever_else_is_said() -> None:
    talk = Talk()
    talk.confirms()
    pings = []
    for _ in range(90):
        talk.now += 1
        talk.hears(tick(int(talk.now)))
        for message in talk.says():
            pings.append(talk.now - BEGAN)
            talk.hears({"id": message["id"], "type": "pong"})
    assert pings == [18, 36, 54, 72, 90]
    assert talk.dead() is None
    assert talk.conversation.wakes_at(talk.now) == talk.now + 18


def test_an_unanswered_ping_is_the_end_though_ticks_go_on() -> None:
    talk = Talk()
    talk.confirms()
    talk.now += 18
    (ping,) = talk.says()
    assert ping["type"] == "ping"
    assert talk.conversation.wakes_at(talk.now) == BEGAN + 28
    talk.now += 9.9
    talk.hears(tick())
    talk.hears({"id": "p0", "type": "pong"})
    assert talk.dead() is None
    talk.now = BEGAN + 28
    assert talk.dead() == "A ping was not answered."
    assert talk.says() == []


@pytest.mark.parametrize(
    ("welcome", "reason"), [(False, "No welcome came."), (True, "A subscription was not confirmed.")]
)
def test_what_is_never_answered_is_the_end(welcome: bool, reason: str) -> None:
    talk = Talk(welcome=welcome)
    talk.says()
    talk.now += 9.9
    assert talk.dead() is None
    talk.now += 0.1
    assert talk.dead() == reason


@pytest.mark.parametrize("code", [401, "401", 403, 509])
def test_an_error_about_us_is_the_end_whatever_it_refers_to(code: Json) -> None:
    talk = Talk()
    talk.confirms()
    talk.hears({"type": "error", "code": code, "data": "secret <b>words</b>"})
    assert talk.dead() == f"KuCoin said no ({code})."


@pytest.mark.parametrize(("code", "shown"), [(500, "500"), ("x y", "no code"), (None, "None"), ("９", "no code")])
def test_a_subscription_refused_for_any_other_reason_is_the_end(code: Json, shown: str) -> None:
    talk = Talk()
    (asked,) = talk.says()
    talk.hears({"id": asked["id"], "type": "error", "code": code, "data": None})
    assert talk.dead() == f"KuCoin said no ({shown})."


@pytest.mark.parametrize("code", [500, "400", 404, None])
def test_an_error_of_nothing_that_was_asked_is_garbage(code: Json) -> None:
    talk = Talk()
    talk.confirms()
    talk.hears({"id": "nobody-asked", "type": "error", "code": code, "data": None})
    assert talk.dead() is None
    assert talk.conversation.garbage == 1


@pytest.mark.parametrize("code", [404, "404", 400, 406])
def test_an_unknown_topic_is_left_out(code: Json) -> None:
    talk = Talk(frozenset({SPOT_TOPIC}))
    (asked,) = talk.says()
    talk.hears({"id": asked["id"], "type": "error", "code": code, "data": "topic is not found"})
    assert talk.dead() is None
    assert talk.conversation.whole
    assert talk.conversation.refused == {SPOT_TOPIC}


def test_after_too_long_a_silence_nothing_is_believed_and_the_last_word_stays_known() -> None:
    talk = Talk()
    talk.confirms()
    talk.hears(tick(1))
    talk.conversation.stirred = False
    talk.now += 28.5
    assert talk.hears(tick(2)) is None
    assert talk.conversation.stirred
    assert talk.conversation.heard == BEGAN
    assert talk.dead() == "Nothing was heard for too long."


def test_the_last_word_and_the_last_news_are_two_things() -> None:
    talk = Talk()
    talk.now += 1
    talk.hears(tick())
    talk.now += 1
    talk.hears({"id": "p1", "type": "pong"})
    assert (talk.conversation.heard, talk.conversation.told) == (BEGAN + 2, BEGAN + 1)


def test_how_far_a_word_is_ahead_is_told_by_the_time_the_connection_has_lasted() -> None:
    talk = Talk()
    told: list[News | None] = []
    for hours in (0, 1, 1, 30):
        talk.now = talk.conversation.heard = BEGAN + hours * 3600
        message = tick(len(told) + 1)
        message["data"]["time"] = NOON + 3_600_000
        told.append(talk.hears(message))
    assert [each.millis - NOON for each in told if isinstance(each, Tick)] == [0, 3_600_000, 3_600_000, 3_600_000]


def test_a_connection_of_many_days_still_believes_its_ticks() -> None:
    talk = Talk()
    for day in range(1, 4):
        for _ in range(0, 86_400, 18):
            talk.now += 18
            talk.confirms()
        message = tick(day)
        message["data"]["time"] = NOON + day * 86_400_000
        assert talk.hears(message) is not None
    assert talk.dead() is None
