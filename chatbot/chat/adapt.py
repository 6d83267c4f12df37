"""Updates to what handlers take, replies to letters: plain copying, kept out of the flow."""

from chatbot.chat.messages import Incoming, Message, Reply, Tap
from chatbot.chat.views.markup import TEXT_LIMIT, split, units
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.people import Person
from chatbot.services.post import Pressed


def message(incoming: Incoming, person: Person, command: str, text: str, *, stepwise: bool = False) -> Message:
    return Message(
        person=person,
        chat_id=incoming.chat_id,
        private=incoming.private,
        thread_id=incoming.thread_id,
        message_id=incoming.message_id,
        update_id=incoming.update_id,
        command=command,
        text=text,
        stepwise=stepwise,
    )


def tap(incoming: Incoming, person: Person, argument: str, pressed: Pressed) -> Tap:
    return Tap(
        person=person,
        chat_id=incoming.chat_id,
        private=incoming.private,
        thread_id=incoming.thread_id,
        update_id=incoming.update_id,
        argument=argument,
        card_id=pressed.card_id,
        letter=pressed.letter,
    )


def letters(incoming: Incoming, reply: Reply, edits: Pressed | None) -> list[Letter]:
    """The reply as letters: none without words, several when it is too long for one message, an edit's too."""
    if reply.subject is not None:
        return [letter(incoming, reply)]
    if reply.picture:
        return [letter(incoming, reply, edits=None if edits is None else edits.card_id)]
    if edits is not None and units(reply.text) <= TEXT_LIMIT:
        return [letter(incoming, reply, edits=edits.card_id)]
    if not reply.text:
        return []
    *first, last = split(reply.text)
    heads = [letter(incoming, Reply(text=piece, silent=reply.silent)) for piece in first]
    tail = Reply(text=last, buttons=reply.buttons, silent=reply.silent, asks=reply.asks, hint=reply.hint)
    return [*heads, letter(incoming, tail)]


def letter(incoming: Incoming, reply: Reply, edits: int | None = None) -> Letter:
    """In a group the answer hangs on the question, so that it is clear whose it is."""
    to_question = not incoming.private and incoming.data is None and edits is None
    return Letter(
        chat_id=incoming.chat_id,
        lane=Lane.STOP if reply.subject is Subject.STOP else Lane.ANSWER,
        text=reply.text,
        buttons=reply.buttons,
        subject=reply.subject,
        subject_id=reply.subject_id,
        edits=edits,
        reply_to=incoming.message_id if to_question else None,
        thread_id=incoming.thread_id,
        silent=reply.silent,
        protected=reply.protected,
        pinned=reply.pinned,
        asks=reply.asks,
        hint=reply.hint,
        wizard=reply.wizard,
        png=reply.picture,
    )
