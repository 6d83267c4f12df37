"""Greetings, help and health, as people read them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chatbot.chat.messages import Command, Reply
from chatbot.chat.views import keys
from chatbot.chat.views.markup import REASON, Html, bold, clock, code, html, lines, short
from chatbot.core.feed import Channel, StreamState
from chatbot.core.limits import Limits
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, ButtonStyle
from chatbot.core.numbers import tidy
from chatbot.core.people import Person, Role
from chatbot.core.stops import Stop
from chatbot.core.times import in_words
from chatbot.services.dead_man import DeadManState
from chatbot.services.health import Health

_MODES = {
    TradingMode.OFF: "Trading is off.",
    TradingMode.PAPER: "Trading is on paper: the market's prices, no real money.",
    TradingMode.LIVE: "Trading is LIVE: real orders on KuCoin.",
}
_MILLISECOND = timedelta(milliseconds=1)


def welcome(person: Person, limits: Limits, own: str) -> Reply:
    """`own` is what they set for themselves."""
    bounds = (
        html("{} USDT an order, {} a day.", tidy(limits.max_notional, 2), tidy(limits.daily_max, 2))
        if person.role >= Role.TRADER and limits.mode is not TradingMode.OFF
        else None
    )
    article = "an" if person.role is Role.OWNER else "a"
    body = lines(
        html("Hello {}, you are {} <b>{}</b>.", person.name, article, person.role.name.lower()),
        _MODES[limits.mode],
        bounds,
        html("{} /settings", own),
        html("{} lists what I can do.", code("/help")),
    )
    return Reply(
        text=body,
        buttons=(
            (
                Button(text="Prices", action="run /price", style=ButtonStyle.PRIMARY),
                Button(text="Balance", action="run /balance"),
                Button(text="Funding", action="run /funding"),
                Button(text="Alerts", action="run /alerts"),
            ),
        ),
    )


def help_overview(commands: Iterable[Command], person: Person) -> Reply:
    rows = [html("/{} {}", c.name, c.summary) for c in commands if person.role >= c.role]
    return Reply(text=lines(bold("What I can do"), *rows, html("More on one: {}", code("/help buy"))))


def help_on(command: Command) -> Reply:
    line = f"/{command.name} {command.usage}".rstrip()
    return Reply(
        text=lines(bold(line), command.summary, command.more or None, html("Example: {}", code(command.example)))
    )


def health(seen: Health) -> Reply:
    body = lines(
        _trading_line(seen),
        html("<b>{}</b>", seen.finding_out) if seen.finding_out else None,
        html("Telegram {}", _heard(seen)),
        html("KuCoin {}", _kucoin(seen)),
        html("clock {} ms against KuCoin's", f"{round(seen.clock_offset / _MILLISECOND):+d}"),
        *_feeds(seen),
        *keys.standing(seen.keys),
        *([_dead_man(seen.dead_man, seen.read_at)] if seen.dead_man is not None else []),
        html("messages waiting {}{}", seen.waiting, _undelivered(seen)),
        html("<b>orders of unknown fate {}</b>", seen.unknown_orders) if seen.unknown_orders else None,
        html("strangers turned away {}", seen.strangers) if seen.strangers else None,
        html("up {}", in_words(seen.read_at - seen.started_at)),
    )
    return Reply(text=body, buttons=((Button(text="Refresh", action="status"),),))


def knock(user_id: int, name: str) -> Html:
    """What owners read about a stranger, once."""
    return lines(
        "Somebody not on the list wrote to me:",
        html("{} “{}”", code(user_id), name),
        "I did not answer. To let them in, add the id to TELEGRAM_VIEWERS or TELEGRAM_TRADERS and restart.",
    )


def resumed(stop: Stop) -> Html:
    return lines(
        html("<b>Trading goes on.</b> Resumed by {}: {}", stop.resumed_by, short(stop.reason, REASON)),
        html("It was stopped by {} at {}.", stop.person, clock(stop.at)),
    )


def stale(command: Command, asked_at: datetime) -> Reply:
    """A command that moves money is never run late: the front hands it back as a button where it may be asked again."""
    asked = html("/{} was asked at {}, while I could not hear you.", command.name, clock(asked_at))
    return Reply(text=lines(asked, "I did not act on it: that is too long ago."))


def marked_late(text: str, late: timedelta) -> Html:
    return lines(html("(asked {} ago, while I was away)", in_words(late)), Html(text))


def _trading_line(seen: Health) -> Html:
    if seen.stop is not None:
        return html("<b>STOPPED</b> by {} at {}", seen.stop.person, clock(seen.stop.at))
    return html("<b>{}</b>", _MODES[seen.mode])


def _heard(seen: Health) -> str:
    if seen.telegram_heard is None:
        return "not heard yet"
    return f"ok, heard {in_words(seen.read_at - seen.telegram_heard)} ago"


def _kucoin(seen: Health) -> str:
    if seen.round_trip is None:
        return f"does not answer: {seen.kucoin}"
    return f"{seen.kucoin}, answers in {seen.round_trip / _MILLISECOND:.0f} ms"


def _feeds(seen: Health) -> list[Html]:
    """One line while all is well; each stream by name that is down."""
    armed = html("alerts {}", seen.alerts)
    if not seen.feeds:
        return [armed]
    heard = [f.heard_at for f in seen.feeds if f.heard_at is not None]
    oldest = html(", heard {} ago", in_words(seen.read_at - min(heard))) if heard else Html("")
    up = [f for f in seen.feeds if f.down_since is None]
    return [
        html("feeds {} of {} up{}", len(up), len(seen.feeds), oldest),
        *(_down(f) for f in seen.feeds if f.down_since is not None),
        armed,
    ]


def _dead_man(state: DeadManState, now: datetime) -> Html:
    names = ", ".join(state.symbols)
    if state.falls_at is None or state.falls_at <= now:
        standing = html("<b>dead man's switch NOT set</b> for {}", names)
    else:
        standing = html("dead man's switch on {}: falls in {} unless renewed", names, in_words(state.falls_at - now))
    return html("{}: {}", standing, short(state.problem, REASON)) if state.problem else standing


def _down(state: StreamState) -> Html:
    instead = ", I ask for all prices instead" if state.stream.channel is Channel.PUBLIC else ""
    since = clock(state.down_since) if state.down_since is not None else Html("the start")
    reason = f": {short(state.reason.removesuffix('.'), REASON)}" if state.reason else ""
    return html("<b>{} down</b> since {}{}{}", state.stream.name, since, instead, reason)


def _undelivered(seen: Health) -> str:
    return f", not deliverable {seen.undelivered}" if seen.undelivered else ""
