"""The lines of a ticket that tell what it would do: amounts, the market, what is left, what it waits for."""

from decimal import Decimal

from chatbot.chat.views import stop_lines
from chatbot.chat.views.markup import Html, bold, html, lines
from chatbot.chat.views.ticket_figures import DIGITS, pair, percent, price, way
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.book import FAR, is_far
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import grouped, money, places, tidy
from chatbot.core.orders import OrderTicket, OrderType, Side, TicketState, TimeInForce
from chatbot.core.times import in_words
from chatbot.core.waiting import POSITION_CHANGED, PRICE_MOVED, Awaits


def title(shown: OrderTicket, mode: TradingMode) -> Html:
    return lines(number(shown, mode), heading(shown))


def number(shown: OrderTicket, mode: TradingMode) -> Html:
    tag = html("  {}", bold("PAPER")) if mode is TradingMode.PAPER else Html("")
    return html("Ticket {}{}", shown.name, tag)


def heading(shown: OrderTicket) -> Html:
    spec = shown.spec
    kind = f"{'stop-' if spec.trigger is not None else ''}{spec.type.value}{_manner(shown)}"
    return html("<b>{} {}</b>, {}", spec.side.value.upper(), spec.symbol, kind)


def _manner(shown: OrderTicket) -> str:
    if shown.spec.post_only:
        return " post-only"
    return "" if shown.spec.in_force is TimeInForce.GTC else f" {shown.spec.in_force.value}"


def wish(shown: OrderTicket) -> Html:
    """What was asked for; of a stop order with a second line, `stop 60,000.0, then limit 59,900.0`."""
    trigger = shown.spec.trigger
    return _amounts(shown) if trigger is None else lines(_amounts(shown), stop_lines.then(shown, trigger))


def _amounts(shown: OrderTicket) -> Html:
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


def superseded(shown: OrderTicket) -> bool:
    """Whether the tap that spent it brought a new card; a code or another person's word brings none."""
    spent = shown.state is TicketState.EXPIRED and shown.reason in (PRICE_MOVED, POSITION_CHANGED)
    return spent and shown.waiting.awaits is Awaits.TAP


def awaiting(shown: OrderTicket, amounts: Amounts = PLAIN) -> list[Html | None]:
    """All that is known before anything was sent."""
    return [
        wish(shown),
        *_market(shown),
        *_conditions(shown),
        _after(shown, amounts),
        html("{} USDT of today's budget left", money(shown.budget_after, "USDT")),
        *_steps(shown),
    ]


def _after(shown: OrderTicket, amounts: Amounts) -> Html:
    """KuCoin is not known to set money aside for a stop order that waits."""
    base, quote = pair(shown)
    spent = quote if shown.spec.side is Side.BUY else base
    if shown.spec.trigger is not None:
        return html("The {} must be in Trade when it fires.", spent)
    return html("After: {} {} free", amounts.of(money(shown.cost.free_after, spent)), spent)


def _conditions(shown: OrderTicket) -> list[Html | None]:
    """What becomes of it where it may not wait, or may only wait."""
    spec, reach = shown.spec, shown.cost.reach
    if spec.post_only:
        return [html("Only waits in the book: KuCoin cancels it if it would trade at once.")]
    if spec.in_force is TimeInForce.GTC:
        return []
    rule = (
        "what is not there at once is cancelled" if spec.in_force is TimeInForce.IOC else "all of it at once, or none"
    )
    away = spec.trigger is None and reach is not None and reach.distance < 0
    return [
        html("{}: {}.", spec.in_force.value, rule),
        bold("Nobody may offer that price now: then it ends with nothing filled.") if away else None,
    ]


def beyond(shown: OrderTicket) -> str:
    """`3.1 % above the market`, as words of a button; empty when there is nothing to be warned of."""
    warned = shown.waiting.warned
    if warned is None or shown.waiting.awaits is not Awaits.TAP:
        return ""
    if _too_thin(shown):
        return "the book is too thin"
    return f"{percent(warned)} {way(shown, warned)} {'the market' if shown.spec.trigger is None else 'its trigger'}"


def _market(shown: OrderTicket) -> list[Html | None]:
    cost, quote, reach = shown.cost, pair(shown)[1], shown.cost.reach
    if shown.spec.trigger is not None:
        return [*stop_lines.awaiting(shown), html("fee about {} {}", money(cost.fee, quote), quote)]
    if shown.spec.type is OrderType.LIMIT:
        return [_distance(shown), html("fee at most {} {}", money(cost.fee, quote), quote)]
    side = "Ask" if shown.spec.side is Side.BUY else "Bid"
    slip = f", est. slip {percent(reach.slippage)}" if reach is not None and reach.slippage is not None else ""
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
    return bold(html("On average {} {} the market.", percent(reach.distance), way(shown, reach.distance)))


def _distance(shown: OrderTicket) -> Html | None:
    """Of a limit price; the harmless way is told as well, for a digit too many or too few is a mistake either way."""
    reach = shown.cost.reach
    if reach is None:
        return None
    if not reach.distance:
        return html("At the market, {}", price(shown, reach.market))
    words = html(
        "{} {} the market, {}", percent(reach.distance), way(shown, reach.distance), price(shown, reach.market)
    )
    return bold(words) if abs(reach.distance) > FAR else words


def _too_thin(shown: OrderTicket) -> bool:
    spec, reach = shown.spec, shown.cost.reach
    at_market = spec.type is OrderType.MARKET and spec.trigger is None
    return at_market and reach is not None and reach.slippage is None


def _steps(shown: OrderTicket) -> list[Html | None]:
    life = in_words(shown.expires_at - shown.proposed_at)
    if shown.waiting.awaits is Awaits.CODE:
        return [bold("Confirmed, waits for a code"), html("Valid {}, asked by {}", life, shown.person)]
    if shown.waiting.awaits is Awaits.APPROVAL:
        return [bold("Confirmed, needs a second person"), html("Valid 3 m, asked by {}", shown.person)]
    again = html("Confirm once more: {}.", beyond(shown)) if beyond(shown) else None
    return [again, html("Valid {}, asked by {}", life, shown.person)]
