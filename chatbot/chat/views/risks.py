"""What a position is about to cost: its liquidation coming near, and the funding it will pay."""

from datetime import datetime
from decimal import Decimal

from chatbot.chat.views.markup import Html, bold, clock, html, lines, percent, rate
from chatbot.core.account import Position
from chatbot.core.liquidation import RUNGS, Danger
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.numbers import grouped, money, places, plain, signed, tidy
from chatbot.core.positions import coin_of, coins, direction
from chatbot.core.times import in_minutes
from chatbot.services.funding_pushes import Cost

_LOUDER = ("Liquidation comes near", "DANGER, liquidation is near", "LAST WARNING BEFORE LIQUIDATION")
_TIDY = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))


def danger(found: Danger, rung: Decimal, now: datetime, *, may_trade: bool) -> tuple[Html, Buttons]:
    """The louder, the nearer the rung. `may_trade`: trading is not off."""
    position = found.position
    loud = RUNGS.index(rung)
    body = lines(
        bold(f"{_LOUDER[loud]}: {_name(position)}, {_left(found)}"),
        _facts(found, now),
        "At that price KuCoin closes it for you and keeps the margin." if loud and found.risk is None else None,
    )
    last = (Button(text="Positions", action="positions"),)
    return body, (*((_exits(position),) if may_trade else ()), last)


def unknown(position: Position) -> Html:
    return lines(
        html("<b>{}</b>: I cannot warn you of its liquidation.", _name(position)),
        "KuCoin tells neither a liquidation price of it, as it is on cross margin, nor a risk rate.",
    )


def cost(told: Cost, now: datetime, *, may_trade: bool) -> tuple[Html, Buttons]:
    position, currency = told.position, told.position.currency
    week = html(". Last 7 days {}", _signed(told.week, currency)) if told.week is not None else Html("")
    body = lines(
        bold(f"{_name(position)} pays {money(told.paid, currency)} {currency} in {in_minutes(told.settles_at - now)}"),
        html("{}{}{}", _size(told), rate(told.rate), week),
        html("settles at {}", clock(told.settles_at)),
    )
    more = plain(next_sum(told.worth))
    last = (Button(text=f"Only above {more} USDT", action=f"above {more}"), Button(text="Ok", action="seen"))
    return body, (*((_exits(position),) if may_trade else ()), last)


def next_sum(worth: Decimal) -> Decimal:
    """The first round sum above it: 1, 2, 5, 10 …"""
    power = Decimal(1).scaleb(worth.adjusted())
    return next(power * step for step in _TIDY if power * step > worth).normalize()


def _name(position: Position) -> str:
    return f"{coin_of(position.symbol)} {direction(position)}"


def _left(found: Danger) -> str:
    return f"{_percent(found.distance)} {'away' if found.risk is None else 'of its margin left'}"


def _percent(fraction: Decimal) -> str:
    return percent(fraction, 1).lstrip("+")


def _facts(found: Danger, now: datetime) -> Html:
    position = found.position
    if found.risk is not None:
        return html("risk rate {} at {}; at 100 % cross margin is liquidated", _percent(found.risk), clock(now))
    price = position.liquidation_price or Decimal(0)
    return html("mark {}, liquidation at {}, {}", _price(position.mark_price, price), _price(price, price), clock(now))


def _price(value: Decimal, like: Decimal) -> str:
    """In no more digits than the exchange's own price of the two."""
    return grouped(value, places(like)) if places(value) > places(like) else grouped(value, places(value))


def _size(told: Cost) -> str:
    size = None if told.instrument is None else coins(told.position, told.instrument)
    if size is None or told.instrument is None:
        return f"{plain(abs(told.position.lots))} lots, "
    return f"{tidy(size, 8)} {told.instrument.base}, "


def _signed(value: Decimal, currency: str) -> str:
    return signed(value, 2) if currency.startswith("USD") else signed(value, 8)


def _exits(position: Position) -> tuple[Button, ...]:
    """In hedge mode the side says which of two is meant."""
    side = f" {direction(position)}" if position.hedged else ""
    whole = Button(text="Close", action=f"reduce {position.symbol} 100{side}", style=ButtonStyle.DANGER)
    if abs(position.lots) < 2:
        return (whole,)
    return (Button(text="Close half", action=f"reduce {position.symbol} 50{side}", style=ButtonStyle.DANGER), whole)
