"""How a letter stands in its row of the outbox."""

import json
import secrets
from typing import Any

from chatbot.core.notices import Button, Buttons, ButtonStyle, Lane, Letter, LetterState, Subject
from chatbot.core.preferences import Kind

PUT = (
    "INSERT INTO outbox (key, dedupe, lane, chat_id, thread_id, text, buttons, subject, subject_id, edits,"
    " follows, reply_to, silent, protected, pinned, asks, hint, wizard, picture, kind, state, made_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def new_key() -> str:
    """Stands under a button; nobody can guess another letter's."""
    return secrets.token_urlsafe(16)


def to_put(
    letter: Letter, *, key: str, state: LetterState, made_at: str, dedupe: str | None = None
) -> tuple[str | int | None, ...]:
    return (
        key, dedupe, int(letter.lane), letter.chat_id, letter.thread_id, letter.text,
        buttons_json(letter.buttons), letter.subject.value if letter.subject else None, letter.subject_id,
        letter.edits, letter.follows, letter.reply_to, letter.silent, letter.protected, letter.pinned,
        letter.asks, letter.hint, letter.wizard, letter.picture, letter.kind.value if letter.kind else None,
        state.value, made_at,
    )  # fmt: skip


def letter_of(row: dict[str, Any]) -> Letter:
    return Letter(
        id=row["id"],
        key=row["key"],
        lane=Lane(row["lane"]),
        chat_id=row["chat_id"],
        thread_id=row["thread_id"],
        text=row["text"],
        buttons=_from_json(row["buttons"]),
        subject=Subject(row["subject"]) if row["subject"] else None,
        subject_id=row["subject_id"],
        edits=row["edits"],
        follows=row["follows"],
        reply_to=row["reply_to"],
        silent=bool(row["silent"]),
        protected=bool(row["protected"]),
        pinned=bool(row["pinned"]),
        asks=row["asks"],
        hint=row["hint"],
        wizard=row["wizard"],
        picture=row["picture"],
        kind=Kind(row["kind"]) if row["kind"] else None,
        message_id=row["message_id"],
        state=LetterState(row["state"]),
        attempts=row["attempts"],
        repeat=bool(row["repeat"]),
    )


def buttons_json(buttons: Buttons) -> str:
    if not buttons:
        return "[]"
    return json.dumps([[[b.text, b.action, b.style.value if b.style else None] for b in row] for row in buttons])


def _from_json(text: str) -> Buttons:
    return tuple(
        tuple(Button(text=t, action=a, style=ButtonStyle(s) if s else None) for t, a, s in row)
        for row in json.loads(text)
    )
