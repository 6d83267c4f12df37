from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.store.store import Store

ANNA, BEN = 11, 12
DAY = timedelta(days=1)


def test_whose_turn_it_was_stays_with_the_name_that_was_heard_last(store: Store, clock: list[datetime]) -> None:
    assert store.digests.reader(ANNA) is None
    store.digests.settle(ANNA, clock[0], "Anna")
    store.digests.settle(ANNA, clock[0] + DAY)
    reader = store.digests.reader(ANNA)
    assert reader is not None
    assert (reader.person, reader.settled) == ("Anna", clock[0] + DAY)


def test_a_digest_is_compared_with_the_last_one_that_came_by_itself_and_knew_the_worth(
    store: Store, clock: list[datetime]
) -> None:
    digests, now = store.digests, clock[0]
    first = digests.begin(ANNA, mode="live", due_at=now, equity=Decimal("6472.68"))
    digests.begin(ANNA, mode="live", due_at=now, equity=None)
    digests.begin(ANNA, mode="live", due_at=None, equity=Decimal(1))
    digests.begin(ANNA, mode="paper", due_at=now, equity=Decimal(2))
    digests.begin(BEN, mode="live", due_at=now, equity=Decimal(3))
    before = digests.before(ANNA, "live")
    assert before is not None
    assert (before.id, before.equity, before.came) == (first, Decimal("6472.68"), True)
    assert digests.before(BEN, "paper") is None


def test_the_words_of_a_digest_are_kept_both_ways(store: Store) -> None:
    number = store.digests.begin(ANNA, mode="live", due_at=None, equity=Decimal(-1))
    store.digests.word(number, "6,510.88", "•••")
    found = store.digests.digest(number)
    assert found is not None
    assert (found.person_id, found.shown, found.hidden, found.equity, found.came) == (
        ANNA, "6,510.88", "•••", Decimal(-1), False,
    )  # fmt: skip


def test_old_digests_are_forgotten_but_for_the_last_that_can_be_compared_with(
    store: Store, clock: list[datetime]
) -> None:
    numbers = [store.digests.begin(ANNA, mode="live", due_at=clock[0], equity=Decimal(n)) for n in range(2)]
    asked = store.digests.begin(ANNA, mode="live", due_at=None, equity=Decimal(9))
    clock[0] += 40 * DAY
    store.digests.clean(clock[0] - 30 * DAY)
    assert [store.digests.digest(n) is not None for n in (*numbers, asked)] == [False, True, False]
