"""A frozen value is a dataclass like the library's own, only made sooner."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from decimal import Decimal

import pytest

from chatbot.core.values import frozen


@frozen
class Ours:
    level: Decimal
    words: str = "as it comes"
    seen: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="hush", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    level: Decimal
    words: str = "as it comes"
    seen: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="hush", repr=False)


@frozen
class Named:
    """Says what it is."""

    name: str


@frozen
class Alike:
    name: str


@frozen
class Empty:
    pass


@frozen
class Doubled:
    half: int
    whole: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", 2 * self.half)


ONE, TEN = Decimal(1), Decimal("1.0")


def test_two_values_are_equal_and_hash_alike_when_what_is_compared_is() -> None:
    assert Ours(level=ONE, seen=["a"]) == Ours(level=TEN, seen=["b"])
    assert len({Ours(level=ONE), Ours(level=TEN), Named(name="x"), Named(name="x"), Empty(), Empty()}) == 3
    assert Ours(level=ONE) != Ours(level=ONE, secret="told")
    assert Named(name="x") != Named(name="y")


def test_values_of_two_kinds_are_never_equal() -> None:
    pair: tuple[object, object] = (Named(name="x"), Alike(name="x"))
    assert pair[0] != pair[1]
    assert Named(name="x").__eq__("x") is NotImplemented


def test_the_words_are_the_librarys() -> None:
    ours, theirs = Ours(level=ONE, seen=["a"]), Theirs(level=ONE, seen=["a"])
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert "hush" not in repr(ours)
    assert repr(Empty()) == "Empty()"
    assert repr(Named(name="x")) == "Named(name='x')"


def test_a_value_cannot_be_changed_and_holds_nothing_else() -> None:
    value = Ours(level=ONE)
    with pytest.raises(FrozenInstanceError):
        value.words = "others"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del value.words
    assert not hasattr(value, "__dict__")


def test_a_value_is_given_by_keyword() -> None:
    with pytest.raises(TypeError):
        Named("x")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Named()  # type: ignore[call-arg]


def test_a_changed_copy_is_another_value() -> None:
    assert Ours(level=ONE).words == "as it comes"
    first = Ours(level=ONE, seen=["a"])
    second = replace(first, words="others")
    assert (second.words, second.seen, first.words) == ("others", ["a"], "as it comes")
    assert Ours(level=ONE).seen is not Ours(level=ONE).seen


def test_a_value_travels_to_another_process_and_back() -> None:
    value = Ours(level=ONE, seen=["a"])
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own
    assert copy.deepcopy(value).seen == ["a"]


def test_an_unpacked_value_cannot_be_changed_either() -> None:
    copied = copy.copy(Ours(level=ONE))
    with pytest.raises(FrozenInstanceError):
        copied.level = TEN  # type: ignore[misc]


def test_a_default_that_is_made_is_made_anew_and_can_be_given() -> None:
    one, other, given = Ours(level=ONE), Ours(level=ONE), ["a"]
    one.seen.append("b")
    assert other.seen == []
    assert Ours(level=ONE, seen=given).seen is given


def test_what_follows_from_the_rest_is_set_once() -> None:
    assert Doubled(half=2).whole == 4
    assert replace(Doubled(half=2), half=3) == Doubled(half=3)


def test_words_of_its_own_stay() -> None:
    assert Named.__doc__ == "Says what it is."
