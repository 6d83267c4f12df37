"""What the bot says: letters, how urgent each is, and the buttons under it."""

from dataclasses import field, replace
from enum import Enum, IntEnum

from chatbot.core.preferences import Kind
from chatbot.core.values import frozen


class Lane(IntEnum):
    """What waits leaves in this order, oldest first within a lane.

    Rows keep these numbers, and ANSWER had 0 when a kill's cards got a lane of their own before it.
    """

    STOP = -1
    ANSWER = 0
    ORDER = 1
    ALERT = 2
    REPORT = 3


class ButtonStyle(Enum):
    SUCCESS = "success"
    DANGER = "danger"
    PRIMARY = "primary"


@frozen
class Button:
    """`action` is what a tap does: a verb and, after a space, its argument.

    It stays in our row; the phone only ever holds that row's random key and the button's place.
    """

    text: str
    action: str
    style: ButtonStyle | None = None


Buttons = tuple[tuple[Button, ...], ...]
"""Rows of buttons, as they stand under a message."""


class Subject(Enum):
    """What a letter is drawn from at the moment it leaves, so that it always tells the latest.

    APPROVAL is a ticket as whoever may agree to it sees it, OUTCOME as those do who only hear of it.
    """

    TICKET = "ticket"
    APPROVAL = "approval"
    OUTCOME = "outcome"
    STOP = "stop"
    ALERT = "alert"


class LetterState(Enum):
    """SENDING found at a start means the acknowledgement was lost: it leaves again, marked as a repeat.

    HELD is kept for a chat that is closed to us, until it opens again; QUIET for its reader's morning.
    """

    PENDING = "pending"
    HELD = "held"
    QUIET = "quiet"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


@frozen
class Letter:
    """A message on its way to a chat, or an edit of the one that letter `edits` sent.

    Either `text` (HTML) and `buttons` are given, or `subject` and `subject_id` say what to draw.
    `reply_to` is a Telegram message id, `follows` the id of a letter to reply to. When `asks` is
    set, an answer to this message is read as if it followed that command; `hint` stands greyed
    in the person's input field. `wizard` is the number of the one whose step this shows. `kind` is what
    its reader's preferences are asked about, None for answers. `png` is a picture on its way into the
    outbox, which keeps it as its number `picture`; the text of a message with a picture is its caption.
    """

    chat_id: int
    lane: Lane
    text: str = ""
    buttons: Buttons = ()
    subject: Subject | None = None
    subject_id: int = 0
    edits: int | None = None
    follows: int | None = None
    reply_to: int | None = None
    thread_id: int | None = None
    silent: bool = False
    protected: bool = False
    pinned: bool = False
    asks: str = ""
    hint: str = ""
    wizard: int = 0
    png: bytes = field(default=b"", repr=False)
    picture: int | None = None
    kind: Kind | None = None
    id: int = 0
    key: str = ""
    message_id: int | None = None
    state: LetterState = LetterState.PENDING
    attempts: int = 0
    repeat: bool = False

    def drawn(self, text: str, buttons: Buttons, *, pinned: bool) -> "Letter":
        """The same letter with what its subject looks like now."""
        return replace(self, text=text, buttons=buttons, pinned=pinned)
