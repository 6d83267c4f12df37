import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from chatbot.core.errors import Unavailable
from chatbot.kucoin import endpoints
from chatbot.kucoin.pages import futures_rows, spot_rows
from chatbot.kucoin.rest import Rest

Said = Callable[[dict[str, str]], object]


@pytest.fixture
def listing(connect: Callable[..., Rest], reply: Callable[..., httpx.Response]) -> Callable[[Said], Rest]:
    def build(said: Said) -> Rest:
        def answer(request: httpx.Request) -> httpx.Response:
            at_time = request.url.path.endswith("/timestamp")
            data = 1771234567890 if at_time else said(dict(request.url.params))
            return reply(json.dumps({"code": "200000", "data": data}))

        return connect(answer)

    return build


def spot_list(total: int, page: int) -> Said:
    """Ids count down from `total`; the next page begins below `lastId`."""

    def said(params: dict[str, str]) -> object:
        top = int(params.get("lastId", total + 1))
        ids = list(range(top - 1, max(top - 1 - page, 0), -1))
        return {"items": [{"id": number} for number in ids], "lastId": ids[-1] if ids else 0}

    return said


def read(listing: Callable[[Said], Rest], said: Said) -> list[object]:
    return asyncio.run(spot_rows(listing(said), endpoints.SPOT_FILLS, {"symbol": "X"}))


@pytest.mark.parametrize("total", [0, 1, 19, 20, 100, 101, 200, 350])
@pytest.mark.parametrize("page", [20, 100])
def test_every_row_is_read_once_whatever_length_of_page_kucoin_gives(
    listing: Callable[[Said], Rest], total: int, page: int
) -> None:
    assert read(listing, spot_list(total, page)) == [{"id": number} for number in range(total, 0, -1)]


def test_a_list_that_repeats_itself_is_over(listing: Callable[[Said], Rest]) -> None:
    whole = {"items": [{"id": number} for number in range(150)], "lastId": 9}
    assert len(read(listing, lambda _: whole)) == 150


def test_a_list_that_never_ends_is_no_answer(listing: Callable[[Said], Rest]) -> None:
    with pytest.raises(Unavailable, match="does not end"):
        read(listing, spot_list(10**9, 100))
    endless = listing(lambda _: {"items": [{}], "totalPage": 10**9})
    with pytest.raises(Unavailable, match="does not end"):
        asyncio.run(futures_rows(endless, endpoints.FUTURES_FILLS, {}))


def test_rows_without_an_id_are_kept_for_whoever_judges_them(listing: Callable[[Said], Rest]) -> None:
    assert read(listing, lambda _: {"items": [1, None, {}], "lastId": 0}) == [1, None, {}]


def test_nothing_may_be_null(listing: Callable[[Said], Rest]) -> None:
    assert read(listing, lambda _: None) == []
    assert asyncio.run(futures_rows(listing(lambda _: None), endpoints.FUTURES_FILLS, {})) == []


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_futures_lists_are_read_page_by_page(listing: Callable[[Said], Rest], pages: int) -> None:
    def said(params: dict[str, str]) -> object:
        number = int(params["currentPage"])
        return {"items": [{"id": number}] if pages else [], "totalPage": pages}

    rows = asyncio.run(futures_rows(listing(said), endpoints.FUTURES_FILLS, {"symbol": "X"}))
    assert rows == [{"id": number} for number in range(1, pages + 1)]
