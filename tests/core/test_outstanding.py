"""What an order still needs, over every size, distance and stage."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.limits import Limits
from chatbot.core.market import Reach
from chatbot.core.modes import TradingMode
from chatbot.core.orders import Estimate
from chatbot.core.outstanding import outstanding
from chatbot.core.waiting import Awaits, Waiting

LIMITS = Limits(
    mode=TradingMode.LIVE,
    symbols=None,
    max_notional=Decimal(1000),
    daily_max=Decimal(5000),
    confirm=timedelta(seconds=60),
    max_drift=Decimal("0.5"),
)
RULES = replace(LIMITS, approval_above=Decimal(100), totp_above=Decimal(50))
TAP = Waiting()

percents = st.decimals(min_value=-100, max_value=100, places=2)
worths = st.decimals(min_value=0, max_value=200, places=2)


def cost(notional: str | Decimal, distance: str | Decimal = "0") -> Estimate:
    one = Decimal(1)
    reach = Reach(market=one, distance=Decimal(distance), slippage=None)
    return Estimate(price=one, size=one, funds=one, fee=one, notional=Decimal(notional), free_after=one, reach=reach)


@pytest.mark.parametrize(
    ("notional", "stages"),
    [("50", []), ("50.01", [Awaits.CODE]), ("100", [Awaits.CODE]), ("100.01", [Awaits.CODE, Awaits.APPROVAL])],
)
def test_the_worth_of_an_order_says_what_it_needs_after_the_tap(notional: str, stages: list[Awaits]) -> None:
    met: Waiting | None = TAP
    seen = []
    while met is not None:
        met = outstanding(met, cost(notional), RULES, None)
        seen += [met.awaits] if met is not None else []
    assert seen == stages


def test_without_its_settings_an_order_needs_the_tap_alone() -> None:
    assert outstanding(TAP, cost("1e9"), LIMITS, None) is None


def test_an_order_far_from_the_market_needs_a_tap_on_the_button_that_says_so() -> None:
    warned = outstanding(TAP, cost("1", "3.1"), RULES, None)
    assert warned == Waiting(awaits=Awaits.TAP, warned=Decimal("3.1"))
    assert outstanding(warned, cost("1", "3.1"), RULES, None) == warned, "the button from before says nothing"
    assert outstanding(warned, cost("1", "3.1"), RULES, Decimal("3.0")) == warned, "nor does one of other words"
    assert outstanding(warned, cost("1", "3.1"), RULES, Decimal("3.1")) is None


def test_what_moved_on_since_is_told_and_tapped_again() -> None:
    warned = Waiting(warned=Decimal("3.1"))
    assert outstanding(warned, cost("1", "3.6"), RULES, Decimal("3.1")) is None
    assert outstanding(warned, cost("1", "3.61"), RULES, Decimal("3.1")) == Waiting(warned=Decimal("3.61"))
    assert outstanding(warned, cost("1", "1.9"), RULES, None) is None, "no longer far"


@pytest.mark.parametrize("awaits", [Awaits.CODE, Awaits.APPROVAL])
def test_whoever_agrees_to_what_has_become_another_order_agrees_to_nothing(awaits: Awaits) -> None:
    met = Waiting(awaits=awaits, warned=None)
    assert outstanding(met, cost("200", "2.01"), RULES, None) == Waiting(warned=Decimal("2.01"))


@given(notional=worths, distances=st.lists(percents, min_size=1, max_size=4))
def test_nothing_leaves_without_every_step_it_needs(notional: Decimal, distances: list[Decimal]) -> None:
    """Each step is met at a price of its own; the button is always the one that was drawn last."""
    met: Waiting | None = TAP
    passed = []
    for distance in [*distances, *[distances[-1]] * 6]:
        assert met is not None
        passed.append((met, distance))
        met = outstanding(met, cost(notional, distance), RULES, met.warned if met.awaits is Awaits.TAP else None)
        if met is None:
            break
    assert met is None, "with a price that stands still it ends"
    last, distance = passed[-1]
    if distance > 2:
        assert last.warned is not None
        assert distance <= last.warned + RULES.max_drift
    since_warned = [one.awaits for one, _ in passed]
    if notional > 50:
        assert Awaits.CODE in since_warned
    if notional > 100:
        assert since_warned[-1] is Awaits.APPROVAL
    for (before, _), (after, _) in pairwise(passed):
        assert after.awaits is Awaits.TAP or after.warned == before.warned


def test_a_warning_that_was_not_heeded_does_not_count_later() -> None:
    warned = Waiting(warned=Decimal("3.1"))
    passed = outstanding(warned, cost("200", "1"), RULES, None)
    assert passed == Waiting(awaits=Awaits.CODE, warned=None)
    assert outstanding(passed, cost("200", "3.1"), RULES, None) == warned
