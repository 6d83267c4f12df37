"""What a person has set, as a card whose buttons change it in place."""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.parsing_settings import EXAMPLES, KINDS
from chatbot.chat.views.markup import Html, bold, code, html, lines
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.numbers import tidy
from chatbot.core.preferences import Kind, Preferences, Quiet, Volume
from chatbot.core.values import frozen
from chatbot.services.zones import UnknownZone

_NEXT = {Volume.RINGS: Volume.SILENT, Volume.SILENT: Volume.OFF, Volume.OFF: Volume.RINGS}
_NAMES = {
    Kind.PRICE: "Prices",
    Kind.FUNDING: "Funding",
    Kind.LIQUIDATION: "Liquidation",
    Kind.ORDERS: "Orders",
    Kind.SYSTEM: "System",
    Kind.DIGEST: "Digest",
}
_CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "zone": (
        ("London", "Europe/London"),
        ("Berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Singapore", "Asia/Singapore"),
        ("The bot's own", "off"),
    ),
    "quiet": (("Off", "off"), ("22:00-07:00", "22:00-07:00"), ("23:00-08:00", "23:00-08:00")),
    "digest": (("Off", "off"), ("07:00", "07:00"), ("08:00", "08:00"), ("09:00", "09:00")),
    "currency": (("None", "off"), ("USD", "USD"), ("EUR", "EUR"), ("GBP", "GBP")),
    "payments": (("Never", "off"), ("All", "0"), ("1 USDT", "1"), ("10 USDT", "10")),
}
_A_ROW = 4
_QUESTIONS = {
    "zone": ("In which time zone are you?", "Europe/Berlin"),
    "quiet": ("From when to when shall nothing ring?", "22:30-07:00"),
    "digest": ("At what time shall the digest come?", "08:00"),
    "currency": ("In which currency besides USDT?", "EUR"),
    "payments": ("From how many USDT on is a coming funding payment told?", "1"),
}
_MEANS = {
    "zone": "Times are told and read in your zone.",
    "quiet": "Prices and funding then wait for the morning. Liquidation, orders and system still ring.",
    "digest": "Once a day: the account, funding, fees, what was held, how I am.",
    "currency": "Totals are told in it too.",
    "payments": "Told before a settlement that your position pays for.",
}


@frozen
class Own:
    """What a person set, in their zone as it is now. `rate` is a USDT in their currency, where KuCoin tells one."""

    preferences: Preferences
    at: datetime
    zone: str
    rate: Decimal | None = None


def settings(own: Own, said: str = "") -> Reply:
    """`said` is a line above the card: what was wrong with the last answer."""
    prefers = own.preferences
    body = lines(
        said or None,
        bold("Your settings"),
        html("Zone {}, it is {}", own.zone, f"{own.at:%H:%M}"),
        html("Quiet {}", quiet(prefers.quiet)),
        html("Digest {}", _digest(prefers)),
        html("Amounts {}{}", "hidden" if prefers.hides_amounts else "shown", _currency(own)),
        html("Funding payments {}", _payments(prefers.pays_above)),
        html("Or type it: {}", code(EXAMPLES["quiet"])),
    )
    return Reply(text=body, buttons=_buttons(prefers))


def page(name: str, own: Own) -> Reply:
    """The choices for one of the settings."""
    choices = tuple(Button(text=text, action=f"set {name} {value}") for text, value in _CHOICES[name])
    rows = (
        *(choices[n : n + _A_ROW] for n in range(0, len(choices), _A_ROW)),
        (
            Button(text="Other…", action=f"ask_setting {name}", style=ButtonStyle.PRIMARY),
            Button(text="Back", action="settings"),
        ),
    )
    return Reply(text=lines(bold(f"{name.capitalize()}: {_now(name, own)}"), _MEANS[name]), buttons=rows)


def pages() -> frozenset[str]:
    return frozenset(_CHOICES)


def question(name: str) -> Reply:
    text, hint = _QUESTIONS[name]
    return Reply(text=lines(text, html("Example: {}", code(hint))), asks=f"/settings {name}", hint=hint, edit=True)


def no_such_zone(error: UnknownZone) -> Reply:
    nearest = tuple(Button(text=name, action=f"set zone {name}") for name in error.nearest)
    again = (Button(text="Type it again", action="ask_setting zone"),)
    guess = "Did you mean one of these?" if nearest else None
    body = lines(str(error), guess, html("Example: {}", code(error.example)))
    return Reply(text=body, buttons=(*((each,) for each in nearest), again))


def quiet(hours: Quiet | None) -> str:
    return "off" if hours is None else f"{hours.since:%H:%M}-{hours.until:%H:%M}"


def _buttons(prefers: Preferences) -> Buttons:
    hide = ("Show amounts", "show") if prefers.hides_amounts else ("Hide amounts", "hide")
    kinds = [_kind(name, kind, prefers.volume(kind)) for name, kind in KINDS.items()]
    return (
        (_open("Zone", "zone"), _open("Quiet hours", "quiet"), _open("Digest hour", "digest")),
        *(tuple(kinds[n : n + 2]) for n in range(0, len(kinds), 2)),
        (
            Button(text=hide[0], action=f"set amounts {hide[1]}"),
            _open("Currency", "currency"),
            _open("Payments", "payments"),
        ),
    )


def _open(text: str, name: str) -> Button:
    return Button(text=text, action=f"settings {name}")


def _kind(name: str, kind: Kind, volume: Volume) -> Button:
    following = Volume.RINGS if (kind, volume) == (Kind.DIGEST, Volume.SILENT) else _NEXT[volume]
    return Button(text=f"{_NAMES[kind]}: {volume.value}", action=f"set {name} {following.value}")


def _now(name: str, own: Own) -> str:
    prefers = own.preferences
    return {
        "zone": own.zone,
        "quiet": quiet(prefers.quiet),
        "digest": _digest(prefers),
        "currency": prefers.currency or "none",
        "payments": _payments(prefers.pays_above),
    }[name]


def _digest(prefers: Preferences) -> str:
    if prefers.digest_at is None:
        return "off"
    return _hour(prefers.digest_at) if prefers.reads_digest else f"{_hour(prefers.digest_at)}, but its notices are off"


def _hour(at: time) -> str:
    return f"{at:%H:%M}"


def _currency(own: Own) -> Html:
    name = own.preferences.currency
    if not name:
        return Html("")
    rate = f"{tidy(own.rate, 4)} now" if own.rate is not None else "KuCoin tells no price now"
    return html(", also in {} ({})", name, rate)


def _payments(above: Decimal | None) -> str:
    if above is None:
        return "not told ahead"
    return f"told ahead from {tidy(above, 2)} USDT on" if above else "all told ahead"
