"""Where news belong in a group: laid durably, applied as letters are written, and taken along when the group moves."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.routes import Place, Route
from chatbot.store.store import Store, open_store

GROUP, OTHER, ANNA = -1001, -1002, 11
TOPIC, ELSEWHERE = 42, 7


def _lay(store: Store, route: Route, thread_id: int | None = TOPIC, chat_id: int = GROUP) -> None:
    store.routes.lay(route, Place(chat_id=chat_id, thread_id=thread_id, person="Anna"))


def _news(kind: Kind | None = Kind.PRICE, chat_id: int = GROUP, thread_id: int | None = ELSEWHERE) -> Letter:
    return Letter(chat_id=chat_id, lane=Lane.ALERT, text="news", kind=kind, thread_id=thread_id)


def _thread(store: Store, letter: Letter) -> int | None:
    """As the row has it."""
    kept = store.outbox.letter(store.outbox.put(letter).id)
    assert kept is not None
    return kept.thread_id


def test_a_route_outlives_the_process(store: Store, path: Path, clock: list[datetime]) -> None:
    _lay(store, Route.ORDERS)
    store.close()
    store = open_store(path, lambda: clock[0])
    assert store.routes.of(GROUP) == {Route.ORDERS: Place(chat_id=GROUP, thread_id=TOPIC, person="Anna")}
    store.close()


def test_news_of_a_kind_go_where_its_group_said_one_by_one_and_many_at_once(store: Store) -> None:
    _lay(store, Route.ALERTS)
    assert _thread(store, _news()) == TOPIC
    ids = store.outbox.put_all([_news(), _news(Kind.FUNDING), _news(chat_id=OTHER), _news(chat_id=ANNA)])
    kept = [store.outbox.letter(each) for each in ids]
    assert [letter.thread_id for letter in kept if letter] == [TOPIC, ELSEWHERE, ELSEWHERE, ELSEWHERE]


def test_news_of_one_topic_can_share_a_message_wherever_they_were_asked_for(store: Store) -> None:
    _lay(store, Route.ALERTS)
    first, _ = (store.outbox.put(_news(thread_id=thread)) for thread in (None, ELSEWHERE))
    assert first.thread_id == TOPIC


def test_the_group_at_large_is_a_place_too(store: Store) -> None:
    _lay(store, Route.ALERTS, None)
    assert _thread(store, _news()) is None


def test_answers_and_questions_stay_where_they_were_asked(store: Store) -> None:
    _lay(store, Route.ORDERS)
    assert _thread(store, _news(None)) == ELSEWHERE
    assert _thread(store, replace(_news(Kind.ORDERS), reply_to=5)) == ELSEWHERE


def test_what_follows_a_message_goes_where_that_one_is(store: Store) -> None:
    _lay(store, Route.ALERTS)
    _lay(store, Route.ORDERS, 99)
    alert = store.outbox.put(_news())
    assert _thread(store, replace(_news(Kind.ORDERS), follows=alert.id)) == TOPIC
    assert _thread(store, replace(_news(None), follows=alert.id)) == TOPIC


def test_an_edit_that_has_to_leave_as_a_new_message_leaves_where_its_card_stood(store: Store) -> None:
    _lay(store, Route.ORDERS)
    card, lone = (store.outbox.put(_news(kind)) for kind in (Kind.ORDERS, None))
    for edited, place in ((card, TOPIC), (lone, ELSEWHERE)):
        edit = store.outbox.put(replace(_news(Kind.ORDERS, thread_id=None), edits=edited.id))
        store.outbox.resend_as_new(edit)
        left = store.outbox.letter(edit.id)
        assert left is not None
        assert (left.edits, left.thread_id) == (None, place)


def test_a_route_is_replaced_and_undone(store: Store) -> None:
    _lay(store, Route.SYSTEM)
    _lay(store, Route.SYSTEM, ELSEWHERE)
    _lay(store, Route.SYSTEM, None, OTHER)
    assert [(p.chat_id, p.thread_id) for p in store.routes.places(Route.SYSTEM)] == [(OTHER, None), (GROUP, ELSEWHERE)]
    assert store.routes.undo(GROUP, Route.SYSTEM)
    assert not store.routes.undo(GROUP, Route.SYSTEM)
    assert store.routes.of(GROUP) == {}


def test_a_route_falls_with_the_transaction_it_is_laid_in(store: Store) -> None:
    class Lost(Exception):
        pass

    try:
        with store.atomic():
            _lay(store, Route.ALERTS)
            raise Lost
    except Lost:
        assert store.routes.of(GROUP) == {}


def test_a_group_takes_its_routes_along_and_what_was_said_in_the_new_one_counts(store: Store) -> None:
    _lay(store, Route.ALERTS, None)
    _lay(store, Route.ORDERS, None)
    _lay(store, Route.ORDERS, TOPIC, OTHER)
    store.outbox.chats.move(GROUP, OTHER)
    threads = {route: place.thread_id for route, place in store.routes.of(OTHER).items()}
    assert threads == {Route.ALERTS: None, Route.ORDERS: TOPIC}
    assert store.routes.of(GROUP) == {}
