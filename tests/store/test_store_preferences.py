from collections.abc import Callable
from dataclasses import replace
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from chatbot.core.market import Symbol
from chatbot.core.preferences import DEFAULT_VOLUMES, Kind, Preferences, Quiet, Volume
from chatbot.store.store import Store

ANNA, BEN = 1, 2


def test_who_has_set_nothing_has_the_defaults(store: Store) -> None:
    assert store.preferences.of(ANNA) == Preferences()


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, zone=ZoneInfo("Europe/Berlin")),
        lambda p: replace(p, quiet=Quiet(since=time(22, 30), until=time(7))),
        lambda p: replace(p, digest_at=time(0)),
        lambda p: replace(p, volumes={**DEFAULT_VOLUMES, Kind.FUNDING: Volume.OFF, Kind.DIGEST: Volume.RINGS}),
        lambda p: replace(p, hides_amounts=True, currency="EUR", pays_above=Decimal("0.5")),
        lambda p: replace(p, pays_above=Decimal(0)),
    ],
)
def test_what_a_person_set_is_read_back_as_it_was_set(
    store: Store, change: Callable[[Preferences], Preferences]
) -> None:
    changed = store.preferences.change(ANNA, change)
    assert store.preferences.of(ANNA) == changed == change(Preferences())
    assert store.preferences.of(BEN) == Preferences()


def test_two_changes_both_stand(store: Store) -> None:
    store.preferences.change(ANNA, lambda p: replace(p, currency="EUR"))
    store.preferences.change(ANNA, lambda p: replace(p, hides_amounts=True))
    assert store.preferences.of(ANNA) == Preferences(currency="EUR", hides_amounts=True)


def test_a_muted_symbol_is_muted_for_one_person_until_it_is_not(store: Store) -> None:
    btc, eth = Symbol("BTC-USDT"), Symbol("ETH-USDT")
    for symbol in (eth, btc, btc):
        store.preferences.mute(ANNA, symbol, on=True)
    assert (store.preferences.muted(ANNA), store.preferences.muted(BEN)) == ((btc, eth), ())
    store.preferences.mute(ANNA, eth, on=False)
    assert store.preferences.muted(ANNA) == (btc,)


def test_a_change_that_falls_with_its_transaction_is_not_remembered(store: Store) -> None:
    def fall() -> None:
        with store.atomic():
            store.preferences.change(ANNA, lambda p: replace(p, currency="EUR"))
            assert store.preferences.of(ANNA).currency == "EUR"
            raise LookupError

    with pytest.raises(LookupError):
        fall()
    assert store.preferences.of(ANNA) == Preferences()


def test_whoever_has_an_hour_for_a_digest_is_listed(store: Store) -> None:
    store.preferences.change(BEN, lambda p: replace(p, digest_at=time(8)))
    store.preferences.change(ANNA, lambda p: replace(p, digest_at=time(9)))
    assert store.preferences.digesting() == (ANNA, BEN)
    store.preferences.change(BEN, lambda p: replace(p, digest_at=None))
    assert store.preferences.digesting() == (ANNA,)
