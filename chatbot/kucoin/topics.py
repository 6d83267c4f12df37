"""What is listened to, by KuCoin's names, and how it is spread over connections. Pure.

A topic is `prefix:SYMBOL` for prices and rates, and a bare prefix for the account's own.
"""

from collections.abc import Collection, Iterable, Mapping

from chatbot.core.market import Symbol, Venue

SPOT_TICKS = "/market/ticker"
FUTURES_TICKS = "/contractMarket/ticker"
RATES = "/contract/instrument"
PRICE_PREFIXES = frozenset({SPOT_TICKS, FUTURES_TICKS, RATES})

ACCOUNT_TOPICS: Mapping[Venue, frozenset[str]] = {
    Venue.SPOT: frozenset({"/spotMarket/tradeOrdersV2", "/account/balance"}),
    Venue.FUTURES: frozenset({"/contractMarket/tradeOrders", "/contract/positionAll"}),
}

MOST_AT_ONCE = 100
"""Symbols in one subscription (KuCoin's limit)."""

MOST_TOPICS = 280
"""Of one connection; KuCoin's limit is 300, and each symbol counts."""


def price_topics(venue: Venue, prices: Iterable[tuple[Symbol, Venue]], rates: Iterable[Symbol]) -> frozenset[str]:
    """Of the public stream of one venue. Rates are told on futures only."""
    topics = {tick_topic(venue, symbol) for symbol, where in prices if where is venue}
    if venue is Venue.FUTURES:
        topics |= {f"{RATES}:{symbol}" for symbol in rates}
    return frozenset(topics)


def tick_topic(venue: Venue, symbol: Symbol) -> str:
    return f"{SPOT_TICKS if venue is Venue.SPOT else FUTURES_TICKS}:{symbol}"


def parts(topic: str) -> tuple[str, str]:
    """Prefix and symbol; the account's own topics have no symbol."""
    prefix, _, symbol = topic.partition(":")
    return prefix, symbol


def first_batch(topics: Collection[str], most: int = MOST_AT_ONCE) -> tuple[str, ...]:
    """As many as one message may name: those of one prefix, in a fixed order."""
    prefix = parts(min(topics))[0]
    return tuple(sorted(topic for topic in topics if parts(topic)[0] == prefix)[:most])


def joined(batch: Collection[str]) -> str:
    """A batch as the `topic` of one message: `/market/ticker:BTC-USDT,ETH-USDT`."""
    prefix = parts(min(batch))[0]
    symbols = ",".join(symbol for _, symbol in map(parts, batch) if symbol)
    return f"{prefix}:{symbols}" if symbols else prefix


def spread(wanted: frozenset[str], before: Mapping[int, frozenset[str]]) -> dict[int, frozenset[str]]:
    """The topics of each connection, by its number; numbers without any are gone.

    A topic stays where it was `before`: moving it would leave a hole in it. New ones fill up what is there.
    """
    after = {number: kept for number, topics in before.items() if (kept := topics & wanted)}
    new = sorted(wanted.difference(*after.values()))
    number = 0
    while new:
        room = MOST_TOPICS - len(after.get(number, ()))
        if room > 0:
            after[number] = after.get(number, frozenset()) | frozenset(new[:room])
            new = new[room:]
        number += 1
    return after
