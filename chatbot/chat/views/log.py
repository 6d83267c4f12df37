"""The audit as an owner reads it: when, who, what."""

from datetime import datetime

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import Html, bold, html, lines, short, when
from chatbot.chat.views.state_words import STATE_WORDS
from chatbot.core.notices import Button
from chatbot.core.waiting import Awaits
from chatbot.services.logbook import LogLine, LogPage

_DETAIL = 160
_NAME = 32
_WAITS = {
    Awaits.TAP: "was warned of the price",
    Awaits.CODE: "has to give a code",
    Awaits.APPROVAL: "waits for a second person",
}
_WORDS = {
    **{state.value: words for state, words in STATE_WORDS.items()},
    **{f"awaits {awaits.value}": words for awaits, words in _WAITS.items()},
}
"""Of what the audit has words of its own for; the rest is in words that anybody reads."""


def log(page: LogPage, now: datetime) -> Reply:
    """`now` in the reader's zone."""
    if not page.lines:
        return Reply(text=lines(_broken(page), "Nothing was done yet."))
    first, last = page.lines[0], page.lines[-1]
    head = bold("Log") if not page.newer else html("<b>Log</b>, from {} down", first.id)
    older = (Button(text="Older", action=f"log older {last.id}"),) if page.older else ()
    newer = (Button(text="Newer", action=f"log newer {first.id}"),) if page.newer else ()
    newest = (Button(text="Newest" if page.newer else "Refresh", action="log newest"),)
    return Reply(
        text=lines(_broken(page), head, *(_row(record, now) for record in page.lines)),
        buttons=((*newer, *older, *newest),),
    )


def _broken(page: LogPage) -> Html | None:
    """Said first: nothing below can be trusted then."""
    return bold(html("Do not trust this log: {}.", page.problem)) if page.problem else None


def _row(record: LogLine, now: datetime) -> Html:
    detail = f": {short(' '.join(record.detail.split()), _DETAIL)}" if record.detail else ""
    what = _WORDS.get(record.what, record.what)
    return html("{} {} {}{}", when(record.at, now), short(record.person, _NAME), what, detail)
