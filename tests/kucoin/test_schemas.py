import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chatbot.core.errors import Unavailable
from chatbot.kucoin.account_schemas import ApiKey, Fee, FuturesPosition, Mode, Overview, SpotAccount
from chatbot.kucoin.answers import parsed
from chatbot.kucoin.market_schemas import (
    AllTickers,
    CurrentFunding,
    FuturesContract,
    FuturesTicker,
    SpotStats,
    SpotSymbol,
    SpotTicker,
    Status,
)
from chatbot.kucoin.order_schemas import (
    CancelledIds,
    CancelledSymbols,
    FuturesFill,
    FuturesOrder,
    OpenSymbols,
    Page,
    Placed,
    SpotFill,
    SpotOrder,
)
from chatbot.kucoin.schemas import MaybeMoment, MaybeNumber, Moment, Name, Number, Wire, every, many, one

BODIES: list[tuple[str, type[Wire]]] = [
    ("accounts", SpotAccount),
    ("cancelled-ids", CancelledIds),
    ("contract", FuturesContract),
    ("contracts", FuturesContract),
    ("funding-new", CurrentFunding),
    ("funding-old", CurrentFunding),
    ("futures-fee", Fee),
    ("futures-fills", Page),
    ("futures-order", FuturesOrder),
    ("futures-orders", Page),
    ("futures-recent-fills", FuturesFill),
    ("futures-ticker", FuturesTicker),
    ("key", ApiKey),
    ("mode", Mode),
    ("overview", Overview),
    ("positions", FuturesPosition),
    ("spot-all-tickers", AllTickers),
    ("spot-cancelled-all", CancelledSymbols),
    ("spot-done", Page),
    ("spot-fees", Fee),
    ("spot-fills", Page),
    ("spot-open", SpotOrder),
    ("spot-open-symbols", OpenSymbols),
    ("spot-order", SpotOrder),
    ("spot-order-market-filled", SpotOrder),
    ("spot-placed", Placed),
    ("spot-stats", SpotStats),
    ("spot-symbols", SpotSymbol),
    ("spot-ticker", SpotTicker),
    ("status", Status),
]
ROWS: dict[str, type[Wire]] = {
    "futures-fills": FuturesFill,
    "futures-orders": FuturesOrder,
    "spot-done": SpotOrder,
    "spot-fills": SpotFill,
}

ODD: tuple[object, ...] = (None, "", "NaN", "1e400", -1, 10**400, True, [], {}, "\ud800", "<b>", 1.5, Decimal("1E+50"))
NO_OBJECT: tuple[object, ...] = (None, "", 7, True, [], [{}], "null")
NO_LIST: tuple[object, ...] = ([{}], None, {}, "rows")


def data_of(text: bytes) -> object:
    envelope = parsed(text)
    assert isinstance(envelope, dict)
    return envelope["data"]


@pytest.mark.parametrize(("name", "model"), BODIES)
def test_every_kind_of_answer_is_read_whole(name: str, model: type[Wire], body: Callable[[str], bytes]) -> None:
    data = data_of(body(name))
    read = every(model, data) if isinstance(data, list) else (one(model, data),)
    assert len(read) == (len(data) if isinstance(data, list) else 1)
    for page in read:
        if isinstance(page, Page):
            assert len(every(ROWS[name], page.items)) == len(page.items)


@pytest.mark.parametrize(("name", "model"), BODIES)
def test_fields_nobody_knows_yet_do_no_harm(name: str, model: type[Wire], body: Callable[[str], bytes]) -> None:
    data = data_of(body(name))
    rows = data if isinstance(data, list) else [data]
    for row in rows:
        assert isinstance(row, dict)
        assert one(model, {**row, "somethingNew": {"deep": [1, None]}}) == one(model, row)


