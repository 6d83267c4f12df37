"""The ladder to a liquidation: each rung once, and again only after the price had really gone back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.account import Position
from chatbot.core.liquidation import RUNGS, SAFE, WIDER, danger, step
from chatbot.core.market import Symbol

_DISTANCES = st.decimals(min_value=0, max_value=1, places=4)
_TOLD = st.one_of(st.none(), st.sampled_from(RUNGS))


def _held(lots: str = "50", mark: str = "100", liquidation: str | None = "90", *, cross: bool = False) -> Position:
    return Position(
        symbol=Symbol("XBTUSDTM"),
        lots=Decimal(lots),
        entry_price=Decimal(100),
        mark_price=Decimal(mark),
        liquidation_price=None if liquidation is None else Decimal(liquidation),
        value=Decimal(100),
        unrealised_pnl=Decimal(0),
        currency="USDT",
        cross=cross,
    )


def _walk(*percents: str) -> list[str]:
    """Which rungs are told on the way, in percent, and where."""
    told: Decimal | None = None
    heard = []
    for percent in percents:
        told, tells = step(told, Decimal(percent) / 100)
        if tells and told is not None:
            heard.append(f"{told * 100:.0f} at {percent}")
    return heard


def test_each_rung_is_told_once_on_the_way_down() -> None:
    assert _walk("20", "15", "14", "12", "10", "9", "6", "5", "3", "0") == ["15 at 15", "10 at 10", "5 at 5"]


def test_a_price_that_trembles_at_a_rung_tells_it_once() -> None:
    assert _walk("16", "14.9", "15.2", "14.8", "17.9", "14.9") == ["15 at 14.9"]


def test_a_rung_tells_again_after_the_price_went_back_beyond_the_wider_distance() -> None:
    assert _walk("14.9", "18.1", "14.9") == ["15 at 14.9", "15 at 14.9"]
    assert _walk("4.9", "6.1", "4.9") == ["5 at 4.9", "5 at 4.9"]
    assert _walk("4.9", "6.1", "9.9", "11", "8") == ["5 at 4.9"], "the rung of 10 % was never left"


def test_who_falls_past_several_rungs_hears_of_the_last_alone() -> None:
    assert _walk("30", "4") == ["5 at 4"]
    assert _walk("30", "9", "30", "4") == ["10 at 9", "5 at 4"]


@given(told=_TOLD, distance=_DISTANCES)
def test_what_is_told_has_been_reached_and_was_not_told_before(told: Decimal | None, distance: Decimal) -> None:
    rung, tells = step(told, distance)
    if tells:
        assert rung is not None
        assert distance <= rung
        assert told is None or rung < told


@given(told=_TOLD, distance=_DISTANCES)
def test_the_same_distance_twice_says_nothing_more(told: Decimal | None, distance: Decimal) -> None:
    rung, _ = step(told, distance)
    assert step(rung, distance) == (rung, False)


@given(st.lists(_DISTANCES, min_size=1, max_size=60))
def test_between_two_notices_of_one_rung_the_price_was_beyond_its_wider_distance(distances: list[Decimal]) -> None:
    told: Decimal | None = None
    since: dict[Decimal, Decimal] = {}
    for distance in distances:
        since = {rung: max(furthest, distance) for rung, furthest in since.items()}
        told, tells = step(told, distance)
        if tells and told is not None:
            assert told not in since or since[told] > told * WIDER
            since[told] = distance


@given(st.lists(_DISTANCES, min_size=1, max_size=60))
def test_nobody_stands_within_a_rung_that_was_not_told(distances: list[Decimal]) -> None:
    told: Decimal | None = None
    for distance in distances:
        told, _ = step(told, distance)
        within = [rung for rung in RUNGS if distance <= rung]
        assert not within or (told is not None and told <= min(within))


@pytest.mark.parametrize(
    ("position", "distance"),
    [
        (_held("50", "100", "90"), "0.1"),
        (_held("-50", "100", "110"), "0.1"),
        (_held("50", "80", "90"), "0"),
        (_held("-50", "120", "110"), "0"),
        (_held("50", "100", "90", cross=True), "0.1"),
    ],
)
def test_the_distance_is_a_part_of_the_mark_price_and_never_below_zero(position: Position, distance: str) -> None:
    found = danger(position, None)
    assert found is not None
    assert (found.distance, found.risk) == (Decimal(distance), None)


def test_an_isolated_position_without_a_liquidation_price_is_safe() -> None:
    found = danger(_held(liquidation=None), None)
    assert found is not None
    assert found.distance == SAFE
    assert all(found.distance > rung * WIDER for rung in RUNGS)


def test_cross_margin_without_a_price_is_judged_by_the_risk_rate() -> None:
    found = danger(_held(liquidation=None, cross=True), Decimal("0.92"))
    assert found is not None
    assert (found.distance, found.risk) == (Decimal("0.08"), Decimal("0.92"))


def test_what_cannot_be_known_is_not_called_safe() -> None:
    assert danger(_held(liquidation=None, cross=True), None) is None
    assert danger(_held(mark="0"), None) is None
