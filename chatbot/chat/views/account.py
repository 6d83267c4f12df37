"""Balances, as people read them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.hiding import hiding
from chatbot.chat.views.markup import NOT_IN_GROUPS, Html, age, bold, html, lines, paper
from chatbot.core.account import DUST, Valued
from chatbot.core.amounts import Amounts
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button
from chatbot.core.numbers import tidy
from chatbot.services.portfolio import Wealth

_BUTTONS = (Button(text="Refresh", action="balance"), Button(text="Positions", action="positions"))

_TRANSFER = "Assets, Transfer, from Funding (that is Main) to Trading"
"""Where KuCoin's app moves money; it has names of its own for the two pockets."""


def balance(wealth: Wealth, amounts: Amounts, mode: TradingMode, now: datetime) -> Reply:
    """The three pockets apart: only Trade can be spent by orders."""
    body = lines(
        paper(mode),
        html("Total <b>{} USDT</b>{}", amounts.of(_money(wealth.total)), amounts.beside(wealth.total)),
        *_pocket("Trade", wealth.trade, amounts),
        *_pocket("Main", wealth.main, amounts),
        *_wrong_pocket(wealth),
        *_futures(wealth, amounts),
        _unpriced(wealth),
        age(wealth.read_at, now),
    )
    return Reply(text=body, buttons=(_BUTTONS, hiding("balance", amounts)))


def balance_in_group() -> Reply:
    """Amounts stay out of a group: the pop-up shows them to whoever presses, and to nobody else."""
    return Reply(
        text=lines(NOT_IN_GROUPS),
        buttons=((Button(text="Show to me only", action="balance"),),),
    )


def balance_in_short(wealth: Wealth, amounts: Amounts, mode: TradingMode) -> str:
    """For a pop-up: the pockets' sums, also for who hides them elsewhere."""
    futures = f"\nFutures {_money(wealth.futures.equity)}" if wealth.futures is not None else ""
    head = "PAPER\n" if mode is TradingMode.PAPER else ""
    total = f"Total {_money(wealth.total)} USDT{amounts.beside(wealth.total)}"
    return f"{head}{total}\nTrade {_money(_worth(wealth.trade))}\nMain {_money(_worth(wealth.main))}{futures}"


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"


def _worth(holdings: Iterable[Valued]) -> Decimal:
    return sum((v.worth for v in holdings if v.worth is not None), Decimal(0))


def _pocket(name: str, holdings: tuple[Valued, ...], amounts: Amounts) -> list[Html]:
    if not holdings:
        return [html("{} empty", bold(name))]
    if [(v.currency, v.held) for v in holdings] == [("USDT", Decimal(0))]:
        return [html("{} {} USDT", bold(name), amounts.of(_money(holdings[0].total)))]
    shown = [v for v in holdings if v.worth is None or v.worth >= DUST]
    small = [v for v in holdings if v.worth is not None and v.worth < DUST]
    rows = [html("{} {} USDT", bold(name), amounts.of(_money(_worth(holdings))))]
    rows += [_holding(held, amounts) for held in shown]
    if small:
        coins = f"{len(small)} small {'coin' if len(small) == 1 else 'coins'}"
        rows.append(html("  {} {}", coins, amounts.of(_money(_worth(small)))))
    return rows


def _holding(held: Valued, amounts: Amounts) -> Html:
    in_orders = html(" ({} in orders)", amounts.of(tidy(held.held, 8))) if held.held else Html("")
    if held.currency == "USDT":
        return html("  {} USDT{}", amounts.of(_money(held.total)), in_orders)
    worth = html(" = {}", amounts.of(_money(held.worth))) if held.worth is not None else Html("")
    return html("  {} {}{}{}", amounts.of(tidy(held.total, 8)), held.currency, worth, in_orders)


def _wrong_pocket(wealth: Wealth) -> list[Html]:
    """Money that lies where no order can spend it looks like money that is gone."""
    if _worth(wealth.trade) >= DUST or _worth(wealth.main) < DUST:
        return []
    return [html("  Orders can spend Trade alone. To move money there, in KuCoin's app: {}.", _TRANSFER)]


def _futures(wealth: Wealth, amounts: Amounts) -> list[Html]:
    futures = wealth.futures
    if futures is None:
        return [html("{} not visible: the key has no Futures permission", bold("Futures"))]
    margin = futures.position_margin + futures.order_margin
    note = html(" ({} margin)", amounts.of(_money(margin))) if margin else Html("")
    return [html("{} {} {}{}", bold("Futures"), amounts.of(_money(futures.equity)), futures.currency, note)]


def _unpriced(wealth: Wealth) -> Html | None:
    names = sorted({v.currency for v in (*wealth.main, *wealth.trade) if v.worth is None})
    return html("not in the total, no USDT price: {}", ", ".join(names)) if names else None
