"""News for the whole desk: told to each of its people, and to the groups that asked for them, once each."""

from pathlib import Path

from chatbot.core.notices import Lane, Letter
from chatbot.core.people import Person, Role
from chatbot.core.preferences import Kind
from chatbot.core.routes import Place, Route
from chatbot.core.times import utc_now
from chatbot.services.routing import Routing, tell_desk
from chatbot.store.store import Store, open_store

GROUP, TOPIC = -1001, 42
ANNA = Person(id=11, name="Anna", role=Role.OWNER)
PLACE = Place(chat_id=GROUP, thread_id=TOPIC)
NEWS = Letter(chat_id=0, lane=Lane.REPORT, text="The disk is full.", kind=Kind.SYSTEM)


def _open(folder: Path) -> Store:
    return open_store(folder / "desk.db", utc_now)


def _waiting(store: Store) -> list[tuple[int, int | None]]:
    return [(letter.chat_id, letter.thread_id) for letter in store.outbox.due(99)]


def test_the_groups_that_asked_for_it_hear_what_the_owners_hear(tmp_path: Path) -> None:
    store = _open(tmp_path)
    Routing(store).lay([Route.SYSTEM], PLACE, ANNA)
    Routing(store).lay([Route.ORDERS], Place(chat_id=-5, thread_id=None), ANNA)
    tell_desk(store, {12, 11}, NEWS)
    assert _waiting(store) == [(11, None), (12, None), (GROUP, TOPIC)]
    store.close()


def test_what_has_a_name_is_told_once_to_each(tmp_path: Path) -> None:
    store = _open(tmp_path)
    Routing(store).lay([Route.SYSTEM], PLACE, ANNA)
    for _ in range(2):
        tell_desk(store, [11], NEWS, "full")
    assert _waiting(store) == [(11, None), (GROUP, TOPIC)]
    store.close()


def test_an_answer_goes_to_nobody_else(tmp_path: Path) -> None:
    store = _open(tmp_path)
    Routing(store).lay(Route, PLACE, ANNA)
    tell_desk(store, [11], Letter(chat_id=0, lane=Lane.ANSWER, text="yours"))
    assert _waiting(store) == [(11, None)]
    store.close()


def test_who_routed_what_and_who_undid_it_is_on_record(tmp_path: Path) -> None:
    store = _open(tmp_path)
    routing = Routing(store)
    routing.lay([Route.ALERTS, Route.ORDERS], PLACE, ANNA)
    assert routing.of(GROUP)[Route.ALERTS].person == "Anna"
    assert routing.undo([Route.ALERTS, Route.DIGEST], GROUP, ANNA) == (Route.ALERTS,)
    told = [(record.person, record.what, record.detail) for record in store.audit.latest(9)]
    assert told == [
        ("Anna", "not here", "alerts in -1001"),
        ("Anna", "here", "orders in -1001/42"),
        ("Anna", "here", "alerts in -1001/42"),
    ]
    store.close()
