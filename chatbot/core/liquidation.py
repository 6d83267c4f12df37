"""The ladder to a liquidation: at which distances a position's people are told, each once until it went back."""

from decimal import Decimal

from chatbot.core.account import Position
from chatbot.core.market import Symbol
from chatbot.core.values import frozen

RUNGS = (Decimal("0.15"), Decimal("0.10"), Decimal("0.05"))
"""Fractions of the mark price, furthest first."""

WIDER = Decimal("1.2")
"""Times its own distance a rung has to be left behind before it tells again: the one of 15 % at 18 %."""

SAFE = Decimal(1)
"""The distance of what cannot be liquidated by any price that is near."""

_NOTHING = Decimal(0)


@frozen
class Holding:
    """What is held, whatever its size: a symbol has one long and one short at the most."""

    symbol: Symbol
    long: bool


@frozen
class Danger:
    """A position and how far it is from its liquidation, as a fraction that is never below zero.

    Of the mark price, where KuCoin tells a liquidation price; else, under cross margin, what is left of its margin
    until the risk rate is 1: `risk` is that rate.
    """

    position: Position
    distance: Decimal
    risk: Decimal | None = None


def holding(position: Position) -> Holding:
    return Holding(symbol=position.symbol, long=position.lots > 0)


def danger(position: Position, risk: Decimal | None) -> Danger | None:
    """None when it is not known. `risk` is the rate of all that is held under cross margin in this currency.

    An isolated position without a liquidation price has none: no price can take more than its margin.
    """
    if position.liquidation_price is None:
        if not position.cross:
            return Danger(position=position, distance=SAFE)
        return None if risk is None else Danger(position=position, distance=max(1 - risk, _NOTHING), risk=risk)
    mark = position.mark_price
    if mark <= 0:
        return None
    gap = mark - position.liquidation_price if position.lots > 0 else position.liquidation_price - mark
    return Danger(position=position, distance=max(gap / mark, _NOTHING))


def step(told: Decimal | None, distance: Decimal) -> tuple[Decimal | None, bool]:
    """The nearest rung that counts as told from now on, and whether it is to be told now.

    `told` is what counted so far. Who falls past several at once hears of the last alone.
    """
    reached = min((rung for rung in RUNGS if distance <= rung), default=None)
    if reached is not None and (told is None or reached < told):
        return reached, True
    if told is None:
        return None, False
    return min((rung for rung in RUNGS if rung >= told and distance <= rung * WIDER), default=None), False
