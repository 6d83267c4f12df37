import inspect
import re
from datetime import timedelta

from chatbot.core import errors
from chatbot.core.errors import ChatbotError, Killed, OutcomeUnknown, RateLimited, Rejected, Unavailable, UnknownSymbol

_BRANCH = re.compile(r"^ {4}(?P<rail>[│├└─ ]*)(?P<name>[A-Z][A-Za-z]+)( |$)")


def _drawn() -> dict[str, str]:
    """Child to parent, as the drawing at the top of the module has it."""
    above: list[str] = []
    parents = {}
    for line in (errors.__doc__ or "").splitlines():
        branch = _BRANCH.match(line)
        if branch is None:
            continue
        depth = len(branch["rail"]) // 4
        above[depth:] = [branch["name"]]
        parents[branch["name"]] = above[depth - 1] if depth else "Exception"
    return parents


def test_the_drawing_shows_exactly_the_classes_there_are() -> None:
    real = {
        name: value.__bases__[0].__name__
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert _drawn() == real


def test_every_error_is_one_sentence_for_the_person() -> None:
    assert str(Killed("Trading is stopped.")) == "Trading is stopped."
    assert str(RateLimited("KuCoin asks us to wait.", retry_after=timedelta(seconds=3))) == "KuCoin asks us to wait."


def test_an_unknown_symbol_says_its_sentence_and_carries_the_nearest() -> None:
    error = UnknownSymbol("BCT", ("BTC", "BCH"))
    assert (str(error), error.word, error.nearest) == ("No BCT on KuCoin.", "BCT", ("BTC", "BCH"))


def test_what_happened_to_the_money_is_told_by_three_separate_branches() -> None:
    branches = (Unavailable, Rejected, OutcomeUnknown)
    assert not any(issubclass(a, b) for a in branches for b in branches if a is not b)
    assert all(issubclass(branch, ChatbotError) for branch in branches)
