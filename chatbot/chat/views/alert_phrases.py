"""Alerts in a few words: what is asked, what happened, how far it is. Plain text, put together into cards elsewhere."""

from datetime import timedelta
from decimal import Decimal

from chatbot.chat.views.markup import percent, rate
from chatbot.core.alerts import AlertKind, AlertRule, Direction, Firing, Question, Watch, rested, watch_of
from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.core.numbers import ceil_to, floor_to, grouped, money, places, tidy
from chatbot.core.records import asked
from chatbot.core.symbols import HOME_QUOTE
from chatbot.core.times import in_words
from chatbot.core.wishes import Standing

_HUNDRED = Decimal(100)
_DIGITS = 8
_SECONDS = timedelta(seconds=1)


def coin(question: Question, instrument: Instrument | None) -> str:
    """The coin's own name where that says which market is meant, else the symbol."""
    own_market = question.venue is Venue.SPOT or question.kind.funding
    if instrument is not None and instrument.quote == HOME_QUOTE and own_market:
        return instrument.base
    return question.symbol


def muted_name(symbol: Symbol) -> str:
    """A mute is of one market: the coin's name alone is the home market's on spot."""
    return symbol.removesuffix(f"-{HOME_QUOTE}")


def level(price: Decimal) -> str:
    """`68,000`: in the digits it was typed in."""
    return grouped(price, places(price))


def price(value: Decimal, instrument: Instrument | None) -> str:
    return instrument.show_price(value) if instrument is not None else level(value)


def size(fraction: Decimal) -> str:
    """Of a move, without a sign: `5 %`, `0.25 %`."""
    return f"{tidy(fraction * _HUNDRED, 4)} %"


def asks(question: Question, instrument: Instrument | None) -> str:
    """`BTC crosses above 68,000`."""
    name = coin(question, instrument)
    return f"{name} {_asks(question)}"


def asks_briefly(question: Question, instrument: Instrument | None) -> str:
    """For a list: `BTC > 68,000`."""
    name, up = coin(question, instrument), question.direction is Direction.ABOVE
    match question.kind:
        case AlertKind.PRICE:
            return f"{name} {'>' if up else '<'} {level(question.level)}"
        case AlertKind.MOVE:
            return f"{name} {'+' if up else '-'}{size(question.level)} in {in_words(_window(question))}"
        case AlertKind.FUNDING_LEVEL:
            return f"{name} funding {'>' if up else '<'} {rate(question.level)}"
    return f"{name} {_BRIEFLY[question.kind]}"


def happened(firing: Firing, question: Question, instrument: Instrument | None, *, amounts: bool) -> str:
    """`BTC crossed above 68,000`: of what it fired at, also when the rule was moved since.

    Without `amounts` nothing is said of how much the account pays.
    """
    question = asked(firing, question)
    name, up = coin(question, instrument), question.direction is Direction.ABOVE
    match question.kind:
        case AlertKind.PRICE:
            return f"{name} crossed {'above' if up else 'below'} {level(question.level)}"
        case AlertKind.MOVE:
            moved = percent(firing.value if up else -firing.value)
            return f"{name} {'rose' if up else 'fell'}: {moved} within {in_words(_window(question))}"
        case AlertKind.FUNDING_LEVEL:
            return f"{name} funding {'above' if up else 'below'} {rate(question.level)}"
        case AlertKind.FUNDING_FLIP:
            return f"{name} funding changed sign: {'longs pay' if firing.value > 0 else 'shorts pay'}"
        case AlertKind.FUNDING_BOUND:
            return f"{name} funding near its {firing.detail}"
        case AlertKind.FUNDING_INTERVAL:
            return f"{name} funding settles {_intervals(firing.detail)}"
        case AlertKind.FUNDING_PAYMENT:
            side, _, currency = firing.detail.partition(" ")
            paid = f"{money(firing.value, currency)} {currency}" if amounts else "funding"
            return f"{name} {side} pays {paid}"


def away(standing: Standing) -> str | None:
    """How far it is from firing; None where there is no such thing, or it is not known."""
    gap, question = standing.distance, standing.rule.question
    if gap is None:
        return None
    if question.kind is AlertKind.FUNDING_LEVEL:
        return f"{rate(gap).lstrip('+')} away"
    return f"{percent(gap).lstrip('+')} {'away' if question.kind is AlertKind.PRICE else 'to go'}"


def goes_back(rule: AlertRule, instrument: Instrument | None) -> str:
    """What has to happen before a price or move rule is armed again: `BTC is back at 67,932`."""
    name, question = coin(rule.question, instrument), rule.question
    back = watch_of(rested(rule))
    if back is None:
        return f"{name} funding settles"
    if question.kind is AlertKind.MOVE:
        return f"the move is down to {size(back.level)}"
    return f"{name} is back at {level(_in_steps(back, instrument))}"


def _in_steps(watch: Watch, instrument: Instrument | None) -> Decimal:
    """The first price there can be that is met."""
    if instrument is None:
        return watch.level
    to_step = ceil_to if watch.rising else floor_to
    return to_step(watch.level, instrument.price_increment) or watch.level


def _asks(question: Question) -> str:
    up = question.direction is Direction.ABOVE
    match question.kind:
        case AlertKind.PRICE:
            return f"crosses {'above' if up else 'below'} {level(question.level)}"
        case AlertKind.MOVE:
            return f"{'rises' if up else 'falls'} {size(question.level)} within {in_words(_window(question))}"
        case AlertKind.FUNDING_LEVEL:
            return f"funding goes {'above' if up else 'below'} {rate(question.level)}"
        case AlertKind.FUNDING_PAYMENT if question.level:
            return f"position pays funding, {level(question.level)} or more"
    return _BRIEFLY[question.kind]


_BRIEFLY = {
    AlertKind.FUNDING_FLIP: "funding changes sign",
    AlertKind.FUNDING_BOUND: "funding nears cap or floor",
    AlertKind.FUNDING_INTERVAL: "funding interval changes",
    AlertKind.FUNDING_PAYMENT: "position pays funding",
}


def _window(question: Question) -> timedelta:
    return question.window if question.window is not None else timedelta(0)


def _intervals(detail: str) -> str:
    """Of `28800>14400`."""
    was, _, now = detail.partition(">")
    return f"every {in_words(int(now) * _SECONDS)} now, not {in_words(int(was) * _SECONDS)}"
