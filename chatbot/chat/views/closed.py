"""What owners read when a chat takes no more messages from the bot."""

from collections.abc import Collection
from dataclasses import replace

from chatbot.chat.views.markup import Html, code, html, lines
from chatbot.core.notices import Lane, Letter
from chatbot.core.preferences import Kind

_REASONS = (
    ("blocked", "{} has blocked me."),
    ("deactivated", "{} has closed their Telegram account."),
    ("kicked", "I was put out of the group {}."),
    ("not a member", "I was put out of the group {}."),
    ("initiate", "{} has never written to me, so I may not write first."),
    ("chat not found", "{} has never written to me, so I may not write first."),
)


def chat_closed(chat_id: int, reason: str, waiting: int) -> Html:
    """`reason` is Telegram's sentence."""
    known = (words for sign, words in _REASONS if sign in reason.lower())
    what = html(next(known, "I may no longer write to {}."), code(chat_id))
    messages = "1 message waits and leaves" if waiting == 1 else f"{waiting} messages wait and leave"
    return lines(what, f"{messages} when I hear from there.")


def notices(owners: Collection[int], chat_id: int, reason: str, waiting: int) -> list[Letter]:
    """One for every owner who can still be told."""
    text = chat_closed(chat_id, reason, waiting)
    letter = Letter(chat_id=chat_id, lane=Lane.REPORT, text=text, kind=Kind.SYSTEM)
    return [replace(letter, chat_id=owner) for owner in sorted(owners) if owner != chat_id]
