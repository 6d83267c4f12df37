"""What a digest tells: the account, what it paid, what was held while people slept, and how the bot is."""

from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.core.amounts import Amounts
from chatbot.core.modes import TradingMode
from chatbot.core.values import frozen
from chatbot.core.wishes import Standing


@frozen
class Paid:
    """In USDT, of a whole day: `funding` above zero was received, `fees` are never below it. None: not known."""

    funding: Decimal | None
    fees: Decimal | None


@frozen
class Wellness:
    """How the bot is. `feeds_down` are streams by name, `problem` why KuCoin did not answer, `held` why no order may
    leave, `stopped_by` who stopped trading; empty where all is well. `unsent` counts what waits for Telegram."""

    feeds_down: tuple[str, ...]
    problem: str
    held: str
    stopped_by: str
    unsent: int


@frozen
class Digest:
    """`at` is the moment in its reader's zone, `due_at` when it should have come, None for one that was asked for.

    `equity` is in USDT, None when KuCoin did not tell; `before` and `since` are that of the digest before it.
    `held` counts notices of the quiet hours, `filled` orders since `since`, or of a day where there was none.
    `amounts` is how its reader reads them, hidden or not.
    """

    person: str
    mode: TradingMode
    at: datetime
    due_at: datetime | None
    late: timedelta | None
    equity: Decimal | None
    before: Decimal | None
    since: datetime | None
    amounts: Amounts
    yesterday: Paid
    held: int
    filled: int
    armed: int
    nearest: Standing | None
    wellness: Wellness

    @property
    def change(self) -> Decimal | None:
        return None if self.equity is None or self.before is None else self.equity - self.before


@frozen
class Under:
    """What the buttons under a digest depend on. `came`: by itself, and so what was `held` is its own."""

    number: int
    hidden: bool
    held: int
    came: bool
