"""What is known of a kill: each look may only say what the exchange showed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import NoPermission, OutcomeUnknown, Rejected
from chatbot.core.exchange import AtRest, Listed, Resting, Sweep
from chatbot.core.market import Symbol
from chatbot.core.orders import Side
from chatbot.core.stops import Result, StopReport

AT = "18:31:04"
BTC = Symbol("BTC-USDT")
EMPTY = tuple(Listed(place=place, orders=()) for place in Resting)
TAKEN = tuple(Sweep(place=place) for place in Resting)


def order(order_id: str = "67", place: Resting = Resting.SPOT_ORDERS, oid: str = "cb1") -> AtRest:
    return AtRest(place=place, order_id=order_id, client_oid=oid, symbol=BTC, side=Side.BUY, price=Decimal(5))


def showing(*orders: AtRest, blind: tuple[Resting, ...] = ()) -> tuple[Listed, ...]:
    return tuple(
        Listed(place=place, orders=None, problem="slow")
        if place in blind
        else Listed(place=place, orders=tuple(o for o in orders if o.place is place))
        for place in Resting
    )


def swept(*orders: AtRest) -> StopReport:
    return StopReport().begun(showing(*orders)).asked(TAKEN)


def results(report: StopReport) -> dict[str, Result]:
    return {line.order_id: line.result for line in report.lines}


@pytest.mark.parametrize("report", [StopReport(), swept(), swept(order())])
def test_before_the_exchange_was_looked_at_nothing_is_called_done(report: StopReport) -> None:
    assert (report.read, report.clean, report.settled) == (False, False, False)


def test_a_kill_is_clean_once_every_place_was_read_and_shows_nothing() -> None:
    report = swept(order()).looked(EMPTY, AT)
    assert (report.clean, report.settled, results(report)) == (True, True, {"67": Result.GONE})


@pytest.mark.parametrize("place", Resting)
def test_whatever_rests_in_any_place_is_not_done(place: Resting) -> None:
    one = order(place=place)
    report = swept(one).looked(showing(one), AT)
    assert (report.clean, report.settled, results(report)) == (False, False, {"67": Result.RESTING})


@pytest.mark.parametrize("place", Resting)
def test_a_place_that_was_not_read_is_not_empty(place: Resting) -> None:
    report = swept(order(place=place)).looked(showing(blind=(place,)), AT)
    assert (report.read, report.clean, results(report)) == (False, False, {"67": Result.NOT_READ})
    assert [p.place for p in report.places if p.unread] == [place.value]
    later = report.looked(EMPTY, AT)
    assert (later.clean, results(later)) == (True, {"67": Result.GONE})


def test_what_was_over_stays_over_while_its_place_cannot_be_read() -> None:
    report = swept(order()).looked(EMPTY, AT).looked(showing(blind=(Resting.SPOT_ORDERS,)), AT)
    assert (results(report), report.clean) == ({"67": Result.GONE}, False)


def test_what_shows_up_again_rests_again() -> None:
    report = swept(order()).looked(EMPTY, AT).looked(showing(order()), AT)
    assert (results(report), report.clean) == ({"67": Result.RESTING}, False)
    assert results(swept(order()).looked(EMPTY, AT).begun(showing(order()))) == {"67": Result.FOUND}


def test_an_order_that_comes_after_the_cancels_has_a_line() -> None:
    report = swept().looked(showing(order()), AT)
    assert results(report) == {"67": Result.RESTING}


def test_a_cancel_that_failed_is_no_trouble_once_its_place_is_seen_empty() -> None:
    failed = [Sweep(place=Resting.SPOT_STOPS, error=OutcomeUnknown("no answer"))]
    one = order(place=Resting.SPOT_STOPS)
    report = swept(one).asked(failed)
    assert [p.problem for p in report.looked(showing(one), AT).places if p.problem] == ["no answer"]
    assert [p.problem for p in report.looked(EMPTY, AT).places if p.problem] == []
    assert report.looked(EMPTY, AT).clean


def test_where_the_key_may_not_cancel_asking_again_is_no_use() -> None:
    one = order(place=Resting.FUTURES_ORDERS)
    barred = Sweep(place=Resting.FUTURES_ORDERS, error=NoPermission("no"))
    report = swept(one).asked([barred]).looked(showing(one), AT)
    assert (report.clean, report.settled) == (False, True)
    unseen = (
        swept()
        .asked([barred])
        .looked(
            [*EMPTY[:3], Listed(place=Resting.FUTURES_ORDERS, orders=None, problem="no", barred=True), EMPTY[4]], AT
        )
    )
    assert unseen.clean


def test_while_a_ticket_is_on_its_way_nothing_is_done() -> None:
    report = replace(swept().looked(EMPTY, AT), in_flight=("T-1",))
    assert (report.clean, report.settled) == (False, False)


def test_the_symbols_that_kucoin_could_not_empty_are_its_problem() -> None:
    sweep = Sweep(place=Resting.SPOT_ORDERS, failed=(BTC,))
    report = swept(order()).asked([sweep]).looked(showing(order()), AT)
    assert [p.problem for p in report.places if p.problem] == ["BTC-USDT"]
    refused = Sweep(place=Resting.SPOT_ORDERS, error=Rejected("no, really"))
    assert "no, really" in [p.problem for p in report.asked([refused]).places]


def test_only_what_is_gone_gets_an_end() -> None:
    report = swept(order("1"), order("2")).looked(showing(order("2")), AT)
    told = report.told({"1": Result.FILLED, "2": Result.CANCELLED})
    assert results(told) == {"1": Result.FILLED, "2": Result.RESTING}


@given(
    st.lists(
        st.tuples(
            st.sets(st.tuples(st.sampled_from(Resting), st.sampled_from(["1", "2"]))), st.sets(st.sampled_from(Resting))
        ),
        max_size=5,
    )
)
def test_a_kill_is_clean_only_when_the_last_look_read_every_place_and_saw_nothing(
    looks: list[tuple[set[tuple[Resting, str]], set[Resting]]],
) -> None:
    report = swept()
    for shown, blind in looks:
        orders = [order(order_id, place) for place, order_id in shown if place not in blind]
        report = report.looked(showing(*orders, blind=tuple(blind)), AT)
        assert report.clean == (not orders and not blind)


def test_where_the_first_list_did_not_come_our_own_rows_and_the_cancels_answers_give_lines() -> None:
    blind = showing(blind=(Resting.SPOT_ORDERS, Resting.SPOT_STOPS))
    ours = [order("1"), order("2", Resting.FUTURES_ORDERS)]
    report = StopReport().begun(blind, ours)
    assert results(report) == {"1": Result.FOUND}
    assert report.unlisted == (Resting.SPOT_ORDERS.value, Resting.SPOT_STOPS.value)
    answers = [
        Sweep(place=Resting.SPOT_ORDERS, cancelled=("BTC-USDT",)),
        Sweep(place=Resting.SPOT_STOPS, cancelled=("vs1",)),
        Sweep(place=Resting.FUTURES_STOPS, cancelled=("236",)),
    ]
    asked = report.asked(answers)
    assert results(asked) == {"1": Result.FOUND, "vs1": Result.FOUND}
    assert results(asked.looked(EMPTY, AT)) == {"1": Result.GONE, "vs1": Result.GONE}
    assert StopReport().begun(EMPTY, ours).lines == ()
