import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatbot.kucoin.subscriptions import Subscriptions

Json = Any


def topics(*symbols: str, kind: str = "/market/ticker") -> frozenset[str]:
    return frozenset(f"{kind}:{symbol}" for symbol in symbols)


def said(subscriptions: Subscriptions, now: float = 0) -> Json:
    text = subscriptions.text(now)
    return text and json.loads(text)


def test_a_subscription_names_its_symbols_and_asks_for_an_ack() -> None:
    subscriptions = Subscriptions(private=False)
    subscriptions.want(topics("ETH-USDT", "BTC-USDT"))
    assert said(subscriptions) == {
        "id": "s1",
        "type": "subscribe",
        "topic": "/market/ticker:BTC-USDT,ETH-USDT",
        "privateChannel": False,
        "response": True,
    }
    before = subscriptions.complete
    subscriptions.acked("s1")
    assert (before, subscriptions.complete) == (False, True)
    assert said(subscriptions) is None


def test_the_next_one_waits_for_the_ack_of_the_one_before() -> None:
    subscriptions = Subscriptions(private=True)
    subscriptions.want(frozenset({"/account/balance", "/spotMarket/tradeOrdersV2"}))
    first = said(subscriptions)
    assert (first["topic"], first["privateChannel"]) == ("/account/balance", True)
    assert said(subscriptions) is None
    assert subscriptions.free_at(0) is None
    assert subscriptions.overdue_at == 10
    subscriptions.acked("s9")
    assert said(subscriptions) is None
    subscriptions.acked("s1")
    assert said(subscriptions)["topic"] == "/spotMarket/tradeOrdersV2"


def test_what_is_not_wanted_any_more_is_given_up_first() -> None:
    subscriptions = Subscriptions(private=False)
    subscriptions.want(topics("A", "B"))
    said(subscriptions)
    subscriptions.want(topics("B", "C"))
    subscriptions.acked("s1")
    leaving = said(subscriptions)
    assert (leaving["type"], leaving["topic"]) == ("unsubscribe", "/market/ticker:A")
    subscriptions.acked("s2")
    assert said(subscriptions)["topic"] == "/market/ticker:C"


def test_one_unknown_symbol_costs_the_others_nothing_but_time() -> None:
    subscriptions = Subscriptions(private=False)
    subscriptions.want(topics("A", "B", "GONE"))
    asked = []
    while message := said(subscriptions):
        asked.append(message["topic"].partition(":")[2])
        if "GONE" in message["topic"]:
            assert subscriptions.denied(message["id"])
        else:
            subscriptions.acked(message["id"])
    assert asked == ["A,B,GONE", "A", "B", "GONE"]
    assert subscriptions.refused == topics("GONE")
    assert subscriptions.complete


def test_only_what_was_asked_can_be_denied_and_leaving_cannot() -> None:
    subscriptions = Subscriptions(private=False)
    subscriptions.want(topics("A"))
    said(subscriptions)
    assert not subscriptions.denied("None")
    subscriptions.acked("s1")
    subscriptions.want(frozenset())
    said(subscriptions)
    assert subscriptions.denied("s2")
    assert said(subscriptions) is None


def test_no_more_texts_leave_than_kucoin_takes() -> None:
    subscriptions = Subscriptions(private=False)
    sent, now = [], 0.0
    for turn in range(300):
        subscriptions.want(topics(str(turn)))
        while True:
            free = subscriptions.free_at(now)
            if free is None:
                break
            assert subscriptions.text(now) is None if free > now else True
            now = max(now, free)
            message = said(subscriptions, now)
            sent.append(now)
            subscriptions.acked(message["id"])
    assert all(later - earlier >= 10 for earlier, later in zip(sent, sent[90:], strict=False))
    assert len(sent) == 599


class Exchange:
    """Keeps the books of what was asked of it."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self.held: set[str] = set()

    def answer(self, now: float, verdict: str) -> bool:
        """False when nothing was asked."""
        message = said(self._subscriptions, now)
        if not message:
            return False
        named = {f"/market/ticker:{symbol}" for symbol in message["topic"].partition(":")[2].split(",")}
        assert len(named) <= 100
        if message["type"] == "unsubscribe":
            self.held -= named
        elif verdict == "ack":
            self.held |= named
        (self._subscriptions.acked if verdict == "ack" else self._subscriptions.denied)(message["id"])
        return True


@given(st.lists(st.tuples(st.frozensets(st.integers(0, 220)), st.sampled_from(["ack", "deny", "wait"])), max_size=20))
def test_in_the_end_all_that_is_wanted_is_held_or_refused(turns: list[tuple[frozenset[int], str]]) -> None:
    subscriptions, now = Subscriptions(private=False), 0.0
    exchange, wanted = Exchange(subscriptions), topics()
    for symbols, verdict in turns:
        wanted = topics(*map(str, symbols))
        subscriptions.want(wanted)
        now += 100
        if verdict != "wait":
            exchange.answer(now, verdict)
    while exchange.answer(now, "ack"):
        now += 1
    assert subscriptions.complete
    assert exchange.held == wanted - subscriptions.refused
