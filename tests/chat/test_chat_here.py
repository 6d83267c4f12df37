"""/here in a group: owners say which news come where, and everybody can see it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.core.alerts import Source
from chatbot.core.feed import Tick
from chatbot.core.market import Symbol
from chatbot.core.notices import Letter
from chatbot.core.people import Person
from chatbot.core.routes import Route
from chatbot.core.times import to_millis
from tests.chat.desk import ANNA, BEN, GROUP, Desk, Said, incoming, open_desk

TOPIC, OTHER_TOPIC = 42, 43
BTC = Symbol("BTC-USDT")


async def _says(desk: Desk, person: Person, text: str, thread_id: int | None = TOPIC) -> Said:
    update = incoming(next(desk._numbers), person, text=text)
    return await desk.handles(replace(update, chat_id=GROUP, private=False, thread_id=thread_id, sent_at=desk.clock()))


async def _taps(desk: Desk, person: Person, card: Letter, label: str, thread_id: int | None = TOPIC) -> Said:
    buttons = [button for row in card.buttons for button in row]
    place = next(n for n, button in enumerate(buttons) if button.text == label)
    return await desk.handles(replace(desk.tap_of(person, card, f"{card.key}:{place}"), thread_id=thread_id))


def _laid(desk: Desk) -> dict[Route, int | None]:
    return {route: place.thread_id for route, place in desk.store.routes.of(GROUP).items()}


def test_an_owner_routes_kinds_to_the_topic_it_is_typed_in(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            said = await _says(desk, ANNA, "/here alerts, Funding")
            assert "From now on here:" in said.text
            assert said.letters[0].thread_id == TOPIC
            await _says(desk, ANNA, "/here system", None)
            assert _laid(desk) == {Route.ALERTS: TOPIC, Route.FUNDING: TOPIC, Route.SYSTEM: None}

    asyncio.run(main())


@pytest.mark.parametrize("line", ["/here alerts", "/here", "/here nothing"])
def test_only_owners_may(tmp_path: Path, line: str) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            said = await _says(desk, BEN, line)
            assert "/here is for owners; you are a trader." in said.text
            assert _laid(desk) == {}

    asyncio.run(main())


def test_a_kind_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            said = await _says(desk, ANNA, "/here orders gossip")
            assert "alerts, orders, system, funding, digest, or nothing" in said.text
            assert _laid(desk) == {}, "all of it or nothing"

    asyncio.run(main())


def test_in_a_private_chat_it_says_where_to_write_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            said = await desk.says(ANNA, "/here alerts")
            assert "Write /here in the group" in said.text
            assert "/settings" in said.text

    asyncio.run(main())


def test_here_alone_tells_what_comes_where_with_buttons_that_change_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            await _says(desk, ANNA, "/here alerts", OTHER_TOPIC)
            await _says(desk, ANNA, "/here orders", None)
            await _says(desk, ANNA, "/here system")
            (card,) = (await _says(desk, ANNA, "/here")).letters
            assert "<b>alerts</b> in https://t.me/c/1/43, by Anna" in card.text
            assert "<b>orders</b> in the group at large" in card.text
            assert "<b>system</b> here" in card.text
            said = await _taps(desk, ANNA, card, "Alerts here")
            assert said.toast is not None
            assert "come here" in said.toast.text
            assert _laid(desk)[Route.ALERTS] == TOPIC
            (edited,) = said.letters
            assert "<b>alerts</b> here" in edited.text
            assert edited.edits == card.id
            await _taps(desk, ANNA, edited, "Undo system")
            assert Route.SYSTEM not in _laid(desk)

    asyncio.run(main())


def test_the_buttons_count_for_owners_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            await _says(desk, ANNA, "/here alerts")
            (card,) = (await _says(desk, ANNA, "/here")).letters
            said = await _taps(desk, BEN, card, "Undo alerts")
            assert said.toast is not None
            assert "owners" in said.toast.text
            assert _laid(desk) == {Route.ALERTS: TOPIC}

    asyncio.run(main())


def test_nothing_takes_away_what_comes_to_this_place_and_nothing_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            await _says(desk, ANNA, "/here alerts digest")
            await _says(desk, ANNA, "/here orders", OTHER_TOPIC)
            assert "alerts, digest no longer come here" in (await _says(desk, ANNA, "/here nothing")).text
            assert _laid(desk) == {Route.ORDERS: OTHER_TOPIC}
            assert "Nothing is routed to this place" in (await _says(desk, ANNA, "/here nothing")).text

    asyncio.run(main())


def test_an_alert_made_in_one_topic_is_told_in_the_topic_of_alerts(tmp_path: Path) -> None:
    """And one that was made in a private chat stays there."""

    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            await _says(desk, ANNA, "/here alerts")
            await _says(desk, BEN, "/alert btc > 67500", OTHER_TOPIC)
            await desk.says(BEN, "/alert btc > 67600")
            desk.move_btc("1.01")
            await _priced(desk)
            told = [(letter.chat_id, letter.thread_id) for letter in desk.delivered()]
            assert told == [(GROUP, TOPIC), (BEN.id, None)]

    asyncio.run(main())


async def _priced(desk: Desk) -> None:
    """One price comes in, as the feed would tell it."""
    quote = desk.prices.quote(BTC)
    assert quote is not None
    desk.services.alerting.lookout.hear(Tick(BTC, f"{quote.last:f}", to_millis(desk.clock())), Source.LIVE)
    desk.services.alerting.lookout.settle_due()
