"""What the account holds, and what KuCoin says of the account and its keys."""

import logging
from datetime import datetime
from decimal import Decimal

from chatbot.core.account import AccountMode, Balance, FuturesBalance, KeyInfo, Position
from chatbot.core.errors import KucoinError, Unavailable
from chatbot.core.funding import FundingPaid
from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.times import to_millis
from chatbot.kucoin import endpoints
from chatbot.kucoin.account_schemas import (
    ApiKey,
    Fee,
    FundingPage,
    FundingPayment,
    FuturesPosition,
    Mode,
    Overview,
    SpotAccount,
)
from chatbot.kucoin.rest import Rest
from chatbot.kucoin.schemas import every, one

_log = logging.getLogger(__name__)

_PAGE = 100
_MOST_PAGES = 20


class Account:
    """Every method raises `Unavailable`, and `BadCredentials` where the key does not reach."""

    def __init__(self, spot: Rest, futures: Rest) -> None:
        self._spot = spot
        self._futures = futures

    async def mode(self) -> AccountMode | None:
        """A probe, not a gate: None for an account that cannot be asked."""
        try:
            return one(Mode, await self._spot.call(endpoints.MODE)).to_core()
        except KucoinError as error:
            _log.warning("account mode not known: %s", error)
            return None

    async def key_info(self, venue: Venue = Venue.SPOT) -> KeyInfo:
        """Of the key that signs for `venue`. Only the spot host answers this question."""
        host = self._spot if venue is Venue.SPOT else self._futures
        data = await self._spot.call(endpoints.KEY, credentials=host.host.credentials)
        return one(ApiKey, data).to_core()

    async def balances(self) -> tuple[Balance, ...]:
        """Main and Trade; a currency not held may be absent."""
        rows = every(SpotAccount, await self._spot.call(endpoints.BALANCES))
        return tuple(balance for row in rows if (balance := row.to_core()) is not None)

    async def futures_balance(self, currency: str = "USDT") -> FuturesBalance:
        return one(Overview, await self._futures.call(endpoints.OVERVIEW, {"currency": currency})).to_core()

    async def risk_rate(self, currency: str) -> Decimal | None:
        """Of all that is held under cross margin in this currency: at 1 it is liquidated. None where it is not told."""
        return one(Overview, await self._futures.call(endpoints.OVERVIEW, {"currency": currency})).risk_ratio

    async def positions(self) -> tuple[Position, ...]:
        """The open ones."""
        data = await self._futures.call(endpoints.POSITIONS)
        rows = every(FuturesPosition, [] if data is None else data)
        return tuple(position for row in rows if (position := row.to_core()) is not None)

    async def funding_paid(self, symbol: Symbol, since: datetime) -> tuple[FundingPaid, ...]:
        """What settled on our positions in one contract since then, newest first: a call for every hundred."""
        found: dict[str, FundingPaid] = {}
        until: datetime | None = None
        for _ in range(_MOST_PAGES):
            params = {"symbol": str(symbol), "startAt": str(to_millis(since)), "maxCount": str(_PAGE)}
            params |= {} if until is None else {"endAt": str(to_millis(until))}
            page = one(FundingPage, await self._futures.call(endpoints.FUNDING_PAID, params))
            rows = every(FundingPayment, page.data_list or [])
            fresh = {row.id: row.to_core() for row in rows if row.id not in found}
            found |= fresh
            if not page.has_more or not fresh:
                return tuple(sorted((p for p in found.values() if p.at >= since), key=lambda p: p.at, reverse=True))
            until = min(payment.at for payment in fresh.values())
        raise Unavailable("KuCoin's list does not end.")

    async def taker_fee_rate(self, instrument: Instrument) -> Decimal:
        """This account's own rate, as a fraction."""
        if instrument.venue is Venue.FUTURES:
            data = await self._futures.call(endpoints.FUTURES_FEES, {"symbol": str(instrument.symbol)})
            fees: tuple[Fee, ...] = (one(Fee, data),)
        else:
            fees = every(Fee, await self._spot.call(endpoints.SPOT_FEES, {"symbols": str(instrument.symbol)}))
        for fee in fees:
            if fee.symbol == instrument.symbol:
                return fee.taker_fee_rate
        raise Unavailable(f"KuCoin named no fee for {instrument.symbol}.")
