"""Futures positions, as people read them: what they are worth, how far from their end, what funding costs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.hiding import hiding
from chatbot.chat.views.markup import NOT_IN_GROUPS, Html, age, bold, html, lines, paper, percent
from chatbot.core.account import Position
from chatbot.core.amounts import Amounts
from chatbot.core.funding import payment
from chatbot.core.market import FundingRate, Instrument
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.numbers import grouped, money, places, plain, tidy
from chatbot.core.positions import coin_of, coins, direction, to_liquidation
from chatbot.core.times import in_minutes
from chatbot.services.positions import Held, Holdings

_POPUP = 200
"""Characters that a pop-up takes."""

_MOST_CLOSED = 20
"""Positions with buttons of their own; /close takes any."""

_SHOWN = Decimal("0.00005")
"""Less is not even a hundredth of a percent."""

_MINUTE = timedelta(minutes=1)
_CLOSE_CALL = Decimal("0.1")
"""A liquidation nearer than this fraction of the price is told in bold."""


def positions(
    holdings: Holdings, amounts: Amounts, mode: TradingMode, now: datetime, closable: Sequence[Position]
) -> Reply:
    """`closable` are those that whoever reads it may close."""
    if not holdings.held:
        return Reply(text=lines(paper(mode), "No position is open."), buttons=(_bottom(),))
    rows = [row for held in holdings.held for row in _rows(held, amounts, now)]
    body = lines(paper(mode), _head(holdings, amounts), *rows, age(holdings.read_at, now))
    return Reply(text=body, buttons=(*close_buttons(closable), _bottom(), hiding("positions", amounts)))


def in_group() -> Reply:
    return Reply(text=lines(NOT_IN_GROUPS), buttons=((Button(text="Show to me only", action="positions"),),))


def in_short(holdings: Holdings, mode: TradingMode) -> str:
    """For a pop-up: a line each, as many as it takes."""
    told = [_short_row(held.position, held.instrument) for held in holdings.held] or ["No position is open."]
    text = "PAPER\n" if mode is TradingMode.PAPER else ""
    for number, row in enumerate(told):
        left = len(told) - number
        more = f"and {left} more"
        room = _POPUP - len(text) - (len(more) + 1 if left > 1 else 0)
        if len(row) + 1 > room:
            return f"{text}{more}"
        text += f"{row}\n"
    return text.rstrip("\n")


def which(held: Sequence[Position], mode: TradingMode) -> Reply:
    """/close without a word: every position a button, no amount among them."""
    if not held:
        return Reply(text=lines(paper(mode), "No position is open."))
    return Reply(text=lines(paper(mode), "Close which position?"), buttons=close_buttons(held))


def close_buttons(held: Sequence[Position]) -> Buttons:
    return tuple(_close(position, held) for position in held[:_MOST_CLOSED])


def _close(position: Position, among: Sequence[Position]) -> tuple[Button, ...]:
    coin = coin_of(position.symbol)
    twins = [p for p in among if coin_of(p.symbol) == coin]
    name = coin if len(twins) == 1 else f"{position.symbol} {direction(position)}"
    side = f" {direction(position)}" if position.hedged else ""
    whole = Button(text=f"Close {name}", action=f"reduce {position.symbol} 100{side}", style=ButtonStyle.DANGER)
    if abs(position.lots) < 2:
        return (whole,)
    return (whole, Button(text=f"Close half {name}", action=f"reduce {position.symbol} 50{side}"))


def _bottom() -> tuple[Button, ...]:
    return (Button(text="Refresh", action="positions"), Button(text="Balance", action="balance"))


def _head(holdings: Holdings, amounts: Amounts) -> Html:
    sums: dict[str, Decimal] = {}
    for held in holdings.held:
        position = held.position
        sums[position.currency] = sums.get(position.currency, Decimal(0)) + position.unrealised_pnl
    told = ", ".join(
        f"{amounts.of(_signed(total, currency))} {currency}{amounts.beside(total) if currency == 'USDT' else ''}"
        for currency, total in sums.items()
    )
    count = len(holdings.held)
    return html("{} position{}, PnL <b>{}</b>", count, "" if count == 1 else "s", told)


def _rows(held: Held, amounts: Amounts, now: datetime) -> list[Html | None]:
    position = held.position
    return [
        html("{} {}", bold(f"{coin_of(position.symbol)} {direction(position)}"), _size(held, amounts)),
        html("  entry {}   mark {}", *(_price(held, p) for p in (position.entry_price, position.mark_price))),
        _pnl(position, amounts),
        _liquidation(held),
        _funding(position, held.funding, amounts, now),
        _week(held, amounts),
    ]


def _size(held: Held, amounts: Amounts) -> Html:
    position, instrument = held.position, held.instrument
    size = None if instrument is None else coins(position, instrument)
    lots = f"{plain(abs(position.lots))} lot{'' if abs(position.lots) == 1 else 's'}"
    worth = money(position.value, position.currency)
    of = "" if size is None or instrument is None else f" = {amounts.of(tidy(size, 8))} {instrument.base}"
    times = "" if position.leverage is None else f"{tidy(position.leverage, 2)}x "
    margin = "cross" if position.cross else "isolated"
    named = "" if instrument is None or instrument.quote == "USDT" else f", {position.symbol}"
    return html(
        "{}{}, worth {} {}, {}{}{}", amounts.of(lots), of, amounts.of(worth), position.currency, times, margin, named
    )


def _pnl(position: Position, amounts: Amounts) -> Html:
    """The way of the price since the entry is no amount: it is told also to who hides those."""
    pnl, entry = position.unrealised_pnl, position.entry_price
    word = "even" if not pnl else "profit" if pnl > 0 else "loss"
    way = (position.mark_price - entry) * (1 if position.lots > 0 else -1)
    moved = way / entry if entry and position.mark_price else Decimal(0)
    since = f" ({percent(moved)})" if abs(moved) >= _SHOWN else ""
    return html("  PnL {} {}{}, {}", amounts.of(_signed(pnl, position.currency)), position.currency, since, word)


def _liquidation(held: Held) -> Html:
    position = held.position
    away = to_liquidation(position)
    if position.liquidation_price is None or away is None:
        shared = ": it is on the whole account's margin" if position.cross else ""
        return html("  KuCoin names no liquidation price{}", shared)
    words = html("  liquidation {}, {} away", _price(held, position.liquidation_price), f"{grouped(away * 100, 1)} %")
    return bold(words) if away < _CLOSE_CALL else words


def _funding(position: Position, rate: FundingRate | None, amounts: Amounts, now: datetime) -> Html | None:
    if rate is None:
        return None
    share, left = payment(position, rate.rate), rate.next_at - now
    when = in_minutes(max(left, _MINUTE))
    if not share:
        return html("  funding in {}: nothing settles", when)
    amount = amounts.of(money(abs(share), position.currency))
    return html("  funding in {}: {} {} {}", when, "earns" if share > 0 else "costs", amount, position.currency)


def _week(held: Held, amounts: Amounts) -> Html | None:
    if not held.week:
        return None
    currency = held.position.currency
    return html("  funding of 7 days {} {}", amounts.of(_signed(held.week, currency)), currency)


def _short_row(position: Position, instrument: Instrument | None) -> str:
    size = None if instrument is None else coins(position, instrument)
    much = f"{plain(abs(position.lots))} lots" if size is None else tidy(size, 8)
    pnl = f"{_signed(position.unrealised_pnl, position.currency)} {position.currency}"
    return f"{coin_of(position.symbol)} {direction(position)} {much}, PnL {pnl}"


def _signed(value: Decimal, currency: str) -> str:
    text = money(abs(value), currency)
    return f"{'+' if value > 0 else '-'}{text}" if value else text


def _price(held: Held, price: Decimal) -> str:
    """Averages and marks come with more digits than anybody trades in."""
    if held.instrument is None:
        return grouped(price, places(price))
    step = held.instrument.price_increment
    return held.instrument.show_price(price.quantize(step) if places(price) > places(step) else price)
