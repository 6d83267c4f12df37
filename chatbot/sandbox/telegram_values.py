"""What a chat is made of: people, chats, buttons, pictures and messages, as frozen values."""

from dataclasses import field
from datetime import datetime
from enum import Enum

from chatbot.core.values import frozen
from chatbot.sandbox.telegram_text import FormattedText


@frozen
class TelegramUser:
    id: int
    first_name: str
    username: str = ""
    is_bot: bool = False


class ChatKind(Enum):
    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"


@frozen
class TelegramChat:
    """A private chat has its person's id, a group a negative one. A `forum` is a group with topics."""

    id: int
    kind: ChatKind
    title: str
    forum: bool = False


class ButtonStyle(Enum):
    DANGER = "danger"
    SUCCESS = "success"
    PRIMARY = "primary"


@frozen
class InlineButton:
    """Exactly one of `data`, `url` and `copies` is not empty."""

    text: str
    data: str = ""
    url: str = ""
    copies: str = ""
    style: ButtonStyle | None = None


Keyboard = tuple[tuple[InlineButton, ...], ...]


@frozen
class Prompt:
    """A forced reply: the phone opens its reply line, with `placeholder` in it."""

    placeholder: str = ""
    selective: bool = False


@frozen
class Picture:
    """`content` is the file as the bot sent it; its size was read from its header."""

    file_id: str
    content: bytes = field(repr=False)
    mime: str
    width: int
    height: int

    @property
    def path(self) -> str:
        return f"photos/{self.file_id}.{self.mime.removeprefix('image/')}"


@frozen
class ChatMessage:
    """One message as Telegram keeps it. `body` is the caption where there is a picture; the message that
    `opens_topic` gives the topic its title and its id."""

    id: int
    chat: TelegramChat
    sender: TelegramUser
    sent_at: datetime
    body: FormattedText = field(default_factory=FormattedText)
    picture: Picture | None = None
    keyboard: Keyboard = ()
    prompt: Prompt | None = None
    replies_to: "ChatMessage | None" = None
    thread_id: int | None = None
    silent: bool = False
    protected: bool = False
    edited_at: datetime | None = None
    reactions: tuple[str, ...] = ()
    forwarded_from: TelegramUser | None = None
    opens_topic: str = ""
    migrate_to: int | None = None
    migrate_from: int | None = None

    @property
    def text(self) -> str:
        return self.body.text


@frozen
class ChatAction:
    """What the bot says it is doing, in the Bot API's word, and in which topic."""

    kind: str
    since: datetime
    thread_id: int | None


@frozen
class BotCommand:
    name: str
    description: str


@frozen
class Tap:
    """A callback query: somebody pressed a button, or a modified client claims so."""

    id: str
    user: TelegramUser
    message: ChatMessage
    data: str
    at: datetime


@frozen
class TapAnswer:
    """What the phone shows after a tap: a toast, a pop-up (`alert`), or nothing (`text` empty)."""

    tap: Tap
    text: str
    alert: bool
