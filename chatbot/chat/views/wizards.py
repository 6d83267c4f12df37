"""The cards and questions by which a command is put together."""

from collections.abc import Iterable
from html import escape

from chatbot.chat.messages import DONE, QUIT, RUN, STEP, TYPE, Choice, Command, Question, Reply
from chatbot.chat.views.markup import Html, code, example, html, lines, short
from chatbot.core.errors import ChatbotError, Refused, UnknownSymbol, UsageError
from chatbot.core.notices import Button
from chatbot.core.wizards import Wizard

RAN_OUT = "This ran out of time; nothing was done."

_LABEL = 40


def card(question: Question) -> Reply:
    rows = tuple(tuple(_button(choice) for choice in row) for row in question.choices)
    last = [Button(text="Cancel", action=f"{QUIT} {question.line}")]
    if question.prompt and not question.at_once:
        last.insert(0, Button(text="Other…", action=f"{TYPE} {question.line}"))
    return Reply(text=question.text, buttons=(*rows, tuple(last)))


def prompt(question: Question, asked: Wizard | None) -> Reply:
    """`asked`: whom it names, in a group."""
    return Reply(text=_to(asked, question.prompt), asks=question.asks, hint=question.hint)


def once_more(error: ChatbotError, missed: Wizard, asked: Wizard | None) -> Reply:
    """The same question with what was wrong: the example is the piece that is wanted."""
    whole = error.example if isinstance(error, UsageError) else ""
    piece = whole.removeprefix(f"{missed.asks} ") if whole.startswith(f"{missed.asks} ") else missed.hint
    wrong = error.aloud if asked is not None and isinstance(error, Refused) else str(error)
    return Reply(text=_to(asked, lines(wrong, example(piece))), asks=missed.asks, hint=missed.hint)


def did_you_mean(error: UnknownSymbol, meant: Iterable[tuple[str, str]], missed: Wizard) -> Question:
    """`meant` are names and the lines they make."""
    row = tuple(Choice(text=name, line=line) for name, line in meant)
    return Question(
        text=lines(f"{error} Did you mean {', '.join(choice.text for choice in row)}?"),
        choices=(row,),
        line=missed.asks,
        asks=missed.asks,
        prompt=lines(str(error)),
        hint=missed.hint,
    )


def stepped_aside(failed: Reply, line: str) -> Reply:
    """Twice is enough: how the whole is typed, and whatever helps of the failure itself."""
    return Reply(text=lines(Html(failed.text), html("In one line: {}", code(line))), buttons=failed.buttons)


def again(failed: Reply, line: str) -> Reply:
    """What was typed is not lost."""
    return Reply(text=failed.text, buttons=((Button(text="Try again", action=f"{RUN} {line}"),),))


def too_late(line: str, typed: str) -> Reply:
    """An answer to a question that nobody asks any more."""
    on = Button(text=short(f"Go on with {' '.join(typed.split())}", _LABEL), action=f"{RUN} {line}")
    return Reply(text=lines("That question had run out, and nothing was done. Shall I go on?"), buttons=((on,),))


def ran_out(command: Command | None) -> Reply:
    return Reply(text=lines(RAN_OUT, example(command.example) if command is not None else None))


def only(name: str) -> str:
    """For a pop-up."""
    return short(f"Only {name} can use these buttons.", 200)


def not_yours(name: str) -> Reply:
    return Reply(text=lines(f"Only {name} can answer that. Type the command yourself, and I ask you."))


def _button(choice: Choice) -> Button:
    verb = DONE if choice.whole else STEP
    return Button(text=choice.text, action=f"{verb} {choice.line}", style=choice.style)


def _to(asked: Wizard | None, text: str) -> Html:
    if asked is None:
        return Html(text)
    name = Html(f'<a href="tg://user?id={asked.person_id}">{escape(asked.person, quote=False)}</a>')
    return html("{}: {}", name, Html(text))
