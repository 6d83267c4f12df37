"""What handlers take and give: our own values, none of Telegram's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum, auto

from chatbot.core.notices import Buttons, ButtonStyle, Letter, Subject
from chatbot.core.people import Person, Role
from chatbot.core.values import frozen

RUN = "run"
"""The verb of a button that stands for a typed line: it follows, and is obeyed for whoever taps."""

STEP, DONE, TYPE, QUIT = "step", "done", "type", "quit"
"""The verbs below a wizard's card, for the person whose it is: what a line lacks is asked next, or the line is
obeyed; it is obeyed as it stands; its next piece is typed; nothing is done at all."""


@frozen
class Incoming:
    """One update, as far as the gate needs to know it. `odd` names what keeps it from being a person's own words.

    `data` is the pressed button's, None for a message; `sent_at` is unknown for presses.
    """

    update_id: int
    user_id: int
    user_name: str
    chat_id: int
    private: bool
    thread_id: int | None
    message_id: int
    sent_at: datetime | None
    text: str
    answers: int | None
    callback_id: str
    data: str | None
    odd: str


@frozen
class Message:
    """A command somebody typed: `text` is what follows it. `stepwise`: it was put together piece by piece."""

    person: Person
    chat_id: int
    private: bool
    thread_id: int | None
    message_id: int
    update_id: int
    command: str
    text: str
    stepwise: bool = False


@frozen
class Tap:
    """A pressed button. `card_id` is the letter whose message it stands under, `letter` the one that drew it."""

    person: Person
    chat_id: int
    private: bool
    thread_id: int | None
    update_id: int
    argument: str
    card_id: int
    letter: Letter


@frozen
class Reply:
    """What a handler answers.

    A tap's `toast` shows at the button, as a pop-up when `popup`; its text replaces the card
    when `edit`, else it is a new message; a question that `asks` leaves that to its answer.
    With `subject` the card is drawn when it leaves. `picture` is a PNG, whose caption the text is.
    `then` runs after all of this is committed: what takes time or must not be undone.

    A tap that `runs` a line is answered, instead of all of this, as if the person had typed it.
    """

    text: str = ""
    buttons: Buttons = ()
    edit: bool = False
    toast: str = ""
    popup: bool = False
    subject: Subject | None = None
    subject_id: int = 0
    silent: bool = False
    protected: bool = False
    pinned: bool = False
    asks: str = ""
    hint: str = ""
    picture: bytes = field(default=b"", repr=False)
    wizard: int = 0
    runs: str = ""
    then: Callable[[], Awaitable[None]] | None = None


Then = Callable[[], Awaitable[None]]
Handler = Callable[[Message], Awaitable[Reply]]
TapHandler = Callable[[Tap], Awaitable[Reply]]


class Effect(Enum):
    """What a command may do, and so what happens when it arrives late.

    READ is answered for ten minutes, MONEY comes back as a button, FRESH is refused,
    ALWAYS is done however late.
    """

    READ = auto()
    MONEY = auto()
    FRESH = auto()
    ALWAYS = auto()


@frozen
class Command:
    """`usage` is what follows the name, `example` a whole line that works, `more` what /help says besides."""

    name: str
    role: Role
    effect: Effect
    summary: str
    usage: str
    example: str
    handle: Handler
    more: str = ""


@frozen
class Verb:
    """What a button does. The first word of its action."""

    name: str
    role: Role
    handle: TapHandler


@frozen
class Choice:
    """A button that makes the line so far into `line`. With `whole` nothing more is asked, whatever could be."""

    text: str
    line: str
    whole: bool = False
    style: ButtonStyle | None = None


@frozen
class Question:
    """What a line, `line` so far, lacks next: `text` (HTML) stands above the choices, on one card.

    Typed in answer to `prompt` (HTML), in whose field `hint` stands greyed, it follows `asks`: a line that
    a person could have typed. `at_once` asks for it without a tap on "Other…"; no `prompt`, and nothing is typed.
    """

    text: str
    choices: tuple[tuple[Choice, ...], ...]
    line: str
    asks: str
    prompt: str
    hint: str
    at_once: bool = False


Step = Callable[[Message], Awaitable[Question | str]]
"""What a command lacks, or what follows its name once it lacks nothing. Raises ChatbotError for what cannot be read."""


@frozen
class Dialogue:
    """How the bot asks back: for what a command lacks, by its name, and about words that are no command."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    plain: Handler | None = None
