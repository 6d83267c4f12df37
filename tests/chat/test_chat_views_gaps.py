from datetime import timedelta

import pytest

from chatbot.chat.views import gaps
from chatbot.core.market import Symbol, Venue
from chatbot.services.blindness import Back
from tests.chat.desk import NOON
from tests.chat.shown import visible

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ETH, SOL = Symbol("ETH-USDT"), Symbol("SOL-USDT")


def test_being_blind_is_said_with_what_is_not_checked() -> None:
    assert visible(gaps.blind(NOON, Venue.SPOT, 5)) == (
        "Blind since 12:00 UTC: no spot prices.\n5 alerts are not checked. I keep trying."
    )
    assert "1 alert is not checked." in visible(gaps.blind(NOON, Venue.FUTURES, 1))


@pytest.mark.parametrize(
    ("late", "off", "text"),
    [
        (0, False, "Back after 17 m. I read what was traded meanwhile: nothing was missed."),
        (2, False, "Back after 17 m: 2 late alerts, found in what was traded meanwhile."),
        (1, True, "I was off for 17 m: 1 late alert, found in what was traded meanwhile."),
        (0, True, "I was off for 17 m. I read what was traded meanwhile: nothing was missed."),
    ],
)
def test_being_back_is_said_with_what_came_late(late: int, text: str, *, off: bool) -> None:
    seen = Back(since=NOON, until=NOON + 17 * MINUTE, off=off, venues=(Venue.SPOT,), late=late)
    assert visible(gaps.back(seen)) == text


def test_what_could_not_be_read_is_owned_up_to_and_comes_late() -> None:
    seen = Back(since=NOON, until=NOON + 17 * MINUTE, off=False, venues=(Venue.SPOT,), late=0, unread=(ETH, SOL))
    assert visible(gaps.back(seen)) == (
        "Back after 17 m.\nWhat was traded meanwhile on ETH-USDT and SOL-USDT cannot be read yet."
        " I keep trying, and tell late what I find then."
    )


def test_what_is_too_long_ago_to_be_read_is_owned_up_to() -> None:
    seen = Back(since=NOON, until=NOON + 80 * DAY, off=True, venues=(Venue.FUTURES,), late=1, reach=30 * DAY)
    assert visible(gaps.back(seen)) == (
        "I was off for 80 d: 1 late alert found so far.\n"
        "I read the last 30 d of what was traded: what crossed before, I cannot know."
    )


def test_of_many_symbols_some_are_named() -> None:
    text = visible(gaps.unread([Symbol(f"COIN{n}-USDT") for n in range(12)], 15 * MINUTE))
    assert text.startswith("For 15 m I cannot read what is traded on COIN0-USDT, ")
    assert "COIN9-USDT and 2 more." in text
    assert "COIN10" not in text
    assert "tell late what I find" in text


def test_funding_that_cannot_be_known_is_named() -> None:
    perpetual = Symbol("XBTUSDTM")
    assert "at which rates XBTUSDTM settled while I could not look, 9 h." in visible(
        gaps.lost_funding(perpetual, timedelta(hours=9))
    )
    assert visible(gaps.unforeseen(perpetual, 10 * MINUTE)).startswith("XBTUSDTM settles in 10 m, and I do not know")
