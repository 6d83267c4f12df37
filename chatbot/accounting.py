"""The account in the chat: balances, positions and what closes them, fills, and amounts out of sight."""

from chatbot.chat.account import AccountHandlers, Books
from chatbot.chat.messages import Verb
from chatbot.chat.reducing import ReducingHandlers
from chatbot.chat.table import money, read
from chatbot.core.people import Role
from chatbot.gates import rules
from chatbot.parts import Floor, Part
from chatbot.services.positions import Positions
from chatbot.services.reducing import Reducing

_PART = (
    "Reduce-only, at the market, after your tap. 50% or half of it, all of it without."
    " Where a long and a short stand side by side, add long or short."
)


def account_part(floor: Floor) -> Part:
    services, mode, now = floor.services, floor.settings.trading_mode, floor.now
    exchange, markets = floor.kucoin.exchange, services.markets
    positions = Positions(exchange=exchange, markets=markets, now=now)
    reducing = Reducing(
        exchange=exchange,
        markets=markets,
        reconciler=services.reconciler,
        store=floor.store,
        rules=rules(floor.settings),
        guards=services.guards,
    )
    books = Books(
        portfolio=services.portfolio,
        positions=positions,
        markets=markets,
        watchlists=services.watchlists,
        reading=services.reading,
        offers=reducing.offers,
    )
    account = AccountHandlers(books=books, mode=mode, now=now)
    closes = ReducingHandlers(reducing=reducing, positions=positions, sweep=services.killswitch.sweep, mode=mode)
    return Part(
        commands=(
            read("balance", account.balance, "", "/balance", "what each account holds"),
            read("positions", account.positions, "", "/positions", "futures: profit, liquidation, funding"),
            money("close", closes.close, "SYMBOL [50%]", "/close BTC 50%", "close a futures position", _PART),
            read("fills", account.fills, "[SYMBOL …]", "/fills BTC", "latest fills with fees"),
        ),
        verbs=(
            Verb(name="balance", role=Role.VIEWER, handle=account.balance_tap),
            Verb(name="positions", role=Role.VIEWER, handle=account.positions_tap),
            Verb(name="peek", role=Role.VIEWER, handle=account.peek_tap),
            Verb(name="hide", role=Role.VIEWER, handle=account.hide_tap),
            Verb(name="reduce", role=Role.TRADER, handle=closes.reduce_tap),
            Verb(name="reduce_now", role=Role.TRADER, handle=closes.confirm_tap),
        ),
    )
