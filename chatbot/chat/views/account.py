"""Balances, as people read them."""

from datetime import datetime
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import NOT_IN_GROUPS, Html, age, bold, html, lines, paper
from chatbot.core.account import DUST, Valued
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button
from chatbot.core.numbers import tidy
from chatbot.services.portfolio import Wealth

_REFRESH = ((Button(text="Refresh", action="balance"),),)


def balance(wealth: Wealth, mode: TradingMode, now: datetime) -> Reply:
    """The three pockets apart: only Trade can be spent by orders."""
    body = lines(
        paper(mode),
        html("Total <b>{} USDT</b>", _money(wealth.total)),
        *_pocket("Trade", wealth.trade),
        *_pocket("Main", wealth.main),
        *_futures(wealth),
        _unpriced(wealth),
        age(wealth.read_at, now),
    )
    return Reply(text=body, buttons=_REFRESH)


def balance_in_group() -> Reply:
    """Amounts stay out of a group: the pop-up shows them to whoever presses, and to nobody else."""
    return Reply(
        text=lines(NOT_IN_GROUPS),
        buttons=((Button(text="Show only me", action="balance"),),),
    )


def balance_in_short(wealth: Wealth, mode: TradingMode) -> str:
    """For a pop-up: the pockets' sums."""
    trade = sum((v.worth for v in wealth.trade if v.worth is not None), Decimal(0))
    main = sum((v.worth for v in wealth.main if v.worth is not None), Decimal(0))
    futures = f"\nFutures {_money(wealth.futures.equity)}" if wealth.futures is not None else ""
    head = "PAPER\n" if mode is TradingMode.PAPER else ""
    return f"{head}Total {_money(wealth.total)} USDT\nTrade {_money(trade)}\nMain {_money(main)}{futures}"


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"


def _pocket(name: str, holdings: tuple[Valued, ...]) -> list[Html]:
    if not holdings:
        return [html("{} empty", bold(name))]
    if [(v.currency, v.held) for v in holdings] == [("USDT", Decimal(0))]:
        return [html("{} {} USDT", bold(name), _money(holdings[0].total))]
    shown = [v for v in holdings if v.worth is None or v.worth >= DUST]
    small = [v for v in holdings if v.worth is not None and v.worth < DUST]
    worth = sum((v.worth for v in holdings if v.worth is not None), Decimal(0))
    rows = [html("{} {} USDT", bold(name), _money(worth)), *map(_holding, shown)]
    if small:
        total = sum((v.worth for v in small if v.worth is not None), Decimal(0))
        rows.append(html("  {} small {} {}", len(small), "coin" if len(small) == 1 else "coins", _money(total)))
    return rows


def _holding(held: Valued) -> Html:
    in_orders = html(" ({} in orders)", tidy(held.held, 8)) if held.held else Html("")
    if held.currency == "USDT":
        return html("  {} USDT{}", _money(held.total), in_orders)
    worth = html(" = {}", _money(held.worth)) if held.worth is not None else Html("")
    return html("  {} {}{}{}", tidy(held.total, 8), held.currency, worth, in_orders)


def _futures(wealth: Wealth) -> list[Html]:
    futures = wealth.futures
    if futures is None:
        return [html("{} not visible: the key has no Futures permission", bold("Futures"))]
    margin = futures.position_margin + futures.order_margin
    note = html(" ({} margin)", _money(margin)) if margin else Html("")
    return [html("{} {} {}{}", bold("Futures"), _money(futures.equity), futures.currency, note)]


def _unpriced(wealth: Wealth) -> Html | None:
    names = sorted({v.currency for v in (*wealth.main, *wealth.trade) if v.worth is None})
    return html("not in the total, no USDT price: {}", ", ".join(names)) if names else None
