"""Telegram's HTML, made so that only our own literals can hold a tag."""

import re
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from html import escape, unescape

from chatbot.core.modes import TradingMode
from chatbot.core.numbers import places, signed
from chatbot.core.times import in_words

OLD = timedelta(seconds=5)
"""A figure older than this says how old it is."""

TEXT_LIMIT = 4096
"""Telegram's longest message, in UTF-16 units."""

CAPTION_LIMIT = 1024
"""The same of the words under a picture."""


REASON = 300
"""Characters shown of a sentence that somebody typed or KuCoin sent."""

ROWS = 30
"""Orders listed on one card; more would pass Telegram's limits of text and buttons."""

NOT_IN_GROUPS = "Amounts are not shown in a group."

_TIME = re.compile(r'(<tg-time unix="(\d+)" format="([dD]?)t">)[^<]*(</tg-time>)')
_TAG = re.compile(r"</?[a-z][^<>]*>")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def html(template: str, *values: object) -> Html:
    """`template` with each `{}` filled; what is not Html is escaped on the way in."""
    return Html(template.format(*(v if isinstance(v, Html) else escape(str(v), quote=False) for v in values)))


def lines(*parts: str | None) -> Html:
    """Joined by line breaks; None is left out. Plain strings are escaped."""
    return Html("\n".join(p if isinstance(p, Html) else escape(p, quote=False) for p in parts if p is not None))


def bold(text: object) -> Html:
    return html("<b>{}</b>", text)


def code(text: object) -> Html:
    return html("<code>{}</code>", text)


def example(line: str) -> Html:
    """A line that can be copied with one tap."""
    return html("Example: <code>{}</code>", line)


def clock(moment: datetime) -> Html:
    """The time of day: the phone shows it in its own zone, older ones as `in_zone` words it."""
    return html('<tg-time unix="{}" format="t">{}</tg-time>', int(moment.timestamp()), _worded(moment, day=False))


def day_clock(moment: datetime) -> Html:
    """The day, too, as short as the phone writes it: for what is not of now."""
    return html('<tg-time unix="{}" format="dt">{}</tg-time>', int(moment.timestamp()), _worded(moment, day=True))


def when(moment: datetime, now: datetime) -> Html:
    """The time alone where that is of today, as the zone of `now` has it."""
    return clock(moment) if moment.astimezone(now.tzinfo).date() == now.date() else day_clock(moment)


def in_zone(text: str, zone: tzinfo) -> Html:
    """The same markup, its times worded for a reader in `zone` whose phone does not do it."""

    def worded(found: re.Match[str]) -> str:
        moment = datetime.fromtimestamp(int(found[2]), zone)
        return f"{found[1]}{_worded(moment, day=bool(found[3]))}{found[4]}"

    return Html(_TIME.sub(worded, text))


def _worded(moment: datetime, *, day: bool) -> str:
    """`12:34 UTC`, with the day `3 Mar 12:34 UTC`."""
    return f"{moment.day} {moment:%b %H:%M %Z}" if day else f"{moment:%H:%M %Z}"


def age(read_at: datetime, now: datetime) -> str | None:
    """None while fresh."""
    return f"{in_words(now - read_at)} old" if now - read_at > OLD else None


def percent(fraction: Decimal, digits: int = 2) -> str:
    """0.0214 as `+2.14 %`."""
    return f"{signed(fraction * 100, digits)} %"


def up_or_down(fraction: Decimal) -> str:
    """Direction in words: colour and sign alone are not for everybody."""
    return "unchanged" if not fraction else "up" if fraction > 0 else "down"


def rate(fraction: Decimal) -> str:
    """A funding rate: at least four digits of percent, all it has up to six: `+0.0145 %`."""
    return percent(fraction, min(max(places(fraction * 100), 4), 6))


def short(text: str, limit: int) -> str:
    """At most `limit` characters, for toasts and pop-ups that Telegram would refuse."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def split(text: str, limit: int = TEXT_LIMIT) -> list[str]:
    """Pieces of at most `limit` UTF-16 units, cut at line ends; nothing is dropped.

    Our markup never runs over a line end, so every piece stands for itself.
    """
    pieces: list[str] = []
    current: str | None = None
    for line in text.split("\n"):
        joined = line if current is None else f"{current}\n{line}"
        if units(joined) <= limit:
            current = joined
            continue
        if current is not None:
            pieces.append(current)
        while units(line) > limit:
            pieces.append(line[: limit // 2])
            line = line[limit // 2 :]
        current = line
    return [*pieces, current or ""]


def fitted(text: str, limit: int = TEXT_LIMIT) -> Html:
    """What goes into one message, for cards that cannot be more than one; a last line tells that there is more."""
    first, *rest = split(text, limit - 2)
    return Html(f"{first}\n…") if rest else Html(text)


def repeated(text: str) -> Html:
    """The mark on a message whose first sending was not acknowledged."""
    return lines(html("<i>may be a repeat</i>"), Html(text))


def plain_text(markup: Html) -> str:
    """The same words without tags."""
    return unescape(_TAG.sub("", markup))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def paper(mode: TradingMode) -> Html | None:
    """Every answer about orders and balances says when the money is not real."""
    return bold("PAPER") if mode is TradingMode.PAPER else None