@pytest.mark.parametrize(("name", "model"), BODIES)
def test_every_field_of_a_wrong_type_is_told_or_ignored_but_never_a_crash(
    name: str, model: type[Wire], body: Callable[[str], bytes]
) -> None:
    data = data_of(body(name))
    row = data[0] if isinstance(data, list) else data
    assert isinstance(row, dict)
    for field in row:
        for odd in ODD:
            try:
                one(model, {**row, field: odd})
            except Unavailable:
                continue
    for odd in NO_OBJECT:
        with pytest.raises(Unavailable):
            one(model, odd)


class Sample(Wire):
    price: Number
    fee: MaybeNumber = None
    at: Moment
    end_at: MaybeMoment = None
    symbol: Name = "X"


GOOD: dict[str, object] = {"price": "1", "at": 1771234567890}
MOMENT = datetime(2026, 2, 16, 9, 36, 7, 890000, tzinfo=UTC)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=25, min_value=-(10**15), max_value=10**15))
def test_a_number_keeps_every_digit_as_text_and_bare(value: Decimal) -> None:
    for wire in (f"{value:f}", Decimal(f"{value:f}")):
        assert str(one(Sample, {**GOOD, "price": wire}).price) == str(Decimal(f"{value:f}"))


@pytest.mark.parametrize("odd", [True, False, 1.0, None, "", "1,5", "0x10", [], "1e99999", Decimal("NaN")])
def test_what_is_no_exact_number_is_not_taken_for_one(odd: object) -> None:
    with pytest.raises(Unavailable):
        one(Sample, {**GOOD, "price": odd})


@pytest.mark.parametrize(
    "wire", [1771234567890, "1771234567890", 1771234567890123, 1771234567890123456, "1771234567890123456"]
)
def test_a_moment_is_known_by_its_magnitude(wire: int | str) -> None:
    assert one(Sample, {**GOOD, "at": wire}).at == MOMENT


@pytest.mark.parametrize("odd", [0, -1, 1771234567, 10**25, 10**400, "soon", True, None, 1.5])
def test_what_is_no_moment_is_not_taken_for_one(odd: object) -> None:
    with pytest.raises(Unavailable):
        one(Sample, {**GOOD, "at": odd})


@pytest.mark.parametrize("empty", [None, "", 0])
def test_what_may_be_missing_may_be_empty_too(empty: object) -> None:
    assert one(Sample, {**GOOD, "endAt": empty}).end_at is None
    assert one(Sample, {**GOOD, "fee": None if empty == 0 else empty}).fee is None


@pytest.mark.parametrize("odd", ["", " ", "A B", "A<B", "A\nB", "A" * 65, "A\x00", "\ud800", None])
def test_a_name_that_could_not_be_shown_is_refused(odd: object) -> None:
    with pytest.raises(Unavailable):
        one(Sample, {**GOOD, "symbol": odd})


def test_a_name_may_be_written_in_any_script() -> None:
    assert one(Sample, {**GOOD, "symbol": "币安人生-USDT"}).symbol == "币安人生-USDT"


def test_one_bad_row_of_a_catalogue_is_left_out_and_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    rows: list[object] = [GOOD, {"price": "CANARY"}, GOOD, "CANARY", None]
    with caplog.at_level(logging.DEBUG):
        assert len(many(Sample, rows)) == 2
    assert [record.getMessage() for record in caplog.records] == ["left out 3 of 5 rows of Sample"]


def test_a_catalogue_of_which_nothing_can_be_read_is_no_catalogue() -> None:
    for odd in NO_LIST:
        with pytest.raises(Unavailable):
            many(Sample, odd)
    assert many(Sample, []) == ()


def test_a_list_of_money_with_one_bad_row_is_no_answer() -> None:
    with pytest.raises(Unavailable):
        every(Sample, [GOOD, {}])


def test_what_could_not_be_read_is_neither_logged_nor_raised(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as refused:
        one(Sample, {**GOOD, "price": "CANARY", "symbol": "CANARY CANARY"})
    assert "CANARY" not in caplog.text + repr(refused.value)
    assert refused.value.__context__ is None
    assert "price" in caplog.text
    with pytest.raises(ValidationError) as raw:
        Sample.model_validate({**GOOD, "price": "CANARY"})
    assert "CANARY" not in str(raw.value)
