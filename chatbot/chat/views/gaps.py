"""What people read of times in which nobody could look: prices that were missing, or could not be read afterwards."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chatbot.chat.views.markup import Html, bold, clock, html, lines
from chatbot.core.market import Symbol, Venue
from chatbot.core.times import in_minutes, in_words
from chatbot.services.blindness import Back

_MOST_NAMES = 10
_KEEP_TRYING = "I keep trying, and tell late what I find then."


def blind(since: datetime, venue: Venue, rules: int) -> Html:
    what = "1 alert is not checked" if rules == 1 else f"{rules} alerts are not checked"
    return lines(bold(html("Blind since {}: no {} prices.", clock(since), venue.value)), f"{what}. I keep trying.")


def back(seen: Back) -> Html:
    """`off`: nobody was looking, because I was not running."""
    span = in_words(seen.until - seen.since)
    head = f"I was off for {span}" if seen.off else f"Back after {span}"
    late = "1 late alert" if seen.late == 1 else f"{seen.late} late alerts"
    if seen.unread or seen.beyond_reach:
        said = f"{head}: {late} found so far." if seen.late else f"{head}."
        return lines(said, _too_long_ago(seen), _not_yet(seen.unread))
    if not seen.late:
        return lines(f"{head}. I read what was traded meanwhile: nothing was missed.")
    return lines(f"{head}: {late}, found in what was traded meanwhile.")


def unread(symbols: Sequence[Symbol], span: timedelta) -> Html:
    """Prices come in, but what was traded between two of them could not be read for so long."""
    return lines(
        bold(html("For {} I cannot read what is traded on {}.", in_words(span), _names(symbols))),
        "I still look at every price that comes in; what came and went between two of them I do not see.",
        _KEEP_TRYING,
    )


def lost_funding(symbol: Symbol, span: timedelta) -> Html:
    """The rates of settlements that passed unseen are not told any more."""
    return lines(
        html("KuCoin does not tell at which rates {} settled while I could not look, {}.", symbol, in_words(span)),
        "I go on with the rates of now: whether one crossed before, I cannot know.",
    )


def unforeseen(symbol: Symbol, settles_in: timedelta) -> Html:
    """Positions could not be read before a settlement that an alert asks about."""
    return lines(
        bold(html("{} settles in {}, and I do not know what it will pay.", symbol, in_minutes(settles_in))),
        "KuCoin does not tell your positions. I keep trying; until then no alert on the payment can come.",
    )


def _too_long_ago(seen: Back) -> str | None:
    if not seen.beyond_reach:
        return None
    return f"I read the last {in_words(seen.reach)} of what was traded: what crossed before, I cannot know."


def _not_yet(symbols: Sequence[Symbol]) -> Html | None:
    if not symbols:
        return None
    return html("What was traded meanwhile on {} cannot be read yet. {}", _names(symbols), _KEEP_TRYING)


def _names(symbols: Sequence[Symbol]) -> str:
    more = len(symbols) - _MOST_NAMES
    names = [*symbols[:_MOST_NAMES], f"{more} more"] if more > 0 else list(symbols)
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
