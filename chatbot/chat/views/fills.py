"""Fills, as people read them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import OLD, Html, html, lines, paper, when
from chatbot.core.market import Venue
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import grouped, money, places, plain, tidy
from chatbot.core.orders import Fill, Side
from chatbot.core.positions import settled_in
from chatbot.core.times import in_words

_DIGITS = 8
_WORDS = {Side.BUY: "bought", Side.SELL: "sold"}


def fills(executed: Sequence[Fill], mode: TradingMode, where: str, now: datetime) -> Reply:
    """Newest first, and what they come to."""
    if not executed:
        return Reply(text=lines(paper(mode), f"No fills lately on {where}."))
    return Reply(
        text=lines(
            paper(mode),
            html("<b>Fills {}</b>, the latest {}", where, _ago(now - executed[0].time)),
            *(_row(fill, now) for fill in executed),
            *(_sum(executed) if len(executed) > 1 else ()),
        )
    )


def _row(fill: Fill, now: datetime) -> Html:
    size = f"{plain(fill.size)} lots" if fill.venue is Venue.FUTURES else tidy(fill.size, _DIGITS)
    quote = _quote(fill)
    return html(
        "{} {} {} {} at {} = {} {}, fee {} {}",
        when(fill.time, now),
        fill.symbol,
        _WORDS[fill.side],
        size,
        grouped(fill.price, places(fill.price)),
        money(fill.funds, quote),
        quote,
        money(fill.fee, fill.fee_currency),
        fill.fee_currency,
    )


def _ago(span: timedelta) -> str:
    return f"{in_words(span)} ago" if span > OLD else "just now"


def _sum(executed: Sequence[Fill]) -> list[Html]:
    """Of those shown, a currency a line: what different coins cost adds up where it was paid in the same."""
    sums: dict[str, dict[str, Decimal]] = {}
    for fill in executed:
        for currency, word, value in (
            (_quote(fill), _WORDS[fill.side], fill.funds),
            (fill.fee_currency, "fees", fill.fee),
        ):
            row = sums.setdefault(currency, {})
            row[word] = row.get(word, Decimal(0)) + value
    words = ("bought", "sold", "fees")
    return [
        html("together {} {}", ", ".join(f"{w} {money(row[w], currency)}" for w in words if w in row), currency)
        for currency, row in sums.items()
    ]


def _quote(fill: Fill) -> str:
    return settled_in(fill.symbol) if fill.venue is Venue.FUTURES else fill.symbol.partition("-")[2]
