"""A night: what fires is held, the morning's digest tells of it, and nothing is lost or told twice."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from chatbot.chat.admission import Admission, Waiting
from chatbot.core.feed import Tick
from chatbot.core.market import Symbol
from chatbot.core.notices import Lane, Letter
from chatbot.core.people import Person
from chatbot.core.preferences import Kind, Volume
from chatbot.core.times import to_millis
from chatbot.sandbox.faults import Fault
from tests.chat.desk import ANNA, BEN, GROUP, Desk, at_desk
from tests.chat.shown import labels

BTC = Symbol("BTC-USDT")
MORNING = "tell what waited for the morning"


def at(desk: Desk, hour: int, minute: int = 0, *, day: int = 4) -> None:
    desk.clock.time = datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def price(desk: Desk, digits: str) -> None:
    desk.services.alerting.lookout.hear(Tick(BTC, digits, to_millis(desk.clock())))


def looking(desk: Desk) -> asyncio.Future[None]:
    job = next(job for part in desk.parts for job in part.jobs if job.name == MORNING)
    return asyncio.ensure_future(job.run())


async def morning(desk: Desk) -> list[Letter]:
    """What the clock's job lets leave now."""
    await looking(desk)
    return leaving(desk)


def leaving(desk: Desk) -> list[Letter]:
    """As the sender asks for it: what leaves now, as loud as it leaves, drawn and marked as sent."""
    outbox = desk.store.outbox
    waiting = Waiting(due=outbox.due, like=outbox.like, bar=outbox.chats.bar)
    admission = Admission(waiting=waiting, reaches=lambda _: True, manners=desk.services.manners)
    gone: list[Letter] = []
    while due := admission.due(100, lanes=(Lane.STOP, Lane.REPORT)):
        gone += [_sent(desk, letter) for letter in due]
    return gone


def _sent(desk: Desk, letter: Letter) -> Letter:
    reply = desk.looks.draw(letter) if letter.subject is not None else None
    shown = letter if reply is None else letter.drawn(reply.text, reply.buttons, pinned=reply.pinned)
    desk.store.outbox.sending(shown)
    desk.store.outbox.sent(shown, 50_000 + letter.id)
    return replace(shown, message_id=50_000 + letter.id)


async def goes_to_bed(desk: Desk, person: Person, *lines: str) -> None:
    """With an alert on BTC, and the prices of the evening."""
    for line in ("/settings quiet 22:00-07:00", *lines, "/alert BTC > 68000 every 1h"):
        await desk.says(person, line)
    price(desk, "67412.3")


def fires_in_the_night(desk: Desk) -> None:
    """At two, and nothing leaves."""
    at(desk, 2)
    price(desk, "68012.4")
    assert leaving(desk) == []


