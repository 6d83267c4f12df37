"""/help: what one can do, in the order of what one wants, with lines that a tap copies."""

from collections.abc import Iterable, Mapping

from chatbot.chat.messages import Command, Reply
from chatbot.chat.views.markup import Html, bold, code, html, lines
from chatbot.core.people import Person

_GROUPS = (
    ("See prices", ("price", "chart", "funding"), ("watchlist", "watch", "unwatch")),
    ("Be told", ("alert", "alerts"), ("why", "unalert", "digest", "settings")),
    ("See the account", ("balance", "positions", "orders"), ("fills",)),
    ("Trade", ("buy", "sell", "close", "cancel"), ("code",)),
    ("Stop everything", ("kill", "resume"), ()),
    ("Know how I am", ("status",), ("log", "here", "start", "help")),
)
"""A title, the commands with a line to copy, and those that are only named."""


def overview(commands: Iterable[Command], person: Person) -> Reply:
    """Of the commands this person may use; one that has no group yet is named at the end."""
    mine = {command.name: command for command in commands if person.role >= command.role}
    grouped = {name for _, first, more in _GROUPS for name in (*first, *more)}
    rest = [command for name, command in mine.items() if name not in grouped]
    rows = [row for title, first, more in _GROUPS for row in _group(title, first, more, mine)]
    return Reply(
        text=lines(
            html("{} A tap copies a line.", bold("What I can do.")),
            *rows,
            _named(rest),
            html("More on one: {}", code("/help buy")),
        )
    )


def on(command: Command) -> Reply:
    line = f"/{command.name} {command.usage}".rstrip()
    pieces = [html("{}", piece) for piece in _sentences(command.more)]
    return Reply(text=lines(bold(line), command.summary, *pieces, html("Example: {}", code(command.example))))


def _group(title: str, first: Iterable[str], more: Iterable[str], mine: Mapping[str, Command]) -> list[Html]:
    shown = [html("{} {}", code(mine[name].example), mine[name].summary) for name in first if name in mine]
    named = _named(mine[name] for name in more if name in mine)
    rows = shown if named is None else [*shown, named]
    return [bold(title), *rows] if rows else []


def _named(commands: Iterable[Command]) -> Html | None:
    names = " ".join(f"/{command.name}" for command in commands)
    return html("also {}", names) if names else None


def _sentences(more: str) -> list[str]:
    """One a line: they are read on a phone."""
    return [sentence.strip() for sentence in more.replace(". ", ".\n").split("\n") if sentence.strip()]
