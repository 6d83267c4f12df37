"""The audit as an owner reads it: when, who, what."""

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import Html, bold, day_clock, html, lines, short
from chatbot.core.notices import Button
from chatbot.services.logbook import LogLine, LogPage

_DETAIL = 160
_NAME = 32


def log(page: LogPage) -> Reply:
    if not page.lines:
        return Reply(text=lines(_broken(page), "Nothing was done yet."))
    first, last = page.lines[0], page.lines[-1]
    head = bold("Log") if not page.newer else html("<b>Log</b>, from {} down", first.id)
    older = (Button(text="Older", action=f"log older {last.id}"),) if page.older else ()
    newer = (Button(text="Newer", action=f"log newer {first.id}"),) if page.newer else ()
    newest = (Button(text="Newest" if page.newer else "Refresh", action="log newest"),)
    return Reply(text=lines(_broken(page), head, *map(_row, page.lines)), buttons=((*newer, *older, *newest),))


def _broken(page: LogPage) -> Html | None:
    """Said first: nothing below can be trusted then."""
    return bold(html("Do not trust this log: {}.", page.problem)) if page.problem else None


def _row(record: LogLine) -> Html:
    detail = f": {short(' '.join(record.detail.split()), _DETAIL)}" if record.detail else ""
    return html("{} {} {}{}", day_clock(record.at), short(record.person, _NAME), record.what, detail)