def test_what_fires_at_night_is_held_and_comes_with_the_digest(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings zone Europe/Berlin", "/settings digest 8:00")
        fires_in_the_night(desk)
        assert desk.store.quiet.count(ANNA.id) == 1
        at(desk, 6, 59)
        assert await morning(desk) == []
        at(desk, 7)
        [digest] = await morning(desk)
        assert digest.silent
        assert digest.text.startswith("<b>Morning, Anna. Wednesday</b>\nEquity <b>6,")
        assert "Overnight: 1 alert held" in digest.text
        assert labels(digest) == ["Held alerts", "Positions", "Hide amounts"]
        held = await desk.taps(ANNA, digest, "Held alerts")
        assert "1 notice was held" in held.text
        assert "BTC crossed above 68,000: 68,012.4 (#1)" in held.text
        at(desk, 9)
        assert await morning(desk) == []

    at_desk(tmp_path, tell)


def test_where_no_digest_comes_what_was_held_leaves_without_a_sound_when_the_night_ends(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        fires_in_the_night(desk)
        at(desk, 6, 59)
        assert await morning(desk) == []
        at(desk, 7)
        [alert] = await morning(desk)
        assert alert.silent
        assert "BTC crossed above 68,000" in alert.text
        assert "<b>told 5 h late:</b> held in your quiet hours" in alert.text
        assert await morning(desk) == []

    at_desk(tmp_path, tell)


def test_an_alert_that_brings_an_order_along_waits_for_no_morning(tmp_path: Path) -> None:
    """Its ticket would come alone, and nobody would know why."""

    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        await desk.says(ANNA, "/alert BTC > 68001 buy 50usdt")
        at(desk, 2)
        price(desk, "68012.4")
        [alert] = leaving(desk)
        assert not alert.silent
        assert desk.store.quiet.count(ANNA.id) == 1, "the other alert is held"

    at_desk(tmp_path, tell)


def test_what_was_held_together_leaves_together_and_says_why_so_late(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        await desk.says(ANNA, "/alert BTC > 68001")
        fires_in_the_night(desk)
        at(desk, 7)
        together = desk.looks.digest(await morning(desk))[0]
        assert "2 alerts" in together.text
        assert "<b>told up to 5 h late:</b> held in your quiet hours" in together.text

    at_desk(tmp_path, tell)


def test_who_ends_the_night_early_reads_what_was_held(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        fires_in_the_night(desk)
        desk.services.manners.change(ANNA, lambda each: replace(each, quiet=None))
        assert len(await morning(desk)) == 1

    at_desk(tmp_path, tell)


def test_a_night_is_one_persons_own_and_a_group_has_none(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        await desk.says(BEN, "/alert BTC > 68000")
        await desk.says(ANNA, "/alert BTC > 68001", group=True)
        at(desk, 2)
        price(desk, "68012.4")
        told = leaving(desk)
        assert {letter.chat_id for letter in told} == {BEN.id, GROUP}
        assert not any(letter.silent for letter in told)

    at_desk(tmp_path, tell)


def test_what_is_off_is_dropped_and_what_is_silent_leaves_silent(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        for person, volume in ((ANNA, "off"), (BEN, "silent")):
            await desk.says(person, f"/settings prices {volume}")
            await desk.says(person, "/alert BTC > 68000")
        price(desk, "67412.3")
        price(desk, "68012.4")
        [told] = leaving(desk)
        assert (told.chat_id, told.silent) == (BEN.id, True)
        dropped = desk.rows("SELECT state, problem FROM outbox WHERE kind = 'price' AND chat_id = 11")
        assert dropped == [("dead", "not wanted")]
        assert desk.store.outbox.undelivered() == 0

    at_desk(tmp_path, tell)


def test_what_was_turned_off_meanwhile_is_dropped_when_it_would_leave(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await desk.says(ANNA, "/alert BTC > 68000")
        price(desk, "67412.3")
        price(desk, "68012.4")
        desk.services.manners.change(ANNA, lambda each: replace(each, volumes={**each.volumes, Kind.PRICE: Volume.OFF}))
        assert leaving(desk) == []

    at_desk(tmp_path, tell)


def test_money_and_trouble_ring_at_night(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        at(desk, 2)
        for kind in (Kind.ORDERS, Kind.SYSTEM, Kind.LIQUIDATION, Kind.FUNDING, None):
            desk.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ORDER, text=str(kind), kind=kind))
        told = leaving(desk)
        assert [letter.kind for letter in told] == [Kind.ORDERS, Kind.SYSTEM, Kind.LIQUIDATION, None]
        assert not any(letter.silent for letter in told)
        assert desk.store.quiet.count(ANNA.id) == 1

    at_desk(tmp_path, tell)


def test_a_storm_at_night_is_laid_aside_in_one_step(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        at(desk, 2)
        letter = Letter(chat_id=ANNA.id, lane=Lane.ALERT, text="x", kind=Kind.PRICE)
        desk.store.outbox.put_all([letter] * 10_000)
        asked: list[str] = []
        desk.store.db.conn.set_trace_callback(asked.append)
        assert leaving(desk) == []
        desk.store.db.conn.set_trace_callback(None)
        assert len(asked) < 10, asked
        assert desk.store.quiet.count(ANNA.id) == 10_000

    at_desk(tmp_path, tell)


def test_a_digest_that_could_not_come_is_told_late_once_and_not_for_each_day(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await desk.says(ANNA, "/settings digest 8:00")
        at(desk, 11, day=7)
        [digest] = await morning(desk)
        assert "<b>late</b>: this was due at" in digest.text
        assert await morning(desk) == []
        at(desk, 8, day=8)
        [digest] = await morning(desk)
        assert "late" not in digest.text

    at_desk(tmp_path, tell)


def test_no_restart_and_no_clock_tells_a_digest_twice(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await desk.says(ANNA, "/settings digest 8:00")
        at(desk, 8)
        assert len(await morning(desk)) == 1
        for hours in (-1, -12, -30, -24 * 400, 1, 12):
            desk.clock.time = datetime(2026, 3, 4, 8, tzinfo=UTC) + timedelta(hours=hours)
            assert await morning(desk) == [], hours
        assert desk.rows("SELECT count(*) FROM digests") == [(1,)]

    at_desk(tmp_path, tell)


def test_a_digest_begins_with_the_next_time_it_is_its_hour(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        for line in ("/settings digest 8:00", "/settings digest 11:00", "/settings zone Asia/Tokyo"):
            await desk.says(ANNA, line)
            assert await morning(desk) == []
        at(desk, 1, 59)
        assert await morning(desk) == []
        at(desk, 2)
        assert len(await morning(desk)) == 1

    at_desk(tmp_path, tell)


def test_kucoin_away_costs_the_digest_its_figures_alone(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings digest 8:00")
        at(desk, 8, day=5)
        desk.faults.switch(Fault.UNAVAILABLE, on=True)
        [digest] = await morning(desk)
        assert "Equity not known" in digest.text
        assert "KuCoin does not answer" in digest.text
        assert "Alerts: 1 alert" in digest.text

    at_desk(tmp_path, tell)


def test_the_change_is_that_since_the_digest_before(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await desk.says(ANNA, "/settings digest 8:00")
        at(desk, 8)
        [first] = await morning(desk)
        assert "(" not in first.text.split("\n")[1]
        desk.move_btc("1.1")
        at(desk, 8, day=5)
        [second] = await morning(desk)
        assert "(+619.80, +9.53 %)" in second.text.split("\n")[1]
        hidden = await desk.taps(ANNA, second, "Hide amounts")
        assert "•••" in hidden.text
        assert "619" not in hidden.text
        assert "%" in hidden.text
        [third] = (await desk.says(ANNA, "/digest")).letters
        assert "•••" in third.text
        shown = await desk.taps(ANNA, third, "Show amounts")
        assert "•••" not in shown.text

    at_desk(tmp_path, tell)


def test_a_digest_asked_for_leaves_what_is_held_to_the_one_that_comes(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings digest 8:00")
        fires_in_the_night(desk)
        [asked] = (await desk.says(ANNA, "/digest")).letters
        assert "1 alert held" in asked.text
        assert "BTC crossed" in (await desk.taps(ANNA, asked, "Held alerts")).text
        at(desk, 8)
        [digest] = await morning(desk)
        assert "1 alert held" in digest.text
        assert "Nothing is held" in (await desk.taps(ANNA, asked, "Held alerts")).text

    at_desk(tmp_path, tell)


def test_many_held_notices_are_paged_on_one_message(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA)
        at(desk, 2)
        for number in range(40):
            letter = Letter(chat_id=ANNA.id, lane=Lane.REPORT, text=f"payment {number}", kind=Kind.FUNDING)
            desk.store.outbox.put(letter)
        assert leaving(desk) == []
        [asked] = (await desk.says(ANNA, "/digest")).letters
        seen = (await desk.taps(ANNA, asked, "Held alerts")).letters[0]
        assert seen.edits is None
        text = seen.text
        for _ in range(2):
            seen = (await desk.taps(ANNA, seen, "▶")).letters[0]
            assert seen.edits is not None
            text += seen.text
        assert all(f"payment {number}\n" in f"{text}\n" for number in range(40))
        assert "▶" not in labels(seen)

    at_desk(tmp_path, tell)


def test_whoever_is_on_no_list_gets_no_digest_and_kucoin_is_not_asked_for_it(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        gone = Person(id=99, name="Gone", role=BEN.role)
        desk.services.manners.change(gone, lambda each: replace(each, digest_at=time(8)))
        at(desk, 8)
        assert await morning(desk) == []
        assert desk.store.digests.before(99, "live") is None

    at_desk(tmp_path, tell)


def test_what_is_set_in_the_moment_a_digest_is_due_costs_nobody_that_digest(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings digest 8:00")
        fires_in_the_night(desk)
        at(desk, 8)
        for line in ("/settings prices silent", "/settings currency EUR", "/settings quiet 23-7"):
            await desk.says(ANNA, line)
        [digest] = await morning(desk)
        assert "1 alert held" in digest.text

    at_desk(tmp_path, tell)


def test_what_was_held_waits_for_a_digest_that_fell_due_while_another_was_read(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings digest 8:00")
        await desk.says(BEN, "/settings digest 7:59")
        fires_in_the_night(desk)
        at(desk, 7, 59)
        reading = looking(desk)
        await asyncio.sleep(0)
        at(desk, 8)
        await reading
        assert [letter.chat_id for letter in leaving(desk)] == [BEN.id]
        [digest] = await morning(desk)
        assert "1 alert held" in digest.text

    at_desk(tmp_path, tell)


def test_whoever_turns_digests_off_before_one_leaves_misses_nothing_it_was_to_tell(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings digest 8:00")
        fires_in_the_night(desk)
        at(desk, 8)
        await looking(desk)
        off = {Kind.DIGEST: Volume.OFF}
        desk.services.manners.change(ANNA, lambda each: replace(each, volumes={**each.volumes, **off}))
        assert leaving(desk) == []
        [alert] = await morning(desk)
        assert "BTC crossed above 68,000" in alert.text

    at_desk(tmp_path, tell)


def test_a_digest_that_waits_for_weeks_keeps_what_it_tells_of(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings digest 8:00")
        at(desk, 2)
        price(desk, "68012.4")
        desk.store.outbox.put(Letter(chat_id=ANNA.id, lane=Lane.ALERT, text="payment due", kind=Kind.FUNDING))
        assert leaving(desk) == []
        at(desk, 8)
        await looking(desk)
        desk.store.outbox.chats.close(ANNA.id, "bot was blocked by the user")
        desk.clock.advance(40 * 24 * 3600)
        desk.store.clean(timedelta(days=7))
        desk.store.outbox.chats.reopen(ANNA.id)
        digest = (await morning(desk))[0]
        held = await desk.taps(ANNA, digest, "Held alerts")
        assert "BTC crossed above 68,000: 68,012.4 (#1)" in held.text
        assert "payment due" in held.text
        await looking(desk)
        for days, kept in ((6, 2), (2, 0)):
            desk.clock.advance(days * 24 * 3600)
            desk.store.clean(timedelta(days=7))
            assert desk.rows("SELECT count(*) FROM outbox WHERE kind IN ('price', 'funding')") == [(kept,)]

    at_desk(tmp_path, tell)


def test_who_blocked_the_bot_finds_one_digest_and_not_one_for_each_day(tmp_path: Path) -> None:
    async def tell(desk: Desk) -> None:
        await goes_to_bed(desk, ANNA, "/settings digest 8:00")
        fires_in_the_night(desk)
        desk.store.outbox.chats.close(ANNA.id, "bot was blocked by the user")
        for day in (4, 5, 6):
            for hour in (8, 15):
                at(desk, hour, day=day)
                assert await morning(desk) == []
        desk.store.outbox.chats.reopen(ANNA.id)
        [digest] = await morning(desk)
        assert "1 alert held" in digest.text

    at_desk(tmp_path, tell)
