"""From a person's wish to the question of a rule: which symbol, which level, and whether it is there already."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from chatbot.core.alerts import AlertKind, Direction, Question, Source
from chatbot.core.errors import NoPermission, Refused, UsageError
from chatbot.core.feed import Tick
from chatbot.core.market import Instrument, Symbol
from chatbot.core.numbers import ceil_to, floor_to
from chatbot.core.orders import Draft
from chatbot.core.times import Now, to_millis
from chatbot.core.wishes import Wish
from chatbot.kucoin.account import Account
from chatbot.services.auditing import whole_minute
from chatbot.services.lookout import Lookout
from chatbot.services.market import Markets
from chatbot.services.trading import Trading

_NO_POSITIONS = (
    "My KuCoin key may not see futures positions, so I could never tell what one will pay."
    " An owner can give the key that right on KuCoin."
)


class WhichWay(UsageError):
    """A level without a direction: nothing was made."""

    def __init__(self, instrument: Instrument, price: Decimal, wish: Wish) -> None:
        super().__init__("Which way?")
        self.instrument = instrument
        self.price = price
        self.wish = wish


class AlreadyPassed(Refused):
    """The price stands beyond the level: nothing was made."""

    def __init__(self, instrument: Instrument, price: Decimal, wish: Wish) -> None:
        super().__init__(f"{instrument.symbol} is there already.")
        self.instrument = instrument
        self.price = price
        self.wish = wish


class Wishing:
    """`parse` reads an order line."""

    def __init__(
        self,
        *,
        markets: Markets,
        lookout: Lookout,
        trading: Trading,
        account: Account,
        parse: Callable[[str], Draft],
        now: Now,
    ) -> None:
        self._markets = markets
        self._lookout = lookout
        self._trading = trading
        self._account = account
        self._parse = parse
        self._now = now

    async def instrument(self, wish: Wish) -> Instrument:
        """Raises UnknownSymbol, KucoinError."""
        catalogue = await self._markets.catalogue()
        return catalogue.perpetual(wish.word) if wish.kind.funding else catalogue.find(wish.word)

    def known(self, symbol: Symbol) -> Instrument | None:
        """As `Markets.known`."""
        return self._markets.known(symbol)

    async def check_fulfilment(self, wish: Wish) -> None:
        """Finds now what would keep its order, or its payment, from ever coming.

        Raises UsageError, Refused, KucoinError.
        """
        if wish.order:
            await self._trading.check_draft(self._parse(wish.order))
        if wish.kind is AlertKind.FUNDING_PAYMENT:
            try:
                await self._account.positions()
            except NoPermission:
                raise Refused(_NO_POSITIONS) from None

    async def question(self, wish: Wish, instrument: Instrument) -> Question:
        """Raises WhichWay, AlreadyPassed, UsageError, KucoinError."""
        level, direction = wish.level or Decimal(0), wish.direction
        which = wish.kind in (AlertKind.PRICE, AlertKind.MOVE, AlertKind.FUNDING_LEVEL)
        if wish.kind is AlertKind.PRICE or (which and direction is None):
            price = await self.price(instrument)
            if direction is None:
                raise WhichWay(instrument, price, wish)
            if wish.relative:
                # To the step further off: the nearer one may be the price itself.
                up, step = direction is Direction.ABOVE, instrument.price_increment
                level = ceil_to(price * (1 + level), step) if up else floor_to(price * (1 - level), step)
            check_not_passed(instrument, price, wish, level)
        return Question(
            kind=wish.kind,
            symbol=instrument.symbol,
            venue=instrument.venue,
            direction=direction,
            level=level,
            window=wish.window,
        )

    async def price(self, instrument: Instrument) -> Decimal:
        """As it stands now; a symbol that nothing was heard of yet is known from here on. Raises KucoinError."""
        heard = self._lookout.latest(instrument.symbol)
        price = await self._markets.price_now(instrument, heard)
        if heard is None:
            self._lookout.hear(Tick(instrument.symbol, f"{price:f}", to_millis(self._now())), Source.POLL)
        return price

    async def fill_window(self, instrument: Instrument, question: Question) -> None:
        """The moves of a rule just made count from before it, as they would for one that stood all along."""
        if question.window is None or question.window in self._lookout.windows_of(instrument.symbol):
            return
        await self.price(instrument)
        until = whole_minute(self._now())
        candles = await self._markets.candles(instrument, until - question.window, until)
        self._lookout.follow(instrument.symbol, question.window)
        self._lookout.seed(instrument.symbol, candles)


def check_not_passed(instrument: Instrument, price: Decimal, wish: Wish, level: Decimal) -> None:
    if level <= 0:
        raise UsageError("A price is above zero.", example=f"/alert {instrument.base} > 68000")
    passed = price >= level if wish.direction is Direction.ABOVE else price <= level
    if passed:
        raise AlreadyPassed(instrument, price, replace(wish, level=level, relative=False))
