"""What an order says of when and how it may trade, against the market of now: triggers, post-only."""

from decimal import Decimal

from chatbot.core.errors import Refused
from chatbot.core.market import Ticker
from chatbot.core.numbers import plain
from chatbot.core.orders import OrderSpec, Side


def check_conditions(spec: OrderSpec, ticker: Ticker) -> None:
    """Raises Refused for a stop order that would fire at once, and a post-only order that would be cancelled at once.

    When the card is drawn, and again when it is tapped: the market may have come there meanwhile.
    """
    if spec.trigger is not None and _would_fire(spec.side, spec.trigger, ticker):
        raise Refused(_fires_at_once(spec, spec.trigger, ticker))
    if spec.post_only and spec.price is not None and finds_an_offer(spec, ticker):
        best = ticker.ask if spec.side is Side.BUY else ticker.bid
        name, side = ("ask", "below") if spec.side is Side.BUY else ("bid", "above")
        raise Refused(
            f"Post-only: at {plain(spec.price)} it would trade at once (the {name} is {plain(best)}), so KuCoin would"
            f" cancel it. Take a price {side} that, or leave out post: {_line(spec, spec.price)}"
        )


def finds_an_offer(spec: OrderSpec, ticker: Ticker) -> bool:
    """Whether a limit order would trade at once, if only in part."""
    if spec.price is None:
        return True
    if spec.side is Side.BUY:
        return bool(ticker.ask) and spec.price >= ticker.ask
    return spec.price <= ticker.bid


def _would_fire(side: Side, trigger: Decimal, ticker: Ticker) -> bool:
    return ticker.price <= trigger if side is Side.SELL else ticker.price >= trigger


def _fires_at_once(spec: OrderSpec, trigger: Decimal, ticker: Ticker) -> str:
    moves, side, better = ("falls to", "below", "more") if spec.side is Side.SELL else ("rises to", "above", "less")
    return (
        f"A stop order to {spec.side.value} waits until the market {moves} its price, and {plain(trigger)} is not"
        f" {side} the market of {plain(ticker.price)}: it would fire at once."
        f" To {spec.side.value} at {plain(trigger)} or for {better}, leave out stop: {_line(spec, trigger)}"
    )


def _line(spec: OrderSpec, price: Decimal) -> str:
    """The order without conditions, as it would be typed."""
    quote = spec.symbol.partition("-")[2].lower()
    amount = plain(spec.size) if spec.size is not None else f"{plain(spec.funds or Decimal(0))}{quote}"
    return f"/{spec.side.value} {spec.symbol} {amount} @ {plain(price)}"
