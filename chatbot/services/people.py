"""Watchlists, the groups that are let in, and the strangers who knock."""

from collections.abc import Sequence

from chatbot.core.market import Instrument, Symbol
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.services.market import Markets
from chatbot.store.store import Store


class Watchlists:
    def __init__(self, *, store: Store, markets: Markets) -> None:
        self._people = store.people
        self._store = store
        self._markets = markets

    def of(self, person_id: int) -> tuple[Symbol, ...]:
        return self._people.watchlist(person_id)

    async def add(self, person_id: int, words: Sequence[str]) -> tuple[Instrument, ...]:
        """All of them or none. Raises UsageError for a word that fits no symbol."""
        found = await self._found(words)
        with self._store.atomic():
            for instrument in found:
                self._people.watch(person_id, instrument.symbol)
        return found

    async def remove(self, person_id: int, words: Sequence[str]) -> tuple[Symbol, ...]:
        """Those that were on the list. A symbol that KuCoin dropped can be removed by its full name."""
        listed = self.of(person_id)
        by_name = [Symbol(w.upper()) for w in words if w.upper() in listed]
        others = await self._found([w for w in words if w.upper() not in listed])
        wanted = [*by_name, *(i.symbol for i in others)]
        with self._store.atomic():
            return tuple(s for s in wanted if self._people.unwatch(person_id, s))

    async def _found(self, words: Sequence[str]) -> tuple[Instrument, ...]:
        if not words:
            return ()
        catalogue = await self._markets.catalogue()
        return tuple(catalogue.find(w) for w in words)


class Groups:
    """The groups of the settings, by whatever id each has now: one that becomes a supergroup gets another."""

    def __init__(self, *, store: Store, ids: frozenset[int]) -> None:
        self._chats = store.outbox.chats
        self._ids = ids

    def __contains__(self, chat_id: object) -> bool:
        if chat_id in self._ids:
            return True
        return isinstance(chat_id, int) and not self._ids.isdisjoint(self._chats.earlier_ids(chat_id))

    def now(self) -> frozenset[int]:
        """Each by the id it goes by now."""
        return frozenset(self._chats.latest_id(chat_id) for chat_id in self._ids)


class Doorbell:
    """Strangers get silence; the owners are told once who it was."""

    def __init__(self, *, store: Store, owners: frozenset[int]) -> None:
        self._store = store
        self._owners = sorted(owners)

    def ring(self, person_id: int, name: str, text: str) -> None:
        """Joins the open transaction. `text` is what the owners read the first time."""
        if not self._store.people.knocked(person_id, name):
            return
        for owner in self._owners:
            letter = Letter(chat_id=owner, lane=Lane.REPORT, text=text, silent=True, kind=Kind.SYSTEM)
            self._store.outbox.put(letter, dedupe=f"knock {person_id} {owner}")
