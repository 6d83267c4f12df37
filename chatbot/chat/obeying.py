"""What a command has to pass before it is obeyed: the person's role, and how late it is."""

from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.chat.messages import RUN, Command, Effect, Incoming, Reply
from chatbot.chat.views import admin as views
from chatbot.core.errors import NotAllowed
from chatbot.core.notices import Button
from chatbot.core.people import Person, Role

LATE = timedelta(seconds=60)
"""Older than this was typed while the bot could not hear."""

TOO_LATE = timedelta(minutes=10)
"""A question this old is no longer worth an answer."""


def check_role(person: Person, role: Role, what: str) -> None:
    """Raises NotAllowed."""
    if person.role < role:
        raise NotAllowed(f"{what} is for {role.name.lower()}s; you are a {person.role.name.lower()}.")


def instead(incoming: Incoming, command: Command, line: str, now: datetime) -> Reply | None:
    """What a late command, typed as `line`, gets in place of its answer; None when it is simply answered."""
    late = _late_by(incoming, now)
    if command.effect is Effect.ALWAYS or late <= LATE or incoming.sent_at is None:
        return None
    if command.effect is Effect.READ and late <= TOO_LATE:
        return None
    reply = views.stale(command, incoming.sent_at)
    if command.effect is Effect.FRESH:
        return reply
    again = ((Button(text="Ask again", action=f"{RUN} {line}"),),)
    return Reply(text=reply.text, buttons=again)


def marked(incoming: Incoming, command: Command, reply: Reply, now: datetime) -> Reply:
    """Says how late the answer is, where it is one."""
    late = _late_by(incoming, now)
    if command.effect is not Effect.READ or not reply.text or late <= LATE or late > TOO_LATE:
        return reply
    return replace(reply, text=views.marked_late(reply.text, late))


def _late_by(incoming: Incoming, now: datetime) -> timedelta:
    return now - incoming.sent_at if incoming.sent_at is not None else timedelta(0)
