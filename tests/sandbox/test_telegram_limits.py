from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chatbot.sandbox.telegram_limits import Flood, FloodLimits
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_values import ChatKind, TelegramChat

START = datetime(2026, 3, 1, tzinfo=UTC)
GROUP = TelegramChat(id=-5, kind=ChatKind.SUPERGROUP, title="Desk")


def _private(number: int) -> TelegramChat:
    return TelegramChat(id=number, kind=ChatKind.PRIVATE, title="x")


class _Hours:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def _passed(spend: Callable[[], None]) -> tuple[int, int | None]:
    """How many messages pass at once, and how long the refused one is to wait."""
    count = 0
    refusals: list[TelegramRefusal] = []
    while not refusals:
        try:
            spend()
            count += 1
        except TelegramRefusal as refusal:
            refusals.append(refusal)
    wait = refusals[0].retry_after
    assert (refusals[0].code, refusals[0].description) == (429, f"Too Many Requests: retry after {wait}")
    return count, wait


def test_a_private_chat_takes_a_burst_and_then_one_a_second() -> None:
    hours = _Hours()
    flood = Flood(FloodLimits(), hours)

    assert _passed(lambda: flood.spend(_private(1))) == (10, 1)
    hours.now += timedelta(seconds=2)
    assert _passed(lambda: flood.spend(_private(1))) == (2, 1)


def test_the_strict_reading_takes_one_message_a_second() -> None:
    flood = Flood(FloodLimits(private_burst=1), _Hours())

    assert _passed(lambda: flood.spend(_private(1))) == (1, 1)


def test_a_group_takes_twenty_a_minute() -> None:
    hours = _Hours()
    flood = Flood(FloodLimits(), hours)

    assert _passed(lambda: flood.spend(GROUP)) == (20, 3)
    hours.now += timedelta(seconds=3)
    assert _passed(lambda: flood.spend(GROUP)) == (1, 3)


def test_all_chats_together_take_thirty_a_second() -> None:
    flood = Flood(FloodLimits(), _Hours())
    chats = iter(range(1, 1000))

    assert _passed(lambda: flood.spend(_private(next(chats)))) == (30, 1)


def test_one_chat_at_its_limit_holds_up_no_other() -> None:
    flood = Flood(FloodLimits(private_burst=1), _Hours())
    flood.spend(_private(1))
    with pytest.raises(TelegramRefusal):
        flood.spend(_private(1))

    flood.spend(_private(2))
