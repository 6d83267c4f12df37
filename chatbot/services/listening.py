"""Whatever the feed says goes from here to whoever acts on it."""

from collections.abc import Callable

from chatbot.core.alerts import AlertKind
from chatbot.core.feed import (
    Channel,
    FeedGap,
    FundingSettled,
    MoneyMoved,
    News,
    OrderNews,
    PositionNews,
    PredictedRate,
    Tick,
)
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind
from chatbot.core.values import frozen
from chatbot.services.auditing import CandleAudit
from chatbot.services.elsewhere import OrdersElsewhere
from chatbot.services.fills import Fills
from chatbot.services.funding import FundingWatch
from chatbot.services.liquidation import LiquidationWatch
from chatbot.services.lookout import Lookout
from chatbot.store.store import Store


@frozen
class Account:
    """Who hears of money that moved, how it is worded, and who follows positions and the orders made elsewhere."""

    owners: frozenset[int]
    moved: Callable[[MoneyMoved], str]
    settled: Callable[[FundingSettled], str]
    elsewhere: OrdersElsewhere
    liquidation: LiquidationWatch


class Listening:
    def __init__(
        self,
        *,
        store: Store,
        lookout: Lookout,
        audit: CandleAudit,
        funding: FundingWatch,
        fills: Fills,
        account: Account,
    ) -> None:
        self._store = store
        self._lookout = lookout
        self._audit = audit
        self._funding = funding
        self._fills = fills
        self._account = account

    def hear(self, news: News) -> None:
        """Called for thousands of ticks a second, so ticks come first."""
        if isinstance(news, Tick):
            self._lookout.hear(news)
        elif isinstance(news, PredictedRate):
            self._funding.hear(news)
        elif isinstance(news, OrderNews):
            self._fills.hear(news)
            self._account.elsewhere.hear(news)
        elif isinstance(news, PositionNews):
            self._account.liquidation.hear(news)
        elif isinstance(news, MoneyMoved):
            self._tell_moved(news)
        else:
            self._tell_settled(news)

    def gap(self, gap: FeedGap) -> None:
        """The exchange repeats nothing: what was not heard is asked for."""
        if gap.stream.channel is Channel.PRIVATE:
            self._fills.missed()
            self._account.elsewhere.missed()
        else:
            self._lookout.interrupt(gap.stream.venue)
            symbols = [s for s, venue in self._store.alerts.watched_symbols() if venue is gap.stream.venue]
            self._audit.missed(symbols, gap.since)

    def _tell_moved(self, news: MoneyMoved) -> None:
        """The owners hear of money that came or went: it may not have been them."""
        text = self._account.moved(news)
        for owner in sorted(self._account.owners):
            name = f"moved {news.currency} {news.change:f} {news.at.isoformat()} {owner}"
            letter = Letter(chat_id=owner, lane=Lane.REPORT, text=text, kind=Kind.SYSTEM)
            self._store.outbox.put(letter, dedupe=name)

    def _tell_settled(self, news: FundingSettled) -> None:
        """Whoever wanted to know what a position would pay is told what it paid; amounts do not go into groups."""
        alerts = self._store.alerts
        symbols = alerts.funding_symbols() if news.symbol is None else (news.symbol,)
        rules = [r for s in symbols for r in alerts.funding_rules(s) if r.question.kind is AlertKind.FUNDING_PAYMENT]
        for chat_id in {rule.chat_id for rule in rules if rule.chat_id > 0}:
            name = f"settled {news.symbol} {news.fee:f} {news.at.isoformat()} {chat_id}"
            text = self._account.settled(news)
            letter = Letter(chat_id=chat_id, lane=Lane.REPORT, text=text, silent=True, kind=Kind.FUNDING)
            self._store.outbox.put(letter, dedupe=name)
