"""How far an order may go."""

from enum import Enum


class TradingMode(Enum):
    """`OFF`: no orders at all. `PAPER`: a sandbox account at real prices. `LIVE`: the account itself."""

    OFF = "off"
    PAPER = "paper"
    LIVE = "live"
