"""Errors as people read them: what happened, what was done, what they can do."""

from datetime import timedelta

import pytest
from hypothesis import given

from chatbot.chat import words
from chatbot.chat.messages import Message
from chatbot.core import errors
from chatbot.core.errors import ChatbotError, OutcomeUnknown, RateLimited, UnknownSymbol, UsageError
from tests.chat.desk import CARA
from tests.chat.shown import actions, hostile, in_view, labels, shown

PAUSE = timedelta(seconds=3)


def _made(kind: type[ChatbotError]) -> ChatbotError:
    if kind is RateLimited:
        return RateLimited("It broke.", code="429000", retry_after=PAUSE)
    if kind is UnknownSymbol:
        return UnknownSymbol("BCT", ("BTC", "BCH"))
    if kind is UsageError:
        return UsageError("It broke.", example="/price BTC")
    return kind("It broke.")


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ChatbotError)]
SPEAK_FOR_THEMSELVES = {errors.ChatbotError, errors.Refused, errors.Killed, errors.TicketGone, errors.KucoinError}
"""Their sentences say what was not done and what can be; two are never raised themselves."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_becomes_its_sentence_and_advice(kind: type[ChatbotError]) -> None:
    text = shown(words.failure(_made(kind)))
    first, _, advice = text.partition("\n")
    assert first.startswith("It broke." if kind is not UnknownSymbol else "No BCT on KuCoin.")
    assert bool(advice) == (kind not in SPEAK_FOR_THEMSELVES | {UnknownSymbol})
    assert kind.__name__ not in text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_pop_up_says_the_same_in_a_line_that_telegram_takes(kind: type[ChatbotError]) -> None:
    assert words.popup(_made(kind)).startswith(str(_made(kind)))
    assert len(words.popup(_made(kind))) <= 200


def test_only_a_doubtful_outcome_may_have_been_done() -> None:
    for kind in KINDS:
        text = shown(words.failure(_made(kind)))
        assert ("It may have been done" in text) == (kind is OutcomeUnknown)
        assert "Nothing" not in text or kind is not OutcomeUnknown


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if issubclass(k, errors.KucoinError)], ids=lambda kind: kind.__name__
)
def test_no_code_stands_without_words(kind: type[errors.KucoinError]) -> None:
    coded = RateLimited("x", code="429000", retry_after=PAUSE) if kind is RateLimited else kind("x", code="429000")
    assert "429000" not in shown(words.failure(coded))


def _message(text: str) -> Message:
    return Message(
        person=CARA, chat_id=1, private=True, thread_id=None, message_id=1, update_id=1, command="buy", text=text
    )


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("bct 100usdt @ 7", "run /buy BTC 100usdt @ 7"),
        ("BCT 1", "run /buy BTC 1"),
        ("  bct   1 ", "run /buy BTC 1"),
        ("eth bct", "run /buy eth BTC"),
        ("bct>68000", "run /buy BTC>68000"),
        ("funding bct-3% 15m note bct it is", "run /buy funding BTC-3% 15m note bct it is"),
        ("abct bctx bct 1", "run /buy abct bctx BTC 1"),
    ],
)
def test_a_misspelt_symbol_is_asked_again_by_one_tap(text: str, again: str) -> None:
    reply = words.failure(UnknownSymbol("BCT", ("BTC", "BCH")), _message(text))
    assert shown(reply) == "No BCT on KuCoin. Did you mean BTC, BCH?"
    assert labels(reply) == ["BTC", "BCH"]
    assert actions(reply)[0] == again


def test_a_misspelt_pair_is_found_in_the_line_however_it_was_written() -> None:
    reply = words.failure(UnknownSymbol("BCT-USDT", ("BTC-USDT",)), _message("bct/usdt 100usdt"))
    assert actions(reply) == ["run /buy BTC-USDT 100usdt"]


def test_a_symbol_like_nothing_gets_an_example() -> None:
    assert shown(words.failure(UnknownSymbol("QQQQ", ()), _message("qqqq 100usdt"))) == (
        "No QQQQ on KuCoin.\nExample: /buy BTC 100usdt"
    )


@given(sentence=hostile.filter(str.strip), example=hostile)
def test_whatever_an_error_quotes_is_never_markup(sentence: str, example: str) -> None:
    text = shown(words.failure(UsageError(sentence, example=example)))
    assert in_view(sentence).strip() in text
    shown(words.failure(errors.Refused(sentence)))


def test_an_error_that_quotes_a_whole_message_is_cut() -> None:
    assert len(shown(words.failure(errors.Refused("No open order " + "<" * 4000)))) <= 500


def test_the_fixed_sentences_say_what_to_do() -> None:
    assert "Type the command again" in words.EXPIRED
    assert "/help" in words.COMMANDS_ONLY
    assert "in my log" in words.BROKEN
    assert max(len(words.EXPIRED), len(words.BROKEN)) <= 200


def _asked(command: str, text: str = "") -> Message:
    return Message(
        person=CARA,
        chat_id=CARA.id,
        private=True,
        thread_id=None,
        message_id=1,
        update_id=1,
        command=command,
        text=text,
    )


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        ("cancel", "Nothing was cancelled, and what rests there is not known now."),
        ("orders", "What rests there is not known now."),
        ("positions", "What is open there is not known now."),
        ("price", "Nothing was done."),
    ],
)
def test_what_could_not_be_read_is_said_to_be_unknown_not_to_be_nothing(command: str, advice: str) -> None:
    reply = words.failure(errors.Unavailable("KuCoin does not answer (503)."), _asked(command, "all"))
    assert shown(reply).startswith(f"KuCoin does not answer (503).\n{advice}")
    assert actions(reply) == [f"run /{command} all"]
    assert labels(reply) == ["Try again"]


def test_a_line_is_offered_again_only_where_provably_nothing_happened() -> None:
    for kind in KINDS:
        safe = issubclass(kind, errors.Unavailable)
        assert ("Try again" in labels(words.failure(_made(kind), _asked("price", "BTC")))) == safe
    assert labels(words.failure(errors.Unavailable("x"), _asked("code", "T-1 123456"))) == []
