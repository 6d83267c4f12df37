"""The vitals in Prometheus' text format, version 0.0.4: base units, and labels of our own enums alone."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from chatbot.core.values import frozen
from chatbot.services.vitals import StreamVitals, Vitals, ailments

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Value = timedelta | datetime | float | None
"""None, what is not known, is left out."""


@frozen
class Family:
    """`samples` by their labels, of which `""` are none."""

    name: str
    help: str
    samples: Mapping[str, Value]
    kind: str = "gauge"

    def lines(self) -> Iterator[str]:
        known = [(labels, value) for labels, value in self.samples.items() if value is not None]
        if known:
            yield f"# HELP chatbot_{self.name} {self.help}"
            yield f"# TYPE chatbot_{self.name} {self.kind}"
            yield from (f"chatbot_{self.name}{labels} {_number(value)}" for labels, value in known)


def metrics(seen: Vitals) -> str:
    families = (*_state(seen), *_feeds(seen.streams), *_queues(seen), *_orders(seen), *_storage(seen))
    return "".join(f"{line}\n" for family in families for line in family.lines())


def _number(value: timedelta | datetime | float) -> str:
    match value:
        case timedelta():
            return repr(value.total_seconds())
        case datetime():
            return repr(value.timestamp())
    return repr(int(value) if isinstance(value, bool) else value)


def _labels(**labels: str) -> str:
    return "{" + ",".join(f'{name}="{text}"' for name, text in labels.items()) + "}"


def _one(name: str, words: str, value: Value, kind: str = "gauge") -> Family:
    return Family(name=name, help=words, samples={"": value}, kind=kind)


def _state(seen: Vitals) -> Iterator[Family]:
    yield _one("healthy", "1 while /healthz says ok.", not ailments(seen))
    yield _one("start_time_seconds", "When the bot started, in Unix time.", seen.started_at)
    yield _one("telegram_silence_seconds", "Since Telegram last answered a poll.", seen.telegram_silence)
    yield _one("clock_offset_seconds", "How far KuCoin's clock is ahead of the host's.", seen.clock_offset)
    yield _one("clock_age_seconds", "Since KuCoin's clock was read.", seen.clock_age)
    yield _one("key_age_seconds", "Age of the oldest API key.", seen.key_age)
    yield _one("token_age_seconds", "Since the bot's token was first used here.", seen.token_age)


def _feeds(streams: tuple[StreamVitals, ...]) -> Iterator[Family]:
    named = {_labels(venue=s.stream.venue.value, channel=s.stream.channel.value): s for s in streams}

    def each(name: str, words: str, values: dict[str, Value], kind: str = "gauge") -> Family:
        return Family(name=f"feed_{name}", help=words, samples=values, kind=kind)

    yield each("up", "1 while the stream is whole.", {n: s.down_for is None for n, s in named.items()})
    yield each("down_seconds", "Since the stream broke.", {n: s.down_for for n, s in named.items()})
    yield each("silence_seconds", "Since any word on the stream.", {n: s.silence for n, s in named.items()})
    missing: dict[str, Value] = {n: s.missing for n, s in named.items()}
    yield each("missing_seconds", "Since prices came, by the stream or when asked for.", missing)
    again: dict[str, Value] = {n: s.reconnects for n, s in named.items()}
    yield each("reconnects_total", "Connections that were begun anew.", again, "counter")
    garbage: dict[str, Value] = {n: s.garbage for n, s in named.items()}
    yield each("garbage_total", "Frames that could not be read.", garbage, "counter")


def _queues(seen: Vitals) -> Iterator[Family]:
    waiting = seen.tally
    lanes: dict[str, Value] = {_labels(lane=lane.name.lower()): count for lane, count in waiting.letters.items()}
    yield Family(name="letters_waiting", help="Messages that wait to be sent.", samples=lanes)
    oldest = None if waiting.letters_since is None else seen.read_at - waiting.letters_since
    yield _one("letters_waiting_age_seconds", "Age of the oldest message that waits to be sent.", oldest)
    yield _one("letters_undelivered", "Messages given up, or held for chats closed to the bot.", seen.undelivered)
    yield _one("updates_waiting", "Updates of Telegram's that wait to be handled.", waiting.updates)
    oldest = None if waiting.updates_since is None else seen.read_at - waiting.updates_since
    yield _one("updates_waiting_age_seconds", "Age of the oldest update that waits to be handled.", oldest)
    yield _one("alerts", "Alert rules that live.", seen.alerts)
    yield _one("firings_total", "Alerts that fired, since the database was made.", waiting.firings, "counter")


def _orders(seen: Vitals) -> Iterator[Family]:
    states: dict[str, Value] = {_labels(state=state.value): count for state, count in seen.tickets.items()}
    yield Family(name="tickets", help="Tickets whose order may be alive at KuCoin.", samples=states)
    yield _one("tickets_unknown_age_seconds", "Since the oldest ticket of unknown fate was sent.", seen.unknown_age)
    yield _one("trading_killed", "1 while a kill stands.", seen.killed)
    yield _one("trading_held", "1 while orders are held by the API key.", seen.held)
    yield _one("trading_finding_out", "1 while orders wait for what rests on KuCoin to be known.", seen.finding_out)


def _storage(seen: Vitals) -> Iterator[Family]:
    yield _one("database_bytes", "Size of the database.", seen.database_bytes)
    yield _one("database_free_bytes", "Room on the disk of the database.", seen.free_bytes)
    yield _one("database_reserve", "1 while room is kept for a full disk.", seen.room)
    yield _one("database_backup_age_seconds", "Since the last backup.", seen.backup_age)
