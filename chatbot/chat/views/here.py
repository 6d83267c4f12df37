"""Which news of the desk come where in a group, as its people read it."""

from collections.abc import Mapping, Sequence

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import Html, bold, code, html, lines
from chatbot.core.notices import Button, Buttons
from chatbot.core.routes import Place, Route

WORDS = {
    Route.ALERTS: "price alerts made in this group",
    Route.FUNDING: "funding alerts made in this group",
    Route.ORDERS: "what becomes of orders, whoever asked for them",
    Route.SYSTEM: "when I am blind or back, the key, the disk",
    Route.DIGEST: "the desk's morning, without amounts",
}

_SUPERGROUP = "-100"
"""What the ids of groups with topics begin with, before the number that stands in their addresses."""


def here(routes: Mapping[Route, Place], place: Place, *, owner: bool) -> Reply:
    """What is routed where, seen from `place`; only owners get the buttons that change it."""
    rows = [_row(route, routes[route], place) for route in Route if route in routes]
    body = lines(
        bold("What comes where in this group"),
        *rows,
        None if rows else "Nothing is routed: all comes where it was asked for.",
        html("Example: {}", code("/here alerts")),
    )
    return Reply(text=body, buttons=_buttons(routes, place) if owner else ())


def laid(routes: Sequence[Route], place: Place) -> Html:
    rows = [html("<b>{}</b>: {}", route.value, WORDS[route]) for route in routes]
    return lines(html("From now on {}:", _where(place, place)), *rows, html("{} shows all.", code("/here")))


def undone(routes: Sequence[Route]) -> Html:
    names = ", ".join(route.value for route in routes)
    return html("{} no longer come here: each comes where it was asked for.", names)


def _row(route: Route, its: Place, place: Place) -> Html:
    return html("<b>{}</b> {}, by {}\n  {}", route.value, _where(its, place), its.person, WORDS[route])


def _where(its: Place, place: Place) -> str:
    if its.thread_id == place.thread_id:
        return "here"
    if its.thread_id is None:
        return "in the group at large"
    number = str(its.chat_id)
    if not number.startswith(_SUPERGROUP):
        return "in another topic"
    return f"in https://t.me/c/{number.removeprefix(_SUPERGROUP)}/{its.thread_id}"


def _buttons(routes: Mapping[Route, Place], place: Place) -> Buttons:
    undo = [Button(text=f"Undo {route.value}", action=f"here_not {route.value}") for route in Route if route in routes]
    come = [
        Button(text=f"{route.value.capitalize()} here", action=f"here {route.value}")
        for route in Route
        if route not in routes or routes[route].thread_id != place.thread_id
    ]
    return tuple(tuple(row) for buttons in (undo, come) for row in _in_rows(buttons))


def _in_rows(buttons: Sequence[Button], width: int = 3) -> list[Sequence[Button]]:
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]
