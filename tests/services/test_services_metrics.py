"""What is rendered reads back under a strict reader, says what is known, and names nobody and no amount."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.feed import Channel, Stream
from chatbot.core.market import Venue
from chatbot.core.notices import Lane, Letter
from chatbot.core.orders import TicketState
from chatbot.sandbox.faults import Fault
from chatbot.services.metrics import metrics
from chatbot.services.vitals import StreamVitals, Vitals
from chatbot.store.tally import Tally
from tests.exposition import parsed
from tests.services.desk import ANNA, TOTP_SECRET, Desk, story
from tests.services.well import NOON, SPOT, WELL

AN_HOUR = timedelta(hours=1)


def test_every_figure_is_told_in_base_units() -> None:
    told = parsed(metrics(WELL))
    assert told["chatbot_healthy"] == 1
    assert told["chatbot_start_time_seconds"] == (NOON - AN_HOUR).timestamp()
    assert told["chatbot_telegram_silence_seconds"] == 50
    assert told["chatbot_clock_offset_seconds"] == -0.25
    assert told['chatbot_feed_up{venue="spot",channel="public"}'] == 1
    assert told['chatbot_tickets{state="open"}'] == 1
    assert told['chatbot_letters_waiting{lane="stop"}'] == 0
    assert (told["chatbot_alerts"], told["chatbot_firings_total"]) == (2, 3)
    assert (told["chatbot_database_bytes"], told["chatbot_database_free_bytes"]) == (4096, 10**9)
    assert (told["chatbot_trading_killed"], told["chatbot_trading_held"]) == (0, 0)


UNKNOWN = {
    "clock_offset": "clock_offset_seconds",
    "clock_age": "clock_age_seconds",
    "unknown_age": "tickets_unknown_age_seconds",
    "key_age": "key_age_seconds",
    "token_age": "token_age_seconds",
    "free_bytes": "database_free_bytes",
    "backup_age": "database_backup_age_seconds",
}


@pytest.mark.parametrize("field", UNKNOWN)
def test_what_is_not_known_is_left_out_and_never_told_as_nothing(field: str) -> None:
    name = f"chatbot_{UNKNOWN[field]}"
    known = 5 if field == "free_bytes" else timedelta(seconds=5)
    assert parsed(metrics(replace(WELL, **{field: known})))[name] == 5  # type: ignore[arg-type]
    assert name not in metrics(replace(WELL, **{field: None}))  # type: ignore[arg-type]


def test_a_feed_without_its_first_word_and_no_feed_at_all_leave_gaps() -> None:
    told = parsed(metrics(replace(WELL, streams=(replace(SPOT, silence=None, missing=None),))))
    assert not any("silence" in name or "missing" in name or "down" in name for name in told if "feed" in name)
    assert not any("feed" in name for name in parsed(metrics(replace(WELL, streams=()))))


def test_a_kill_and_a_held_key_are_told_and_do_not_make_the_bot_ill() -> None:
    told = parsed(metrics(replace(WELL, killed=True, held=True)))
    assert (told["chatbot_trading_killed"], told["chatbot_trading_held"], told["chatbot_healthy"]) == (1, 1, 1)
    assert parsed(metrics(replace(WELL, finding_out=True)))["chatbot_healthy"] == 0


spans = st.timedeltas(min_value=-AN_HOUR, max_value=timedelta(days=400))
counts = st.integers(0, 10**12)
feeds = st.builds(
    StreamVitals,
    stream=st.builds(Stream, venue=st.sampled_from(Venue), channel=st.sampled_from(Channel)),
    down_for=st.none() | spans,
    silence=st.none() | spans,
    missing=st.none() | spans,
    reconnects=counts,
    garbage=counts,
)
vitals = st.builds(
    Vitals,
    read_at=st.just(NOON),
    started_at=spans.map(lambda span: NOON - span),
    begun=st.booleans(),
    finding_out=st.booleans(),
    telegram_silence=spans,
    streams=st.lists(feeds, max_size=4, unique_by=lambda each: each.stream).map(tuple),
    clock_offset=st.none() | spans,
    clock_age=st.none() | spans,
    tally=st.builds(
        Tally,
        letters=st.dictionaries(st.sampled_from(Lane), counts),
        letters_since=st.none() | spans.map(lambda span: NOON - span),
        updates=counts,
        updates_since=st.none() | spans.map(lambda span: NOON - span),
        firings=counts,
    ),
    undelivered=counts,
    alerts=counts,
    tickets=st.dictionaries(st.sampled_from(TicketState), counts),
    unknown_age=st.none() | spans,
    killed=st.booleans(),
    held=st.booleans(),
    key_age=st.none() | spans,
    token_age=st.none() | spans,
    room=st.booleans(),
    fenced=st.booleans(),
    database_bytes=counts,
    free_bytes=st.none() | counts,
    backup_age=st.none() | spans,
)


@given(seen=vitals)
def test_whatever_the_vitals_are_the_text_is_of_the_format(seen: Vitals) -> None:
    told = parsed(metrics(seen))
    assert told["chatbot_telegram_silence_seconds"] == seen.telegram_silence.total_seconds()
    assert ("chatbot_clock_offset_seconds" in told) == (seen.clock_offset is not None)
    assert sum(name.startswith("chatbot_feed_up") for name in told) == len(seen.streams)


@story
async def test_nothing_of_anybody_or_of_the_account_is_told(desk: Desk) -> None:
    await desk.alert("BTC > 68000")
    desk.watching.follow()
    desk.tick("67999.5")
    desk.feed.restart(next(iter(dict(desk.store.alerts.watched_symbols()))), Venue.SPOT, "BTC-USDT is mute.")
    resting = await desk.order("buy btc 0.00123 @ 60123.4")
    desk.switch(Fault.ERROR_AFTER_ACCEPT, Fault.HIDDEN_ORDERS)
    await desk.order("buy btc 111.5usdt")
    desk.store.people.knocked(987654321, "Mallory")
    desk.store.outbox.put(Letter(chat_id=-100123456, lane=Lane.ANSWER, text="words of a letter"))
    desk.kill()
    text = metrics(desk.checkup.vitals())
    told = parsed(text)
    assert told["chatbot_trading_killed"] == 1
    asks_by = desk.asks_by
    assert asks_by is not None
    secrets = (asks_by.key, asks_by.secret, asks_by.passphrase, TOTP_SECRET)
    order = desk.now(resting)
    names = (ANNA.name, "Mallory", "BTC", "USDT", "XBT", order.name, order.order_id, order.spec.client_oid, "words")
    for word in (*secrets, *names, "987654321", "100123456", "0.00123", "60123", "111.5", "67999", "68000"):
        assert word.lower() not in text.lower(), word
