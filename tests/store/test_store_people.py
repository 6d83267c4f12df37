from chatbot.core.market import Symbol
from chatbot.store.store import Store

_BTC, _ETH, _SOL = Symbol("BTC-USDT"), Symbol("ETH-USDT"), Symbol("SOL-USDT")


def test_a_stranger_is_news_once(store: Store) -> None:
    assert [store.people.knocked(700, "Mallory") for _ in range(3)] == [True, False, False]
    assert store.people.knocked(701, "Mallory")
    assert store.people.strangers() == 2


def test_a_watchlist_is_in_the_order_it_was_made_and_per_person(store: Store) -> None:
    assert [store.people.watch(7, symbol) for symbol in (_SOL, _BTC, _SOL)] == [True, True, False]
    assert store.people.watch(8, _ETH)
    assert store.people.watchlist(7) == (_SOL, _BTC)
    assert store.people.watchlist(8) == (_ETH,)
    assert store.people.watchlist(9) == ()


def test_what_is_no_longer_watched_goes_and_comes_back_last(store: Store) -> None:
    store.people.watch(7, _SOL)
    store.people.watch(7, _BTC)
    assert [store.people.unwatch(7, _SOL), store.people.unwatch(7, _SOL), store.people.unwatch(8, _BTC)] == [
        True,
        False,
        False,
    ]
    store.people.watch(7, _SOL)
    assert store.people.watchlist(7) == (_BTC, _SOL)
