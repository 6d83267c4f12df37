"""Watchlists: all or nothing, per person; and the doorbell that rings once."""

import sqlite3

import pytest

from chatbot.core.errors import UnknownSymbol, UsageError
from chatbot.core.market import Symbol
from chatbot.core.notices import Lane
from chatbot.sandbox.faults import Fault
from chatbot.services.people import Doorbell
from tests.services.desk import Desk, story

BTC, ETH, SOL = Symbol("BTC-USDT"), Symbol("ETH-USDT"), Symbol("SOL-USDT")


def outbox(desk: Desk) -> list[tuple[int, str]]:
    return [(letter.chat_id, letter.text) for letter in desk.store.outbox.due(99)]


@story
async def test_a_watchlist_keeps_the_order_and_belongs_to_one_person(desk: Desk) -> None:
    added = await desk.watchlists.add(7, ["sol", "BTC/USDT", "ethusdt"])
    assert [i.symbol for i in added] == [SOL, BTC, ETH]
    await desk.watchlists.add(7, ["btc"])
    await desk.watchlists.add(8, ["eth"])
    assert desk.watchlists.of(7) == (SOL, BTC, ETH)
    assert desk.watchlists.of(8) == (ETH,)
    desk.restart()
    assert desk.watchlists.of(7) == (SOL, BTC, ETH)


@story
async def test_one_word_that_fits_nothing_adds_nothing(desk: Desk) -> None:
    for words in (["btc", "nosuchcoin"], ["btc", "🦄"]):
        with pytest.raises(UsageError):
            await desk.watchlists.add(7, words)
    assert desk.watchlists.of(7) == ()


@story
async def test_what_is_removed_is_what_was_there(desk: Desk) -> None:
    await desk.watchlists.add(7, ["btc", "eth", "sol"])
    assert await desk.watchlists.remove(7, ["btc", "eth-btc", "SOL-usdt"]) == (SOL, BTC)
    assert await desk.watchlists.remove(7, ["btc"]) == ()
    with pytest.raises(UnknownSymbol):
        await desk.watchlists.remove(7, ["eth", "nosuchcoin"])
    assert desk.watchlists.of(7) == (ETH,)


@story
async def test_a_delisted_symbol_can_be_removed_by_its_name_even_without_kucoin(desk: Desk) -> None:
    desk.store.people.watch(7, Symbol("GONE-USDT"))
    desk.switch(Fault.UNAVAILABLE)
    assert await desk.watchlists.remove(7, ["gone-usdt"]) == ("GONE-USDT",)
    assert desk.watchlists.of(7) == ()


def test_a_stranger_is_counted_and_named_once_to_each_owner_in_silence(desk: Desk) -> None:
    bell = Doorbell(store=desk.store, owners=frozenset({9, 7}))
    for _ in range(5):
        bell.ring(66, "Mallory", "Somebody knocked: 66")
    bell.ring(67, "Trudy", "Somebody knocked: 67")
    assert outbox(desk) == [
        (7, "Somebody knocked: 66"),
        (9, "Somebody knocked: 66"),
        (7, "Somebody knocked: 67"),
        (9, "Somebody knocked: 67"),
    ]
    letters = desk.store.outbox.due(99)
    assert all(letter.silent and letter.lane is Lane.REPORT for letter in letters)
    assert desk.store.people.strangers() == 2


def test_a_knock_whose_transaction_fails_rings_at_the_next_one(desk: Desk) -> None:
    bell = Doorbell(store=desk.store, owners=frozenset({7}))

    def half() -> None:
        with desk.store.atomic():
            bell.ring(66, "Mallory", "first")
            desk.store.db.execute("INSERT INTO watchlist (person_id, symbol) VALUES (7, NULL)")

    with pytest.raises(sqlite3.IntegrityError):
        half()
    assert outbox(desk) == []
    desk.restart()
    bell = Doorbell(store=desk.store, owners=frozenset({7}))
    bell.ring(66, "Mallory", "second")
    assert outbox(desk) == [(7, "second")]


def test_a_restart_does_not_make_a_stranger_new(desk: Desk) -> None:
    Doorbell(store=desk.store, owners=frozenset({7})).ring(66, "Mallory", "first")
    desk.restart()
    Doorbell(store=desk.store, owners=frozenset({7})).ring(66, "Mallory Renamed", "again")
    assert outbox(desk) == [(7, "first")]
