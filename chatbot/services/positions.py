"""The open futures positions, each with what the market and its funding say of it now."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.account import Position
from chatbot.core.errors import KucoinError, NoPermission, Refused
from chatbot.core.market import FundingRate, Instrument, Symbol
from chatbot.core.symbols import Catalogue
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.services.exchange import Exchange
from chatbot.services.market import Markets

log = logging.getLogger(__name__)

WEEK = timedelta(days=7)


@frozen
class Held:
    """`funding` is absent where there is none, `week`, what its funding came to, where it could not be read."""

    position: Position
    instrument: Instrument | None
    funding: FundingRate | None = None
    week: Decimal | None = None


@frozen
class Holdings:
    """Dearest first."""

    held: tuple[Held, ...]
    read_at: datetime


async def open_positions(exchange: Exchange) -> tuple[Position, ...]:
    """Raises Refused where the key may not look, KucoinError."""
    try:
        return await exchange.account.positions()
    except NoPermission as error:
        raise Refused("The key may not see futures positions.") from error


class Positions:
    def __init__(self, *, exchange: Exchange, markets: Markets, now: Now) -> None:
        self._exchange = exchange
        self._markets = markets
        self._now = now

    async def holdings(self) -> Holdings:
        """The positions are all there or it raises; what is said of each beside them may be missing.

        Raises Refused, KucoinError.
        """
        positions, catalogue = await asyncio.gather(open_positions(self._exchange), self._markets.catalogue())
        read_at = self._now()
        rates, weeks = await asyncio.gather(self._rates(positions), self._weeks(positions))
        held = (_held(each, catalogue, rates, weeks) for each in positions)
        return Holdings(held=tuple(sorted(held, key=lambda h: h.position.value, reverse=True)), read_at=read_at)

    async def week_of(self, symbol: Symbol) -> Decimal | None:
        """What funding came to on our positions in a contract within a week; None when it cannot be read now."""
        try:
            paid = await self._exchange.account.funding_paid(symbol, self._now() - WEEK)
        except KucoinError as error:
            log.info("the week's funding of %s could not be read: %s", symbol, error)
            return None
        return sum((each.amount for each in paid), Decimal(0))

    async def _weeks(self, positions: Sequence[Position]) -> Mapping[Symbol, Decimal | None]:
        symbols = sorted({p.symbol for p in positions})
        return dict(zip(symbols, await asyncio.gather(*map(self.week_of, symbols)), strict=True))

    async def _rates(self, positions: Sequence[Position]) -> Mapping[Symbol, FundingRate]:
        if not positions:
            return {}
        try:
            return {look.rate.symbol: look.rate for look in await self._markets.fundings()}
        except KucoinError as error:
            log.info("no funding rates: %s", error)
            return {}


def _held(
    position: Position,
    catalogue: Catalogue,
    rates: Mapping[Symbol, FundingRate],
    weeks: Mapping[Symbol, Decimal | None],
) -> Held:
    symbol = position.symbol
    return Held(position=position, instrument=catalogue.get(symbol), funding=rates.get(symbol), week=weeks.get(symbol))
