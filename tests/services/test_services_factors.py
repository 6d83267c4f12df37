"""Codes of an authenticator app: each taken once, guesses counted, none written down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from chatbot.core.errors import Refused
from chatbot.core.people import Person, Role
from chatbot.services.factors import MOST_MISSES, PAUSE, Factors
from chatbot.store.store import Store, open_store
from tests.services.desk import ANNA, BEN

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOON = datetime(2026, 3, 1, 12, 0, 15, tzinfo=UTC)
CLARA = Person(id=9, name="Clara", role=Role.OWNER)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = open_store(tmp_path / "chatbot.db", clock)
    yield store
    store.close()


@pytest.fixture
def factors(store: Store) -> Factors:
    return build(store)


def build(store: Store) -> Factors:
    return Factors(
        secret=SECRET, store=store, owners=[ANNA.id, CLARA.id], words=lambda person: f"{person.name} guesses"
    )


def code(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(at)


def wrong(at: datetime) -> str:
    taken = {code(at + timedelta(seconds=30 * n)) for n in range(-2, 3)}
    return next(f"{n}" for n in range(314159, 314169) if f"{n}" not in taken)


def letters(store: Store) -> list[tuple[int, str]]:
    return [(r["chat_id"], r["text"]) for r in store.db.query("SELECT chat_id, text FROM outbox ORDER BY id")]


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_the_code_of_now_and_of_a_step_to_either_side_is_taken(factors: Factors, seconds: int) -> None:
    factors.check(ANNA, code(NOON + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-60, 60, 3600])
def test_a_code_of_another_time_is_wrong(factors: Factors, seconds: int) -> None:
    with pytest.raises(Refused, match="That code is wrong"):
        factors.check(ANNA, code(NOON + timedelta(seconds=seconds)))


@pytest.mark.parametrize("text", ["", "12345", "1234567", "１２３４５６", "abcdef", "12 345", "-12345", "٣" * 6])
def test_what_is_no_code_is_wrong(factors: Factors, text: str) -> None:
    with pytest.raises(Refused, match="That code is wrong"):
        factors.check(ANNA, text)


def test_a_code_is_taken_once_whoever_shows_it_and_over_a_restart(factors: Factors, store: Store) -> None:
    factors.check(ANNA, code(NOON))
    for person, again in ((ANNA, factors), (BEN, factors), (BEN, build(store))):
        with pytest.raises(Refused, match="used"):
            again.check(person, code(NOON))


def test_after_a_code_those_before_it_are_spent_as_well(factors: Factors, clock: Clock) -> None:
    factors.check(ANNA, code(NOON))
    with pytest.raises(Refused, match="used"):
        factors.check(ANNA, code(NOON - timedelta(seconds=30)))
    clock.time += timedelta(seconds=30)
    factors.check(ANNA, code(clock.time))


def miss(factors: Factors, person: Person, times: int, at: datetime) -> list[str]:
    said = []
    for _ in range(times):
        with pytest.raises(Refused) as refused:
            factors.check(person, wrong(at))
        said.append(str(refused.value))
    return said


def test_five_wrong_codes_end_in_a_pause_of_which_the_owners_are_told_once(
    factors: Factors, store: Store, clock: Clock
) -> None:
    said = miss(factors, BEN, MOST_MISSES, NOON)
    assert said[0] == "That code is wrong; 4 more and none of yours is taken for 15 m."
    assert said[-1] == "That was the 5th wrong code: none of yours is taken before 12:15 UTC."
    assert letters(store) == [(ANNA.id, "Ben guesses"), (CLARA.id, "Ben guesses")]
    clock.time += PAUSE - timedelta(seconds=1)
    with pytest.raises(Refused, match="none of yours is taken before 12:15 UTC"):
        build(store).check(BEN, code(clock.time))
    clock.time += timedelta(seconds=1)
    build(store).check(BEN, code(clock.time))
    assert len(letters(store)) == 2


def test_one_persons_guesses_do_not_keep_another_out(factors: Factors) -> None:
    miss(factors, BEN, MOST_MISSES, NOON)
    factors.check(ANNA, code(NOON))


def test_a_right_code_forgives_the_wrong_ones(factors: Factors, store: Store, clock: Clock) -> None:
    miss(factors, ANNA, MOST_MISSES - 1, NOON)
    factors.check(ANNA, code(NOON))
    clock.time += timedelta(seconds=30)
    miss(factors, ANNA, MOST_MISSES - 1, clock.time)
    assert letters(store) == []


def test_a_used_code_neither_counts_nor_forgives(factors: Factors, store: Store) -> None:
    factors.check(ANNA, code(NOON))
    miss(factors, ANNA, MOST_MISSES - 1, NOON)
    with pytest.raises(Refused, match="used"):
        factors.check(ANNA, code(NOON))
    miss(factors, ANNA, 1, NOON)
    assert len(letters(store)) == 2


def test_no_code_and_no_secret_is_written_down(
    factors: Factors, store: Store, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    shown = [wrong(NOON), code(NOON)]
    miss(factors, ANNA, 1, NOON)
    factors.check(ANNA, code(NOON))
    store.db.execute("PRAGMA wal_checkpoint")
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for text in (*shown, SECRET):
        assert text not in caplog.text
        assert text.encode() not in on_disk
    assert [(r.person, r.what) for r in store.audit.latest(2)] == [("Anna", "code taken"), ("Anna", "code refused")]


def test_without_a_secret_no_code_is_ever_taken(store: Store, clock: Clock) -> None:
    none = Factors(secret=None, store=store, owners=[], words=str)
    assert not none.asked
    with pytest.raises(Refused, match="TOTP_SECRET"):
        none.check(ANNA, code(NOON))
