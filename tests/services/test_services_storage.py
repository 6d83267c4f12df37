"""Whether a database is trusted at the start, the room that is kept for it, and what gives it up."""

import asyncio
import shutil
from pathlib import Path

import pytest

from chatbot.core.errors import Refused
from chatbot.core.orders import TicketState
from chatbot.services.disk import look
from chatbot.services.post import Ending
from chatbot.services.storage import FULL, ROOM, Alarm, Storage
from chatbot.store.database import Damaged, StorageTrouble
from tests.services.desk import ANNA, Desk, story


def storage_of(desk: Desk) -> Storage:
    return Storage(store=desk.store, path=desk.path, owners=[ANNA.id])


def copied(desk: Desk, folder: Path) -> Path:
    desk.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copy(desk.path, folder / "copy"))


def put_back(desk: Desk, copy: Path) -> None:
    desk.stop()
    shutil.copy(copy, desk.path)
    desk.start()


@story
async def test_in_a_database_put_back_nothing_that_waits_is_done_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    storage_of(desk).begin(desk.killswitch)
    ticket = await desk.propose("buy btc 100usdt")
    desk.post.keep([(77, "{}")])
    copy = copied(desk, tmp_path)
    sent = await desk.confirm(ticket)
    await desk.trading.submit(sent)
    put_back(desk, copy)
    storage_of(desk).begin(desk.killswitch)
    assert desk.found().cause.startswith("the database is older than the bot's last word")
    assert desk.state(ticket) is TicketState.EXPIRED
    assert desk.post.waiting() == []
    rows = desk.store.db.execute("SELECT repeat FROM outbox WHERE state = 'pending' AND subject = 'ticket'")
    assert {repeat for (repeat,) in rows if repeat} == {1}
    with pytest.raises(Refused, match="stopped"):
        await desk.propose("buy btc 50usdt")
    assert desk.posts == 1
    desk.restart()
    storage_of(desk).begin(desk.killswitch)  # told once
    assert desk.store.db.execute("SELECT count(*) FROM stops").fetchone() == (1,)
    desk.stop()


@story
async def test_where_trading_was_stopped_already_the_new_reason_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    storage_of(desk).begin(desk.killswitch)
    desk.kill()
    copy = copied(desk, tmp_path)
    desk.killswitch.resume("Anna", "all is well", 5000)
    put_back(desk, copy)
    storage_of(desk).begin(desk.killswitch)
    assert "for one more reason: the database is older" in desk.letters()[-1]
    assert desk.found().resumed_at is None
    desk.stop()


@story
async def test_a_database_that_ran_on_after_its_fence_is_trusted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    storage_of(desk).begin(desk.killswitch)
    await desk.order("buy btc 100usdt")
    await desk.propose("buy btc 50usdt")  # later than the fence
    desk.restart()
    storage_of(desk).begin(desk.killswitch)
    assert desk.killswitch.standing() is None
    desk.stop()


@story
async def test_every_few_seconds_the_fence_follows_and_the_reserve_is_made_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    storage = storage_of(desk)
    storage.begin(desk.killswitch)
    desk.store.safety.hold()
    fence = tmp_path / "chatbot.db.fence"
    before = fence.read_text()
    desk.store.audit.record("Anna", "noted")
    await storage.tend()
    assert fence.read_text() != before
    assert desk.letters() == []
    assert desk.store.safety.reserve.release()
    with pytest.raises(Refused, match="The disk under my database is full"):
        desk.store.safety.hold()
    await storage.tend()
    assert desk.letters() == [FULL, ROOM.format("0.0 s")]
    desk.store.safety.hold()
    desk.stop()


@story
async def test_a_fence_that_cannot_be_written_holds_orders_until_it_can(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    storage = storage_of(desk)
    storage.begin(desk.killswitch)
    (tmp_path / "chatbot.db.fence.part").mkdir()
    await desk.order("buy btc 100usdt")
    with pytest.raises(Refused, match="I cannot write beside my database"):
        desk.store.safety.hold()
    (tmp_path / "chatbot.db.fence.part").rmdir()
    await storage.tend()
    desk.store.safety.hold()
    desk.stop()


@pytest.mark.parametrize("gone", ["moved", "removed", "replaced"])
def test_a_database_that_is_not_where_it_was_ends_its_use(tmp_path: Path, gone: str) -> None:
    async def story() -> None:
        desk = Desk(tmp_path)
        storage = storage_of(desk)
        storage.begin(desk.killswitch)
        if gone == "moved":
            desk.path.rename(tmp_path / "elsewhere")
        else:
            copy = copied(desk, tmp_path)
            desk.path.unlink()
            if gone == "replaced":
                copy.rename(desk.path)
        with pytest.raises(StorageTrouble, match="was moved or removed while I used it"):
            await storage.tend()
        with pytest.raises(Refused, match="Nothing was sent"):
            desk.store.safety.hold()
        desk.stop()

    asyncio.run(story())


@story
async def test_all_of_the_database_is_gone_over_while_it_is_used(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    storage = storage_of(desk)
    storage.begin(desk.killswitch)
    desk.post.keep([(1, "{}")])
    desk.post.finish(1, Ending.DONE)
    with desk.store.atomic():
        desk.store.audit.record("Anna", "noted")
        await storage.examine()
    assert look(desk.store).examined_at == desk.time()
    desk.stop()


@story
async def test_damage_that_nobody_reads_is_found_when_all_is_gone_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    page, size = (
        desk.store.db.execute(query).fetchone()[0]
        for query in ("SELECT rootpage FROM sqlite_master WHERE name = 'watchlist'", "PRAGMA page_size")
    )
    desk.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with desk.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 64)
    with pytest.raises(Damaged):
        await storage_of(desk).examine()
    assert look(desk.store).examined_at is None
    desk.stop()


def test_the_first_trouble_is_the_one_that_is_told() -> None:
    async def story() -> None:
        alarm = Alarm()
        first = StorageTrouble("full")
        alarm.ring(first)
        alarm.ring(StorageTrouble("and then"))
        with pytest.raises(StorageTrouble) as raised:
            await alarm.sound()
        assert raised.value is first

    asyncio.run(story())


@story
async def test_after_the_host_was_started_anew_all_that_waits_leaves_marked_as_a_repeat(tmp_path: Path) -> None:
    """With the power, the mark that a letter was being sent may have been lost: it does not wait for the disk."""
    desk = Desk(tmp_path)
    storage_of(desk).begin(desk.killswitch)
    await desk.alert("BTC > 68000")
    desk.tick("68001")

    def repeats() -> set[int]:
        return {repeat for (repeat,) in desk.store.db.execute("SELECT repeat FROM outbox WHERE subject = 'alert'")}

    desk.restart()
    storage_of(desk).begin(desk.killswitch)
    assert repeats() == {0}, "the program alone was started anew"
    desk.boot = "another"
    desk.restart()
    storage_of(desk).begin(desk.killswitch)
    assert repeats() == {1}
    await desk.alert("BTC > 69000")
    desk.tick("69001")
    desk.restart()
    storage_of(desk).begin(desk.killswitch)
    assert repeats() == {0, 1}, "those that came since are in no doubt"
    desk.stop()
