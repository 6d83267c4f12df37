"""Errors become words here, once: what happened, what was done about it, what the person can do."""

import re

from chatbot.chat.messages import RUN, Message, Reply
from chatbot.chat.views.markup import Html, bold, code, html, lines, short
from chatbot.core.errors import (
    BadCredentials,
    ChatbotError,
    ClockSkew,
    InsufficientBalance,
    NotAllowed,
    OutcomeUnknown,
    OverLimit,
    RateLimited,
    Refused,
    Rejected,
    Unavailable,
    UnknownOrder,
    UnknownSymbol,
    UsageError,
)
from chatbot.core.notices import Button, Buttons

BROKEN = "Something in me broke while answering this. Nothing more was done about it; it is in my log."
_HOW = (html("Example: {}", code("/price BTC")), html("{} lists them.", code("/help")))
COMMANDS_ONLY = lines("I answer commands.", *_HOW)
EXPIRED = "This button no longer works. Type the command again."

_ADVICE: tuple[tuple[type[ChatbotError], str], ...] = (
    (RateLimited, "Nothing was done. I keep to KuCoin's limit; ask again in a moment."),
    (Unavailable, "Nothing was done. Ask again in a moment; /status shows whether KuCoin answers."),
    (BadCredentials, "Nothing was done. The owner can run chatbot check, which tells how to mend the key."),
    (ClockSkew, "Nothing was done. I am reading KuCoin's clock anew; ask again."),
    (OutcomeUnknown, "It may have been done. I have not sent it again; /orders shows what KuCoin has."),
    (InsufficientBalance, "Nothing was done. /balance shows what is where."),
    (UnknownOrder, "Nothing was done. /orders shows what is open."),
    (Rejected, "Nothing was done."),
    (OverLimit, "Nothing was sent. Ask for less: limits are set where I run, never in a chat."),
    (NotAllowed, "Nothing was done. Roles are given where I run, never in a chat."),
)
"""The first that fits; the other refusals say it all in their own sentence."""

_UNKNOWN_NOW = {
    "cancel": "Nothing was cancelled, and what rests there is not known now. Ask again in a moment.",
    "orders": "What rests there is not known now. Ask again in a moment.",
    "positions": "What is open there is not known now. Ask again in a moment.",
}
"""Of these commands "nothing was done" could be read as "there is nothing"."""

_LABEL = 40
"""Characters of a line that a phone shows on a button."""

_SPENT = "code"
"""The command that is no use twice."""

_SENTENCE = 500
"""Characters of an error's own sentence, which may quote what somebody typed."""


def failure(error: ChatbotError, message: Message | None = None, *, aloud: bool = False) -> Reply:
    """`message` is the command that failed: suggestions repeat it with the right symbol. `aloud`: others read it."""
    if isinstance(error, UnknownSymbol):
        return _unknown_symbol(error, message)
    if isinstance(error, UsageError):
        return Reply(text=lines(short(str(error), _SENTENCE), _example(error)))
    heard = aloud or (message is not None and not message.private)
    command = "" if message is None else message.command
    told = lines(bold(short(said(error, aloud=heard), _SENTENCE)), _advice(error, command))
    return Reply(text=told, buttons=_try_again(error, message))


def said(error: ChatbotError, *, aloud: bool) -> str:
    """`aloud`, among others, without amounts of the account."""
    return error.aloud if aloud and isinstance(error, Refused) else str(error)


def meant_as(line: str, sentence: str = "Commands begin with a slash.") -> Reply:
    """What somebody most likely wants, as a button: a line said without its slash, or with its name misspelt."""
    button = Button(text=short(line, _LABEL), action=f"{RUN} {line}")
    return Reply(text=lines(html("{} Did you mean {}?", sentence, code(short(line, _SENTENCE)))), buttons=((button,),))


def no_coin(word: str) -> Reply:
    """One word that is no coin's name, and like none."""
    return Reply(text=lines(f"“{word}” is no coin on KuCoin, and I answer commands.", *_HOW))


def popup(error: ChatbotError) -> str:
    """For a tap: one or two plain sentences."""
    advice = _advice(error)
    return f"{error} {advice}" if advice else str(error)


def meant(error: UnknownSymbol, message: Message) -> tuple[tuple[str, str], ...]:
    """The nearest names, each with the command repeated as it would be with that one."""
    repeated = ((name, _repeated(message.text, error.word, name)) for name in error.nearest)
    return tuple((name, f"/{message.command} {text}") for name, text in repeated)


def _try_again(error: ChatbotError, message: Message | None) -> Buttons:
    """Where provably nothing happened, the same line on a button: on a phone it is not typed twice."""
    if message is None or not isinstance(error, Unavailable) or message.command in ("", _SPENT):
        return ()
    return ((Button(text="Try again", action=f"{RUN} /{message.command} {message.text}".rstrip()),),)


def _advice(error: ChatbotError, command: str = "") -> str | None:
    if isinstance(error, Unavailable) and command in _UNKNOWN_NOW:
        return _UNKNOWN_NOW[command]
    return next((advice for kind, advice in _ADVICE if isinstance(error, kind)), None)


def _example(error: UsageError) -> Html | None:
    return html("Example: {}", code(error.example)) if error.example else None


def _unknown_symbol(error: UnknownSymbol, message: Message | None) -> Reply:
    if not error.nearest:
        line = "price BTC" if message is None else f"{message.command} {_repeated(message.text, error.word, 'BTC')}"
        return Reply(text=lines(str(error), html("Example: {}", code(f"/{line}"))))
    asked = f"{error} Did you mean {', '.join(error.nearest)}?"
    if message is None:
        return Reply(text=lines(asked))
    rows = tuple((Button(text=name, action=f"{RUN} {line}"),) for name, line in meant(error, message))
    return Reply(text=lines(asked), buttons=rows)


def _repeated(text: str, word: str, name: str) -> str:
    """The same line with the misspelt word exchanged where it comes first, also when no space sets it apart."""
    spelt = re.escape(word).replace(r"\-", "[-/]")
    found = re.compile(rf"(?<![\w/-]){spelt}(?![\w/])", re.ASCII | re.IGNORECASE)
    return found.sub(name, " ".join(text.split()), count=1)
