import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import InsufficientBalance, KucoinError, OutcomeUnknown, RateLimited, Rejected
from chatbot.core.market import Venue
from chatbot.kucoin import endpoints
from chatbot.kucoin.answers import Answer, BodyTooBig, data_of, exact, inflated, parsed
from chatbot.kucoin.endpoints import Endpoint

READ, CANCEL, ORDER = endpoints.BALANCES, endpoints.SPOT_CANCEL, endpoints.SPOT_PLACE
CAP = 2 * 1024 * 1024


async def pieces(body: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def answer(body: bytes | str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, body=body if isinstance(body, bytes) else body.encode())


def judged(endpoint: Endpoint, said: Answer) -> KucoinError:
    with pytest.raises(KucoinError) as refused:
        data_of(said, endpoint, Venue.SPOT)
    return refused.value


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "deflate"])
def test_a_body_comes_whole_through_every_encoding_we_ask_for(encoding: str) -> None:
    plain = json.dumps(list(range(50_000))).encode()
    packed = {"gzip": gzip.compress(plain), "deflate": zlib.compress(plain)}.get(encoding, plain)
    assert asyncio.run(inflated(pieces(packed, 999), encoding, CAP)) == plain


def test_a_gzip_bomb_never_gets_into_memory() -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024))
    tracemalloc.start()
    with pytest.raises(BodyTooBig):
        asyncio.run(inflated(pieces(bomb), "gzip", CAP))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * CAP


@pytest.mark.parametrize(("body", "encoding"), [(bytes(CAP + 1), ""), (b"no gzip", "gzip"), (b"x", "br")])
def test_a_body_too_long_damaged_or_strangely_packed_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(BodyTooBig):
        asyncio.run(inflated(pieces(body), encoding, CAP))


def test_a_body_of_exactly_the_cap_is_read() -> None:
    assert len(asyncio.run(inflated(pieces(bytes(CAP)), "", CAP))) == CAP


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**20), max_value=10**20))
def test_no_digit_of_a_bare_number_is_lost(value: Decimal) -> None:
    assert str(parsed(f'{{"v": {value:f}}}'.encode())) == str({"v": value})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "1e999999999", "1_000", "١", "", " 1", "1" * 60, ".5"])
def test_what_no_price_can_be_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        exact(text)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b'{"code":"200000"',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e400}',
        b'{"a":1,"a":2}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\xfd",
        b"1" * 5000,
    ],
)
def test_what_is_not_json_is_a_value_error_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of json's and ours
        parsed(body)


def test_a_field_given_twice_alike_does_no_harm() -> None:
    assert parsed(b'{"a":1.0,"a":1.0}') == {"a": Decimal("1.0")}


@pytest.mark.parametrize("endpoint", [READ, CANCEL, ORDER])
@pytest.mark.parametrize("data", ["[]", "null", '"success"', "17", '{"a":"b"}'])
def test_success_is_http_200_and_code_200000(endpoint: Endpoint, data: str) -> None:
    said = answer(f'{{"code":"200000","data":{data}}}')
    assert data_of(said, endpoint, Venue.SPOT) == json.loads(data)


def test_a_success_may_lack_data_and_say_success() -> None:
    assert data_of(answer('{"code":"200000","msg":"success"}'), CANCEL, Venue.SPOT) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"code":"200000","data":{}}', 500),
        ('{"code":"200000","data":{}}', 302),
        ('{"code":200000,"data":{}}', 200),
        ('{"data":{}}', 200),
        ("[]", 200),
        ("", 200),
        ("<html>blocked</html>", 403),
        ('{"code":"200000","da', 200),
        ('{"code":"500000","msg":"Internal Server Error"}', 500),
        ('{"code":"500000","msg":"Internal Server Error"}', 200),
        ('{"code":"408000","msg":"timeout"}', 200),
        ('{"code":"200004","msg":"Balance insufficient!"}', 502),
        ('{"code":"404000","msg":"no such path"}', 404),
        ('{"code":"102426","msg":"Duplicate clientOid"}', 200),
        ('{"code":"300000","msg":"?"}', 200),
        ('{"code":"424242","msg":"new"}', 200),
        ('{"code":"200000","msg":"Something went wrong"}', 200),
        ('{"code":"429000","msg":"Too many requests"}', 429),
        ("error code: 1015", 429),
    ],
)
def test_for_an_order_everything_unlisted_leaves_the_outcome_open(body: str, status: int) -> None:
    assert type(judged(ORDER, answer(body, status))) is OutcomeUnknown


def test_a_listed_refusal_of_an_order_is_final() -> None:
    assert type(judged(ORDER, answer('{"code":"200004","msg":"Balance insufficient!"}'))) is InsufficientBalance
    assert type(judged(ORDER, answer('{"code":"400100","msg":"Price increment invalid."}', 400))) is Rejected


def test_an_order_refused_for_an_empty_budget_was_not_taken() -> None:
    headers = {"gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "4211"}
    error = judged(ORDER, answer('{"code":"429000","msg":"Too many requests"}', 429, headers))
    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(milliseconds=4211)


@pytest.mark.parametrize("endpoint", [READ, CANCEL])
@pytest.mark.parametrize(
    ("body", "headers", "pause"),
    [
        ('{"code":"429000","msg":"x"}', {"gw-ratelimit-reset": "700"}, 0.7),
        ('{"code":"429000","msg":"x"}', {"gw-ratelimit-reset": "99999999999"}, 2),
        ('{"code":"429000","msg":"x"}', {}, 2),
        ("<html>1015</html>", {}, 30),
    ],
)
def test_a_rate_limit_says_how_long(endpoint: Endpoint, body: str, headers: dict[str, str], pause: float) -> None:
    error = judged(endpoint, answer(body, 429, headers))
    assert isinstance(error, RateLimited)
    assert error.retry_after.total_seconds() == pause


def test_a_question_gets_an_unknown_code_in_kucoins_own_words() -> None:
    error = judged(READ, answer('{"code":"424242","msg":"The moon is full"}'))
    assert type(error) is Rejected
    assert str(error) == "KuCoin says: The moon is full (424242)."
    assert str(judged(READ, answer('{"code":"200000","msg":"Position does not exist"}'))).endswith("(200000).")


@given(st.binary(max_size=200), st.integers(100, 599))
def test_no_answer_at_all_gets_past_the_judge(body: bytes, status: int) -> None:
    for endpoint in (READ, CANCEL, ORDER):
        assert isinstance(judged(endpoint, answer(body, status)), KucoinError)
