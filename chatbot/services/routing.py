"""What a group's owners want where, and how news that concern the whole desk are told."""

from collections.abc import Iterable
from dataclasses import replace

from chatbot.core.notices import Letter
from chatbot.core.people import Person
from chatbot.core.routes import Place, Route, route_of
from chatbot.store.store import Store


class Routing:
    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, chat_id: int) -> dict[Route, Place]:
        return self._store.routes.of(chat_id)

    def lay(self, routes: Iterable[Route], place: Place, person: Person) -> None:
        """From now on such news of this group come to this place, and no longer where they came before."""
        with self._store.atomic():
            for route in routes:
                self._store.routes.lay(route, replace(place, person=person.name))
                self._store.audit.record(person.name, "here", f"{route.value} in {_named(place)}")

    def undo(self, routes: Iterable[Route], chat_id: int, person: Person) -> tuple[Route, ...]:
        """Those that were routed."""
        with self._store.atomic():
            undone = tuple(route for route in routes if self._store.routes.undo(chat_id, route))
            for route in undone:
                self._store.audit.record(person.name, "not here", f"{route.value} in {chat_id}")
        return undone


def tell_desk(store: Store, people: Iterable[int], letter: Letter, name: str | None = None) -> None:
    """To each of them in their own chat, and to every group that has asked for news of this kind.

    For what everybody there may read: nothing of the account's amounts. With `name` it is told once and for all.
    """
    with store.atomic():
        for person_id in sorted(people):
            _tell(store, replace(letter, chat_id=person_id), name)
        for place in places_of(store, letter):
            _tell(store, replace(letter, chat_id=place.chat_id, thread_id=place.thread_id), name)


def places_of(store: Store, letter: Letter) -> tuple[Place, ...]:
    return () if letter.kind is None else store.routes.places(route_of(letter.kind))


def _tell(store: Store, letter: Letter, name: str | None) -> None:
    store.outbox.put(letter, None if name is None else f"{name} {letter.chat_id}")


def _named(place: Place) -> str:
    return f"{place.chat_id}" if place.thread_id is None else f"{place.chat_id}/{place.thread_id}"
