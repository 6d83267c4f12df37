from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.market import Symbol, Venue
from chatbot.kucoin.topics import MOST_TOPICS, first_batch, joined, price_topics, spread

TOPICS = [f"/market/ticker:S{number}-USDT" for number in range(900)]


def test_ticks_are_asked_for_where_they_are_and_rates_on_futures_only() -> None:
    prices = [(Symbol("BTC-USDT"), Venue.SPOT), (Symbol("XBTUSDTM"), Venue.FUTURES)]
    rates = [Symbol("ETHUSDTM")]
    assert price_topics(Venue.SPOT, prices, rates) == {"/market/ticker:BTC-USDT"}
    assert price_topics(Venue.FUTURES, prices, rates) == {
        "/contractMarket/ticker:XBTUSDTM",
        "/contract/instrument:ETHUSDTM",
    }


def test_one_message_names_a_hundred_symbols_of_one_kind() -> None:
    rates = [f"/contract/instrument:R{number}" for number in range(3)]
    assert joined(first_batch([*rates, "/contractMarket/ticker:A"])) == "/contract/instrument:R0,R1,R2"
    assert len(first_batch(TOPICS)) == 100
    assert joined(["/account/balance"]) == "/account/balance"


@given(st.lists(st.frozensets(st.sampled_from(TOPICS)), min_size=1, max_size=6))
def test_every_topic_has_one_place_and_stays_there(follows: list[frozenset[str]]) -> None:
    places: dict[int, frozenset[str]] = {}
    for wanted in follows:
        before, places = places, spread(wanted, places)
        told = [topic for topics in places.values() for topic in topics]
        assert sorted(told) == sorted(wanted)
        assert all(0 < len(topics) <= MOST_TOPICS for topics in places.values())
        for number, topics in before.items():
            assert topics & wanted <= places.get(number, frozenset())


def test_many_topics_take_several_connections_and_none_takes_none() -> None:
    assert [len(topics) for topics in spread(frozenset(TOPICS), {}).values()] == [280, 280, 280, 60]
    assert spread(frozenset(), {0: frozenset(TOPICS[:3])}) == {}


def test_a_hole_is_filled_before_another_connection_is_opened() -> None:
    before = {0: frozenset(TOPICS[:280]), 1: frozenset(TOPICS[280:300])}
    after = spread(frozenset([*TOPICS[5:300], *TOPICS[300:310]]), before)
    assert {number: len(topics) for number, topics in after.items()} == {0: 280, 1: 25}
