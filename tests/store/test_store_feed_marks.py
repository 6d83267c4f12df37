from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.feed import Channel, Stream
from chatbot.core.funding import FundingSeen
from chatbot.core.market import Symbol, Venue
from chatbot.store.store import Store, open_store
from tests.store.rules import MADE

_BTC, _ETH = Symbol("BTC-USDT"), Symbol("ETH-USDT")
_SPOT = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)
_SEEN = FundingSeen(
    symbol=Symbol("XBTUSDTM"),
    settles_at=MADE,
    rate=Decimal("-0.0001"),
    predicted=Decimal("-0.000000000000000000000000000000000001"),
    interval=timedelta(hours=8),
)


def test_how_far_the_candles_were_looked_at_is_known_after_a_restart(store: Store, path: Path) -> None:
    assert store.alerts.audited(_BTC) is None
    assert store.alerts.audited_all() == {}
    store.alerts.mark_audited(_BTC, Venue.SPOT, MADE)
    store.alerts.mark_audited(_ETH, Venue.SPOT, MADE)
    store.alerts.mark_audited(_BTC, Venue.SPOT, MADE + timedelta(minutes=1))
    again = open_store(path, lambda: MADE)
    assert again.alerts.audited(_BTC) == MADE + timedelta(minutes=1)
    assert again.alerts.audited_all() == {_BTC: MADE + timedelta(minutes=1), _ETH: MADE}
    again.close()


@pytest.mark.parametrize("venue", Venue)
@pytest.mark.parametrize("channel", Channel)
def test_a_stretch_without_prices_is_told_once_even_over_a_restart(
    store: Store, path: Path, venue: Venue, channel: Channel
) -> None:
    stream = Stream(venue=venue, channel=channel)
    blind = store.alerts.begin_blind(stream, MADE)
    assert (blind.stream, blind.since, blind.told_at) == (stream, MADE, None)
    assert store.alerts.tell_blind(blind, MADE + timedelta(seconds=30))
    again = open_store(path, lambda: MADE)
    standing = again.alerts.begin_blind(stream, MADE + timedelta(hours=1))
    assert standing == replace(blind, told_at=MADE + timedelta(seconds=30))
    assert again.alerts.standing_blind() == (standing,)
    assert not again.alerts.tell_blind(standing, MADE)
    again.close()


def test_the_end_of_a_stretch_is_told_once(store: Store) -> None:
    blind = store.alerts.begin_blind(_SPOT, MADE)
    other = store.alerts.begin_blind(replace(_SPOT, venue=Venue.FUTURES), MADE)
    assert store.alerts.end_blind(blind, MADE + timedelta(minutes=17))
    assert not store.alerts.end_blind(blind, MADE + timedelta(minutes=18))
    assert not store.alerts.tell_blind(blind, MADE + timedelta(minutes=18))
    assert store.alerts.standing_blind() == (other,)
    later = store.alerts.begin_blind(_SPOT, MADE + timedelta(hours=1))
    assert later.id > blind.id
    assert later.since == MADE + timedelta(hours=1)


def test_stretches_that_are_long_over_are_forgotten(store: Store, clock: list[datetime]) -> None:
    store.alerts.end_blind(store.alerts.begin_blind(_SPOT, MADE), MADE)
    standing = store.alerts.begin_blind(_SPOT, MADE)
    clock[0] += timedelta(days=31)
    store.clean(timedelta(days=7))
    assert store.db.conn.execute("SELECT id FROM blind").fetchall() == [(standing.id,)]


@pytest.mark.parametrize("predicted", [_SEEN.predicted, None, Decimal("0.1")])
def test_what_was_seen_of_funding_comes_back(store: Store, predicted: Decimal | None) -> None:
    other = replace(_SEEN, symbol=Symbol("ETHUSDTM"), interval=timedelta(hours=1))
    assert store.alerts.seen_funding(_SEEN.symbol) is None
    store.alerts.see_funding([replace(_SEEN, rate=Decimal(1)), other])
    latest = replace(_SEEN, predicted=predicted)
    store.alerts.see_funding([latest])
    assert store.alerts.seen_funding(_SEEN.symbol) == latest
    assert store.alerts.seen_funding(other.symbol) == other
