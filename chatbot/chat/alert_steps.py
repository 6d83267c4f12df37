"""What an alert still lacks: what to watch, of which coin, and the level.

While it is put together the line begins with `price?` or `move?`, which no coin is called; what
is obeyed in the end is the line that a person could have typed.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from chatbot.chat import parsing_alerts
from chatbot.chat.coins import Coins, with_funding
from chatbot.chat.messages import Message, Question, Step
from chatbot.chat.parsing_options import OPTIONS
from chatbot.chat.views import questions as views
from chatbot.core.market import Instrument
from chatbot.services.market import Markets

_PRICE, _MOVE, _FUNDING = "price?", "move?", "funding"
_COIN = re.compile(r"[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)?", re.ASCII)
_LEVEL = re.compile(r"[0-9.]+[kKmM]?", re.ASCII)
_AWAY = re.compile(r"([+-])[0-9.]+%", re.ASCII)
_MARKS = {"+": ">", "-": "<"}


class AlertSteps:
    def __init__(self, *, coins: Coins, markets: Markets) -> None:
        self._coins = coins
        self._markets = markets

    @property
    def steps(self) -> Mapping[str, Step]:
        return {"alert": self._next}

    async def _next(self, asked: Message) -> Question | str:
        words = asked.text.split()
        if not words:
            return views.alert_kind("")
        if words[0] in (_PRICE, _MOVE):
            return await self._about_price(words[0], words[1:], asked)
        if words[0].lower() == _FUNDING:
            return await self._about_funding(words[1:], asked)
        if len(words) == 1 and _is_coin(words[0]):
            return views.alert_kind(views.word_of(await self._found(words[0]))[0])
        return asked.text

    async def _about_price(self, what: str, words: list[str], asked: Message) -> Question | str:
        if not words:
            return views.coin(f"/alert {what}", "Of which coin?", await self._coins.offered(asked.person.id))
        if len(words) == 1 and _is_coin(words[0]):
            instrument = await self._found(words[0])
            word, now = views.word_of(instrument)[0], await self._markets.price_now(instrument, None)
            ask = views.alert_price if what == _PRICE else views.alert_move
            return ask(instrument, word, now)
        if what == _PRICE and len(words) > 1:
            return " ".join([words[0], *await self._with_mark(words[0], words[1:])])
        return " ".join(words)

    async def _about_funding(self, words: list[str], asked: Message) -> Question | str:
        if not words:
            coins = await self._coins.offered(asked.person.id, with_funding)
            return views.coin("/alert funding", "The funding of which coin?", coins)
        if len(words) > 1 or not _is_coin(words[0]):
            return asked.text
        look = await self._markets.funding(words[0])
        return views.alert_funding(words[0].upper(), look.rate.rate)

    async def _with_mark(self, word: str, words: list[str]) -> list[str]:
        """`68k` is above or below the price of now, `+1%` above it: asked for a level, nobody types that."""
        level, rest = words[0], words[1:]
        alone = not rest or rest[0].lower() in OPTIONS
        away = _AWAY.fullmatch(level)
        if away is not None and alone:
            return [_MARKS[away[1]], *words]
        if _LEVEL.fullmatch(level) is None or not alone:
            return words
        wanted: Decimal = parsing_alerts.level(level)
        now = await self._markets.price_now(await self._found(word), None)
        return words if wanted == now else [">" if wanted > now else "<", *words]

    async def _found(self, word: str) -> Instrument:
        return (await self._markets.catalogue()).find(word)


def _is_coin(word: str) -> bool:
    return _COIN.fullmatch(word) is not None and _LEVEL.fullmatch(word) is None
