"""The lines of a ticket that tell what it would do: amounts, the market, what is left, what it waits for."""

from decimal import Decimal

from chatbot.chat.views.markup import Html, bold, html
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.book import FAR, is_far
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import grouped, money, places, tidy
from chatbot.core.orders import OrderTicket, OrderType, Side
from chatbot.core.times import in_words
from chatbot.core.waiting import Awaits

DIGITS = 8


def title(shown: OrderTicket, mode: TradingMode) -> Html:
    spec = shown.spec
    kind = "market" if spec.type is OrderType.MARKET else "limit"
    tag = html("  {}", bold("PAPER")) if mode is TradingMode.PAPER else Html("")
    return html("Ticket {}{}\n<b>{} {}</b>, {}", shown.name, tag, spec.side.value.upper(), spec.symbol, kind)


def pair(shown: OrderTicket) -> tuple[str, str]:
    base, _, quote = shown.spec.symbol.partition("-")
    return base, quote


def price(shown: OrderTicket, value: Decimal) -> str:
    """As many digits as the card's own price, so that the two can be compared."""
    return grouped(value, max(places(shown.cost.price), 1))


def wish(shown: OrderTicket) -> Html:
    spec, (base, quote) = shown.spec, pair(shown)
    if spec.funds is not None:
        about = tidy(shown.cost.size, DIGITS)
        return html("Spend {} {}, about {} {}", grouped(spec.funds, max(places(spec.funds), 2)), quote, about, base)
    size = tidy(spec.size or Decimal(0), DIGITS)
    verb = "Buy" if spec.side is Side.BUY else "Sell"
    if spec.price is not None:
        worth = money(shown.cost.funds, quote)
        return html("{} {} {} at {} = {} {}", verb, size, base, price(shown, spec.price), worth, quote)
    return html("{} {} {}, about {} {}", verb, size, base, money(shown.cost.funds, quote), quote)


def awaiting(shown: OrderTicket, amounts: Amounts = PLAIN) -> list[Html | None]:
    """All that is known before anything was sent."""
    cost, (base, quote) = shown.cost, pair(shown)
    spent = quote if shown.spec.side is Side.BUY else base
    return [
        wish(shown),
        *_market(shown),
        html("After: {} {} free", amounts.of(money(cost.free_after, spent)), spent),
        html("{} USDT of today's budget left", money(shown.budget_after, "USDT")),
        *_steps(shown),
    ]


def beyond(shown: OrderTicket) -> str:
    """`3.1 % above the market`, as words of a button; empty when there is nothing to be warned of."""
    warned = shown.waiting.warned
    if warned is None or shown.waiting.awaits is not Awaits.TAP:
        return ""
    if _too_thin(shown):
        return "the book is too thin"
    return f"{_percent(warned)} {_way(shown, warned)} the market"


def _market(shown: OrderTicket) -> list[Html | None]:
    cost, quote, reach = shown.cost, pair(shown)[1], shown.cost.reach
    if shown.spec.type is OrderType.LIMIT:
        return [_distance(shown), html("fee at most {} {}", money(cost.fee, quote), quote)]
    side = "Ask" if shown.spec.side is Side.BUY else "Bid"
    slip = f", est. slip {_percent(reach.slippage)}" if reach is not None and reach.slippage is not None else ""
    fee = money(cost.fee, quote)
    first = html("{} {}{}, fee about {} {}", side, price(shown, cost.price), slip, fee, quote)
    return [first, _far(shown)]


def _far(shown: OrderTicket) -> Html | None:
    """Of a market order."""
    reach = shown.cost.reach
    if _too_thin(shown):
        return bold("The book is too thin for this: nobody can say the price.")
    if reach is None or not is_far(reach):
        return None
    return bold(html("On average {} {} the market.", _percent(reach.distance), _way(shown, reach.distance)))


def _distance(shown: OrderTicket) -> Html | None:
    """Of a limit price; the harmless way is told as well, for a digit too many or too few is a mistake either way."""
    reach = shown.cost.reach
    if reach is None:
        return None
    if not reach.distance:
        return html("At the market, {}", price(shown, reach.market))
    words = html(
        "{} {} the market, {}", _percent(reach.distance), _way(shown, reach.distance), price(shown, reach.market)
    )
    return bold(words) if abs(reach.distance) > FAR else words


def _way(shown: OrderTicket, distance: Decimal) -> str:
    return "above" if (distance > 0) == (shown.spec.side is Side.BUY) else "below"


def _too_thin(shown: OrderTicket) -> bool:
    reach = shown.cost.reach
    return shown.spec.type is OrderType.MARKET and reach is not None and reach.slippage is None


def _percent(value: Decimal) -> str:
    """Two digits where it is small; never `0 %` for something."""
    size = abs(value)
    return f"{grouped(size, 1) if size >= 10 else tidy(size, 2)} %"


def _steps(shown: OrderTicket) -> list[Html | None]:
    life = in_words(shown.expires_at - shown.proposed_at)
    if shown.waiting.awaits is Awaits.CODE:
        return [bold("Confirmed, waits for a code"), html("Valid {}, asked by {}", life, shown.person)]
    if shown.waiting.awaits is Awaits.APPROVAL:
        return [bold("Confirmed, needs a second person"), html("Valid 3 m, asked by {}", shown.person)]
    again = html("Confirm once more: {}.", beyond(shown)) if beyond(shown) else None
    return [again, html("Valid {}, asked by {}", life, shown.person)]
