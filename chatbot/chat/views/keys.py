"""What owners read about the API keys, unasked and in /status."""

from collections.abc import Iterator

from chatbot.chat.views.markup import REASON, Html, html, lines, short
from chatbot.core.keys import Gravity, KeyNews, Keys, SeenKey, Verdict, may_move_money
from chatbot.core.times import in_words


def news(told: KeyNews) -> Html:
    return lines(*_news(told))


def _news(told: KeyNews) -> Iterator[Html]:
    if told.held:
        yield html("<b>Orders are held</b>: {}.", short(told.held, REASON))
        yield html("What to do: {}. Alerts and cancels go on.", short(told.mend, REASON))
    if told.free:
        after = f" after {in_words(told.held_for)}" if told.held_for is not None else ""
        yield html("<b>Orders may leave again</b>{}: the KuCoin key is in order.", after)
    for name, right, gained in told.rights:
        yield html("The rights of the {} changed: it {} <b>{}</b>.", name, "now has" if gained else "lost", right)
    for name, verdict in told.warnings:
        yield html("The {} {}. Better {}.", name, short(verdict.words, REASON), short(verdict.mend, REASON))


def aged(name: str, verdict: Verdict) -> Html:
    return html("The {} {}: {}.", name, verdict.words, verdict.mend)


def glance(keys: Keys, old: str) -> list[Html]:
    """A line a key, and one for each thing that is wrong; `old` is how long ago it was looked at."""
    held = [html("<b>orders are held</b>: {}", short(keys.held, REASON))] if keys.held else []
    return held + [line for seen in keys.seen for line in _glance(seen, old)]


def _glance(seen: SeenKey, old: str) -> Iterator[Html]:
    rights = ", ".join(sorted(seen.info.permissions - {"General"}, reverse=True)) or "may look, nothing else"
    bound = "IP bound" if seen.info.ip_bound else "not bound to an IP"
    away = "" if may_move_money(seen.info) else "; cannot withdraw"
    yield html("{} {}; {}{}{}", seen.name.capitalize(), rights, bound, away, old)
    yield from _wrong(seen)


def standing(keys: Keys) -> list[Html]:
    """For /status: a line a key, and one for each thing that is wrong with it."""
    held = [html("<b>orders are held</b>: {}", short(keys.held, REASON))] if keys.held else []
    return held + [line for seen in keys.seen for line in _key(seen)]


def _key(seen: SeenKey) -> Iterator[Html]:
    bound = "IP bound" if seen.info.ip_bound else "not bound to an IP"
    yield html("{} {}; {}", seen.name, ", ".join(sorted(seen.info.permissions)), bound)
    yield from _wrong(seen)


def _wrong(seen: SeenKey) -> Iterator[Html]:
    for verdict in seen.verdicts:
        if verdict.gravity >= Gravity.WARNING:
            yield html("<b>the {} {}</b>", seen.name, short(verdict.words, REASON))
