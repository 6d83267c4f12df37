"""All commands and all buttons, most used first: registered with Telegram, drawn as /help, obeyed by the front."""

import difflib
from collections.abc import Iterable

from chatbot.chat.admin import AdminHandlers
from chatbot.chat.alerts import AlertHandlers
from chatbot.chat.approving import Approving
from chatbot.chat.closing import ClosingHandlers
from chatbot.chat.market import MarketHandlers
from chatbot.chat.messages import Command, Dialogue, Effect, Handler, Step, Verb
from chatbot.chat.trading import TradingHandlers
from chatbot.core.people import Role

_AMOUNTS = (
    "AMOUNT is 0.01 (coins), 100usdt or $100 (money), 50% or max of what is free."
    " With @ PRICE it is a limit order, without at the market."
    " stop PRICE waits until the market falls there (a sale) or rises there (a buy)."
    " With a price, also: post (only waits in the book), ioc (what is there at once), fok (all at once, or none)."
)
_CANCELS = "all means those I placed; those made elsewhere are named and need a tap more."
_ALERTS = (
    "Prices: BTC > 68000, BTC < 60k, BTC > +1%. Moves: BTC +5% 1h, BTC -3% 15m."
    " Funding: funding BTC > 0.05%, or flip, cap, interval, pay."
    " Then, if you like: every 4h, until 2026-12-31 18:00, buy 0.001 @ 62000 (a ticket comes with the alert),"
    " note TEXT at the end."
)
_ALERTED = "Also: history, edit 12 68500, note 12 TEXT, pause 12, resume 12, unmute BTC."
_VIEWER, _TRADER, _OWNER = Role.VIEWER, Role.TRADER, Role.OWNER

_MOST_USED_FIRST = (
    *("price", "alert", "alerts", "balance", "buy", "sell", "orders", "positions", "funding", "chart", "cancel"),
    *("close", "fills", "why", "unalert", "watchlist", "watch", "unwatch", "settings", "status", "kill", "resume"),
    *("code", "digest", "here", "log", "help", "start"),
)

_ALSO_CALLED = {
    "stop": "kill", "halt": "kill", "panic": "kill", "pnl": "positions", "portfolio": "balance", "wallet": "balance",
    "trades": "fills", "history": "fills", "alarm": "alert", "long": "buy", "short": "sell", "exit": "close",
}  # fmt: skip
"""What other bots call them. Who types /stop in a hurry must not be offered /status."""

NO_DIALOGUE = Dialogue()


class Table:
    """By name. Commands that have no place among the others come last."""

    def __init__(self, commands: Iterable[Command], verbs: Iterable[Verb], dialogue: Dialogue = NO_DIALOGUE) -> None:
        places = {name: place for place, name in enumerate(_MOST_USED_FIRST)}
        self.commands = tuple(sorted(commands, key=lambda command: places.get(command.name, len(places))))
        self._by_name = {c.name: c for c in self.commands}
        self._verbs = {v.name: v for v in verbs}
        self._steps = dialogue.steps
        self.plain = dialogue.plain
        """Answers words that are no command, where anything does."""

    def command(self, name: str) -> Command | None:
        return self._by_name.get(name)

    def step(self, name: str) -> Step | None:
        """What asks for the pieces that this command lacks."""
        return self._steps.get(name)

    def nearest(self, name: str) -> str | None:
        """The command that may be meant by this name of none."""
        if _ALSO_CALLED.get(name) in self._by_name:
            return _ALSO_CALLED[name]
        return next(iter(difflib.get_close_matches(name, self._by_name, 1)), None)

    def verb(self, name: str) -> Verb:
        """Raises KeyError for an action that no code of ours wrote."""
        return self._verbs[name]


