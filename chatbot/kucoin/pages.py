"""Lists that come in pages, read to their end."""

from collections.abc import Mapping

from chatbot.core.errors import Unavailable
from chatbot.kucoin.endpoints import Endpoint
from chatbot.kucoin.order_schemas import Page
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import one

_SPOT_PAGE = 100
_FUTURES_PAGE = 1000
_SMALLEST_PAGE = 20
"""KuCoin's default, should it ignore the length asked for: a shorter page is surely the last."""

_MOST_PAGES = 50


async def spot_rows(rest: Rest, endpoint: Endpoint, params: Mapping[str, str]) -> list[object]:
    """Every row, newest first; spot lists go on at the `lastId` of the page before.

    Raises `Unavailable` for a list that does not end: half of it would pass for the whole.
    """
    rows: dict[str, object] = {}
    asked = {**params, "limit": str(_SPOT_PAGE)}
    for _ in range(_MOST_PAGES):
        data = await rest.call(endpoint, asked)
        if data is None:
            return list(rows.values())
        page = one(Page, data)
        before = len(rows)
        for number, row in enumerate(page.items):
            rows[_id(row) or f"{before}+{number}"] = row
        if len(page.items) < _SMALLEST_PAGE or len(rows) == before or not page.last_id:
            return list(rows.values())
        asked["lastId"] = str(page.last_id)
    raise Unavailable("KuCoin's list does not end.")


def _id(row: object) -> str:
    return str(row.get("id", "")) if isinstance(row, dict) else ""


async def futures_rows(
    rest: Rest, endpoint: Endpoint, params: Mapping[str, str], *, size: int = _FUTURES_PAGE
) -> list[object]:
    """Every row; futures lists count their pages. A row may come twice when the list moved meanwhile."""
    rows: list[object] = []
    for number in range(1, _MOST_PAGES + 1):
        data = await rest.call(endpoint, {**params, "currentPage": str(number), "pageSize": str(size)})
        if data is None:
            return rows
        page = one(Page, data)
        rows += page.items
        if number >= page.total_page or not page.items:
            return rows
    raise Unavailable("KuCoin's list does not end.")
