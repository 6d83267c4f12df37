"""The desk's morning: once a day to each group that asked, in its topic, and never what the account holds."""

from zoneinfo import ZoneInfo

from chatbot.chat.views.desk_digest import morning
from chatbot.core.notices import Letter
from chatbot.core.preferences import Kind
from chatbot.core.routes import Place, Route
from chatbot.services.desk_digest import DeskDigests
from chatbot.services.routing import Routing
from tests.services.desk import ANNA, Desk, story

GROUP, TOPIC = -1001, 42
UTC = ZoneInfo("UTC")
HOURS = 3600


def _digests(desk: Desk) -> DeskDigests:
    return DeskDigests(store=desk.store, checkup=desk.checkup, zone=UTC, word=morning)


def _route(desk: Desk) -> None:
    Routing(desk.store).lay([Route.DIGEST], Place(chat_id=GROUP, thread_id=TOPIC), ANNA)


def _told(desk: Desk) -> list[Letter]:
    return [letter for letter in desk.store.outbox.due(99) if letter.chat_id == GROUP]


def _to_morning(desk: Desk) -> None:
    now = desk.time()
    desk.wait(((32 - now.hour) % 24 or 24) * HOURS - now.minute * 60 - now.second + 60)


@story
async def test_it_comes_in_the_morning_once_and_not_for_mornings_before_it_was_asked_for(desk: Desk) -> None:
    _route(desk)
    digests = _digests(desk)
    await digests.look()
    assert _told(desk) == []
    _to_morning(desk)
    for _ in range(3):
        await digests.look()
    await _digests(desk).look()  # after a restart
    (letter,) = _told(desk)
    assert (letter.thread_id, letter.kind, letter.silent) == (TOPIC, Kind.DIGEST, True)


@story
async def test_it_tells_what_was_done_and_how_the_bot_is(desk: Desk) -> None:
    _to_morning(desk)
    _route(desk)
    desk.wait(2 * HOURS)
    await desk.order("buy btc 100usdt")
    _to_morning(desk)
    await _digests(desk).look()
    (letter,) = _told(desk)
    assert "Since yesterday: 1 order sent, 1 filled" in letter.text
    assert "Feeds ok, key ok, KuCoin ok" in letter.text


@story
async def test_what_is_wrong_is_named(desk: Desk) -> None:
    _route(desk)
    desk.kill()
    _to_morning(desk)
    await _digests(desk).look()
    (letter,) = _told(desk)
    assert "<b>Trading is stopped</b> by Anna" in letter.text
