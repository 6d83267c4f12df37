"""Greetings, and what is said of commands that come late and people who are not let in."""

from datetime import datetime, timedelta

from chatbot.chat.messages import Command, Reply
from chatbot.chat.views.markup import REASON, Html, clock, code, html, lines, short
from chatbot.chat.views.status import trading
from chatbot.core.limits import Limits
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, ButtonStyle
from chatbot.core.numbers import tidy
from chatbot.core.people import Person, Role
from chatbot.core.stops import Stop
from chatbot.core.times import in_words


def welcome(person: Person, own: str, *, limits: Limits, practice: bool = False) -> Reply:
    """`own` is what they set for themselves. `practice`: KuCoin is a sandbox on this machine."""
    bounds = (
        html("{} USDT an order, {} a day.", tidy(limits.max_notional, 2), tidy(limits.daily_max, 2))
        if person.role >= Role.TRADER and limits.mode is not TradingMode.OFF
        else None
    )
    article = "an" if person.role is Role.OWNER else "a"
    body = lines(
        html("Hello {}, you are {} <b>{}</b>.", person.name, article, person.role.name.lower()),
        trading(limits.mode, practice=practice),
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
