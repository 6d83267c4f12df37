"""A ticket as the people who may agree to it see it, and what the owners hear of wrong codes."""

from collections.abc import Sequence

from chatbot.chat.messages import Reply
from chatbot.chat.views.desk_lines import others
from chatbot.chat.views.markup import REASON, Html, bold, html, lines, short
from chatbot.chat.views.ticket_lines import awaiting, heading, number, title, wish
from chatbot.chat.views.tickets import fate
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, ButtonStyle, Subject
from chatbot.core.orders import OrderTicket, TicketState
from chatbot.core.people import Person
from chatbot.core.waiting import Awaits


def approval(
    shown: OrderTicket, mode: TradingMode, amounts: Amounts = PLAIN, beside: Sequence[OrderTicket] = ()
) -> Reply:
    """`beside` is what other people have under way on the same symbol."""
    asked = shown.state is TicketState.AWAIT_CONFIRM and shown.waiting.awaits is Awaits.APPROVAL
    question = html("{} asks for your word: {}", shown.person, heading(shown))
    body = [question, number(shown, mode), *awaiting(shown, amounts), *others(shown, beside)]
    if not asked:
        body = [title(shown, mode), *_outcome(shown), html("Asked by {}", shown.person)]
    approve = Button(text="Approve", action=f"approve {shown.id}", style=ButtonStyle.SUCCESS)
    reject = Button(text="Reject", action=f"reject {shown.id}", style=ButtonStyle.DANGER)
    return Reply(
        text=lines(*body),
        buttons=((approve, reject),) if asked else (),
        subject=Subject.APPROVAL,
        subject_id=shown.id,
        protected=True,
    )


def guessed(person: Person) -> Html:
    return lines(
        bold(html("{} typed too many wrong codes.", person.name)),
        html("None of theirs is taken for a quarter of an hour. If that was not {}, end it with /kill.", person.name),
    )


def _outcome(shown: OrderTicket) -> list[Html | None]:
    """What was said to it, and what the order came to."""
    if shown.state is TicketState.AWAIT_CONFIRM:
        return [wish(shown), html("The market moved: {} has to confirm it again.", shown.person)]
    if shown.waiting.approver_id:
        return [bold(html("Approved by {}.", shown.waiting.approver)), *fate(shown)]
    if shown.state is TicketState.EXPIRED:
        why = f": {short(shown.reason, REASON)}" if shown.reason else ""
        return [wish(shown), html("Expired{}. Nothing was sent.", why)]
    return [
        wish(shown),
        html("{}. Nothing was sent.", short(shown.reason, REASON) or f"Cancelled by {shown.person}"),
    ]
