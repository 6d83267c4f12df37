"""From what people type after /settings, or tap on its card, to a change of what they set."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

from chatbot.chat import parsing
from chatbot.core.errors import UsageError
from chatbot.core.preferences import Kind, Preferences, Quiet, Volume

Change = Callable[[Preferences], Preferences]

OFF = frozenset({"off", "none", "no", "never"})
EXAMPLES: Mapping[str, str] = {
    "zone": "/settings zone Europe/Berlin",
    "quiet": "/settings quiet 22:00-07:00",
    "digest": "/settings digest 8:00",
    "amounts": "/settings amounts hide",
    "currency": "/settings currency EUR",
    "payments": "/settings payments 1",
}
KINDS: Mapping[str, Kind] = {
    "prices": Kind.PRICE,
    "funding": Kind.FUNDING,
    "liquidation": Kind.LIQUIDATION,
    "orders": Kind.ORDERS,
    "system": Kind.SYSTEM,
    "digest": Kind.DIGEST,
}
"""What people call them. A digest that is off has no hour."""

_LOUD = frozenset({Volume.RINGS.value, Volume.SILENT.value})
_TIME = re.compile(r"([01]?[0-9]|2[0-3])(?:[:.]([0-5][0-9]))?", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3,5}", re.ASCII)
_DASH = re.compile(r"\s*[-\u2013\u2014]\s*|\s+to\s+")


def change(text: str, zone: Callable[[str], ZoneInfo]) -> Change:
    """Of `quiet 22:30-07:00`, `prices silent`. `zone` finds one by its name. Raises UsageError."""
    what, _, rest = text.strip().partition(" ")
    name, value = what.lower(), rest.strip()
    if name == "zone":
        return _zone(value, zone)
    read = _READERS.get(name)
    if read is None and name in KINDS:
        return _volume(name, value)
    if read is None:
        known = ", ".join(dict.fromkeys([*EXAMPLES, *KINDS]))
        raise UsageError(f"That is no setting. There are {known}.", example=EXAMPLES["quiet"])
    return read(value)


def _zone(value: str, find: Callable[[str], ZoneInfo]) -> Change:
    found = None if value.lower() in OFF else find(value)
    return lambda each: replace(each, zone=found)


def _volume(name: str, value: str) -> Change:
    try:
        volume = Volume(value.lower())
    except ValueError:
        raise UsageError(f"{name} can be rings, silent or off.", example=f"/settings {name} silent") from None
    kind = KINDS[name]
    return lambda each: replace(each, volumes={**each.volumes, kind: volume})


def _quiet(value: str) -> Change:
    if value.lower() in OFF:
        return lambda each: replace(each, quiet=None)
    times = _DASH.split(value)
    if len(times) != 2:
        raise UsageError("Quiet hours go from one time of day to another.", example=EXAMPLES["quiet"])
    since, until = (_time(each, EXAMPLES["quiet"]) for each in times)
    if since == until:
        raise UsageError("Quiet hours cannot be the whole day.", example=EXAMPLES["quiet"])
    return lambda each: replace(each, quiet=Quiet(since=since, until=until))


def _digest(value: str) -> Change:
    if value.lower() in OFF:
        return lambda each: replace(each, digest_at=None)
    if value.lower() in _LOUD:
        return _volume("digest", value)
    at = _time(value, EXAMPLES["digest"])

    def changed(each: Preferences) -> Preferences:
        wanted = each.volume(Kind.DIGEST) is not Volume.OFF
        volumes = each.volumes if wanted else {**each.volumes, Kind.DIGEST: Volume.SILENT}
        return replace(each, digest_at=at, volumes=volumes)

    return changed


def _amounts(value: str) -> Change:
    hides = {"hide": True, "show": False}.get(value.lower())
    if hides is None:
        raise UsageError("Amounts can be shown or hidden: say show or hide.", example=EXAMPLES["amounts"])
    return lambda each: replace(each, hides_amounts=hides)


def _currency(value: str) -> Change:
    if value.lower() in OFF:
        return lambda each: replace(each, currency="")
    if not _CURRENCY.fullmatch(value):
        raise UsageError("A currency is three letters, or none.", example=EXAMPLES["currency"])
    return lambda each: replace(each, currency=value.upper())


def _payments(value: str) -> Change:
    if value.lower() in OFF:
        return lambda each: replace(each, pays_above=None)
    above = parsing.number(value.lower().removesuffix("usdt").strip(), EXAMPLES["payments"])
    return lambda each: replace(each, pays_above=above)


def _time(text: str, example: str) -> time:
    """`8`, `8:00`, `22:30`."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise UsageError("A time of day is written 22:30 or 7, from 0:00 to 23:59.", example=example)
    return time(int(found[1]), int(found[2] or 0))


_READERS: Mapping[str, Callable[[str], Change]] = {
    "quiet": _quiet,
    "digest": _digest,
    "amounts": _amounts,
    "currency": _currency,
    "payments": _payments,
}
