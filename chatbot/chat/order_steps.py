"""What an order still lacks: the coin, the amount, and in a wizard whether it has a price of its own."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from chatbot.chat import parsing
from chatbot.chat.coins import Coins, on_spot
from chatbot.chat.messages import Message, Question, Step
from chatbot.chat.views import questions as views
from chatbot.core.errors import KucoinError
from chatbot.core.market import Instrument, Venue
from chatbot.core.numbers import plain
from chatbot.core.orders import Side
from chatbot.core.symbols import HOME_QUOTE
from chatbot.services.market import Markets
from chatbot.services.portfolio import Portfolio
from chatbot.services.trading import Trading

_SHARES = (("25 %", "25%", Decimal("0.25")), ("50 %", "50%", Decimal("0.5")), ("max", "max", Decimal(1)))
_TIDY = (Decimal(5), Decimal(2), Decimal(1))
_SUMS = 2


class OrderSteps:
    """`most` is the USDT that one order may cost."""

    def __init__(
        self, *, coins: Coins, markets: Markets, portfolio: Portfolio, trading: Trading, most: Decimal
    ) -> None:
        self._coins = coins
        self._markets = markets
        self._portfolio = portfolio
        self._trading = trading
        self._most = most

    @property
    def steps(self) -> Mapping[str, Step]:
        return {side.value: partial(self._next, side) for side in Side}

    async def _next(self, side: Side, asked: Message) -> Question | str:
        words = asked.text.split()
        line = f"/{side.value} {' '.join(words)}".strip()
        if not words:
            coins = await self._coins.offered(asked.person.id, on_spot)
            return views.coin(line, f"{side.value.capitalize()} what?", coins)
        if len(words) == 1:
            return await self._amount(side, line, words[0], asked)
        if words[-1] == "@":
            return await self._price(side, line, asked.text)
        return await self._kind(side, line, asked) if asked.stepwise else asked.text

    async def _amount(self, side: Side, line: str, word: str, asked: Message) -> Question | str:
        instrument = (await self._markets.catalogue()).find(word)
        if instrument.venue is not Venue.SPOT:
            return asked.text
        shares = await self._shares(side, instrument, asked)
        sums = [] if instrument.quote != HOME_QUOTE else [_sum(each) for each in round_sums(self._most)]
        return views.amount(side, instrument, line, [*shares, *sums])

    async def _shares(self, side: Side, instrument: Instrument, asked: Message) -> list[views.Word]:
        """Those that the limit lets through. Nothing is read for a group: what is missing there would tell."""
        every = [(label, word) for label, word, _ in _SHARES]
        if not asked.private:
            return every
        try:
            held = (await self._portfolio.wealth()).trade
        except KucoinError:
            return every
        currency = instrument.quote if side is Side.BUY else instrument.base
        worth = [v.worth * (v.total - v.held) / v.total for v in held if v.currency == currency and v.worth is not None]
        return [(label, word) for label, word, part in _SHARES if worth and 0 < worth[0] * part <= self._most]

    async def _kind(self, side: Side, line: str, asked: Message) -> Question | str:
        """What would be refused anyway is refused here, before the last choice."""
        draft = parsing.order(side, asked.text)
        await self._trading.check_draft(draft)
        if draft.price is not None or draft.trigger is not None:
            return asked.text
        instrument = (await self._markets.catalogue()).find(draft.word)
        return views.kind(side, instrument, line, await self._markets.price_now(instrument, None))

    async def _price(self, side: Side, line: str, text: str) -> Question:
        """Only what the line lacks is asked for: the rest of it has to be right."""
        draft = parsing.order(side, text.rpartition("@")[0])
        instrument = (await self._markets.catalogue()).find(draft.word)
        return views.price(side, instrument, line, await self._markets.price_now(instrument, None))


def round_sums(most: Decimal) -> list[Decimal]:
    """The largest round sums that are no more than this, the smaller first: 50 and 100 of 100, 100 and 200 of 250."""
    power = Decimal(1).scaleb(most.adjusted())
    steps = [power * each for each in _TIDY] + [power / 10 * each for each in _TIDY]
    return sorted(each for each in steps if each <= most)[-_SUMS:]


def _sum(usdt: Decimal) -> views.Word:
    return f"{plain(usdt)} USDT", f"{plain(usdt)}usdt"
