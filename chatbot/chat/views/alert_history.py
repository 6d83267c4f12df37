"""What alerts told, and what came of it."""

from datetime import datetime

from chatbot.chat.messages import Reply
from chatbot.chat.views import alert_phrases as phrases
from chatbot.chat.views.alert_rules import ALL
from chatbot.chat.views.alerts import value_of
from chatbot.chat.views.markup import Html, bold, html, lines, when
from chatbot.core.notices import Button
from chatbot.core.wishes import History, Past


def history(seen: History, *, now: datetime, first: bool, amounts: bool) -> Reply:
    """A page, the latest first; `now` in the reader's zone.

    Without `amounts` nothing is said of how much the account pays.
    """
    turns = []
    if not first:
        turns.append(Button(text="« Latest", action="firings 0"))
    if seen.older is not None:
        turns.append(Button(text="Earlier »", action=f"firings {seen.older}"))
    if not seen.past:
        head = "None of your alerts has fired yet." if first else "That was all."
        return Reply(text=lines(head), buttons=(*([tuple(turns)] if turns else []), (ALL,)))
    rows = [row for past in seen.past for row in _rows(past, now, amounts=amounts)]
    head = bold("Fired, the latest first" if first else "Fired earlier")
    return Reply(text=lines(head, *rows), buttons=(*([tuple(turns)] if turns else []), (ALL,)))


def _rows(past: Past, now: datetime, *, amounts: bool) -> list[Html]:
    rule, firing = past.told.rule, past.told.firing
    what = phrases.happened(firing, rule.question, past.told.instrument, amounts=amounts)
    value = value_of(past.told)
    at = (
        html("{}, {} <b>{}·{}</b>", what, value, rule.name, firing.number)
        if value
        else html("{} <b>{}·{}</b>", what, rule.name, firing.number)
    )
    done = _done(past)
    late = html(", told late") if firing.late else Html("")
    return [html("{} {}{}", when(firing.at, now), at, late), *([html("   {}", done)] if done else [])]


def _done(past: Past) -> Html | None:
    """What came of it, in the words of its card."""
    sequel = past.sequel
    if sequel.muted:
        return html("muted: it was not sent")
    ticket = html("T-{}", sequel.ticket_id) if sequel.ticket_id is not None else None
    outcome = Html(sequel.outcome) if sequel.outcome else None
    said = [each for each in (ticket, outcome) if each is not None]
    return Html(", ".join(said)) if said else None