def commands(
    market: MarketHandlers,
    trading: TradingHandlers,
    admin: AdminHandlers,
    alerts: AlertHandlers,
) -> tuple[Command, ...]:
    order = "SYMBOL AMOUNT [@ PRICE]"
    return (
        read("price", market.price, "[SYMBOL …]", "/price BTC", "price, change, range, funding"),
        read("alert", alerts.alert, "SYMBOL > PRICE …", "/alert BTC > 68000", "tell me when it gets there", _ALERTS),
        read("alerts", alerts.alerts, "[history]", "/alerts", "your alerts, nearest first", _ALERTED),
        money("buy", trading.buy, order, "/buy BTC 100usdt", "propose a purchase", _AMOUNTS),
        money("sell", trading.sell, order, "/sell BTC 50%", "propose a sale", _AMOUNTS),
        read("orders", trading.orders, "", "/orders", "open orders"),
        read("funding", market.funding, "[SYMBOL | top]", "/funding BTC", "funding rates, who pays, when"),
        money("cancel", trading.cancel, "ID | all", "/cancel T-12", "cancel open orders", _CANCELS),
        read("why", alerts.why, "ID", "/why 12", "why an alert has not fired"),
        read("unalert", alerts.unalert, "ID | all", "/unalert 12", "delete alerts"),
        read("watchlist", market.watchlist, "", "/watchlist", "the symbols you follow"),
        read("watch", market.watch, "SYMBOL …", "/watch BTC ETH", "follow symbols"),
        read("unwatch", market.unwatch, "SYMBOL …", "/unwatch ETH", "stop following"),
        read("status", admin.status, "[details]", "/status", "how I am, and whether I may trade"),
        command("kill", _TRADER, Effect.ALWAYS, admin.kill, "", "/kill", "stop all trading, cancel everything"),
        command("resume", _OWNER, Effect.FRESH, admin.resume, "REASON", "/resume news are over", "trade again"),
        read("help", admin.help, "[COMMAND]", "/help buy", "this list, or one command"),
        read("start", admin.start, "", "/start", "who you are to me"),
    )


def verbs(market: MarketHandlers, trading: TradingHandlers, admin: AdminHandlers) -> tuple[Verb, ...]:
    return (
        Verb(name="price", role=_VIEWER, handle=market.price_tap),
        Verb(name="funding", role=_VIEWER, handle=market.funding_tap),
        Verb(name="orders", role=_VIEWER, handle=trading.orders_tap),
        Verb(name="status", role=_VIEWER, handle=admin.status_tap),
        Verb(name="check", role=_VIEWER, handle=trading.check),
        Verb(name="buy", role=_TRADER, handle=trading.buy_tap),
        Verb(name="sell", role=_TRADER, handle=trading.sell_tap),
        Verb(name="decline", role=_TRADER, handle=trading.decline),
        Verb(name="requote", role=_TRADER, handle=trading.requote),
        Verb(name="cancel", role=_TRADER, handle=trading.cancel_tap),
        Verb(name="sweep", role=_TRADER, handle=admin.sweep_tap),
        Verb(name="resume", role=_OWNER, handle=admin.resume_tap),
    )


def approving_verbs(approving: Approving) -> tuple[Verb, ...]:
    return (
        Verb(name="confirm", role=_TRADER, handle=approving.confirm),
        Verb(name="far", role=_TRADER, handle=approving.far),
        Verb(name="approve", role=_TRADER, handle=approving.approve),
        Verb(name="reject", role=_TRADER, handle=approving.reject),
    )


def code_command(approving: Approving) -> Command:
    """Only where codes are asked for. One that comes late is of no use."""
    example = "/code T-12 123456"
    return command("code", _TRADER, Effect.FRESH, approving.code, "ID CODE", example, "the code I asked for")


def closing_verbs(closing: ClosingHandlers) -> tuple[Verb, ...]:
    return (
        Verb(name="close", role=_TRADER, handle=closing.close_tap),
        Verb(name="close_now", role=_TRADER, handle=closing.confirm_tap),
        Verb(name="close_not", role=_TRADER, handle=closing.decline_tap),
    )


def alert_verbs(alerts: AlertHandlers) -> tuple[Verb, ...]:
    return (
        Verb(name="alert", role=_VIEWER, handle=alerts.alert_tap),
        Verb(name="alerts", role=_VIEWER, handle=alerts.alerts_tap),
        Verb(name="unalert", role=_VIEWER, handle=alerts.unalert_tap),
        Verb(name="why", role=_VIEWER, handle=alerts.why_tap),
        Verb(name="rule", role=_VIEWER, handle=alerts.rule_tap),
        Verb(name="snooze", role=_VIEWER, handle=alerts.snooze_tap),
        Verb(name="again", role=_VIEWER, handle=alerts.again_tap),
        Verb(name="move", role=_VIEWER, handle=alerts.move_tap),
        Verb(name="drop", role=_VIEWER, handle=alerts.drop_tap),
        Verb(name="mute", role=_VIEWER, handle=alerts.mute_tap),
    )


def command(name: str, role: Role, effect: Effect, handle: Handler, *words: str) -> Command:
    """`words` are what follows the name, a whole line that works, a summary, and what /help says besides."""
    usage, example, summary, *more = words
    return Command(
        name=name,
        role=role,
        effect=effect,
        handle=handle,
        usage=usage,
        example=example,
        summary=summary,
        more=" ".join(more),
    )


def read(name: str, handle: Handler, *words: str) -> Command:
    return command(name, _VIEWER, Effect.READ, handle, *words)


def money(name: str, handle: Handler, *words: str) -> Command:
    return command(name, _TRADER, Effect.MONEY, handle, *words)
