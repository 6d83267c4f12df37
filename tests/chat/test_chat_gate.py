"""The gate: who gets in, from where, and with what. Whatever is not listed here stays out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.gate import Gate, Verdict
from chatbot.chat.messages import Incoming
from chatbot.core.people import Person, Role
from tests.chat.desk import ANNA, BEN, CARA, FOREIGN_GROUP, GROUP, MALLORY, incoming

ROLES = {person.id: person.role for person in (ANNA, BEN, CARA)}
GATE = Gate(role_of=ROLES.get, groups=frozenset({GROUP}))
LISTED = [ANNA, BEN, CARA]
TYPED, TAPPED = incoming(1, ANNA, text="/price"), incoming(1, ANNA, data="key:0")
ODDITIES = ["forwarded", "edited", "via another bot", "in the name of a chat", "from a bot", "no text", "no message"]


def _from(update: Incoming, person: Person, chat: int, *, private: bool) -> Incoming:
    return replace(update, user_id=person.id, user_name=person.name, chat_id=chat, private=private)


@pytest.mark.parametrize("update", [TYPED, TAPPED], ids=["typed", "tapped"])
@pytest.mark.parametrize("person", [*LISTED, MALLORY], ids=lambda person: person.name)
@pytest.mark.parametrize(
    ("chat", "private", "open_to_listed"),
    [
        ("own", True, True),
        (GROUP, False, True),
        (FOREIGN_GROUP, False, False),
        (ANNA.id + 1000, True, False),
        (GROUP, True, True),
        (0, False, False),
        (0, True, False),
    ],
    ids=["own chat", "listed group", "other group", "somebody's chat", "listed id", "no chat", "no private chat"],
)
def test_the_matrix_of_people_and_places(
    update: Incoming, person: Person, chat: int | str, *, private: bool, open_to_listed: bool
) -> None:
    asked = _from(update, person, person.id if chat == "own" else int(chat), private=private)
    if person in LISTED:
        expected = Verdict.ADMITTED if open_to_listed else Verdict.DROPPED
    else:
        expected = Verdict.STRANGER if chat == "own" else Verdict.DROPPED
    assert GATE.judge(asked) is expected


@pytest.mark.parametrize("update", [TYPED, TAPPED], ids=["typed", "tapped"])
@pytest.mark.parametrize("person", [*LISTED, MALLORY], ids=lambda person: person.name)
@pytest.mark.parametrize("odd", ODDITIES)
def test_what_is_not_somebodys_own_words_is_dropped_from_everybody(update: Incoming, person: Person, odd: str) -> None:
    for chat, private in ((person.id, True), (GROUP, False)):
        asked = replace(_from(update, person, chat, private=private), odd=odd)
        assert GATE.judge(asked) is Verdict.DROPPED


@given(user=st.integers(), chat=st.integers(), private=st.booleans(), name=st.text(max_size=20))
def test_nobody_gets_in_without_a_listed_id(user: int, chat: int, name: str, *, private: bool) -> None:
    asked = replace(TYPED, user_id=user, user_name=name, chat_id=chat, private=private)
    if GATE.judge(asked) is Verdict.ADMITTED:
        assert user in ROLES
        assert chat in (user, GROUP)


def test_a_borrowed_name_opens_nothing() -> None:
    assert GATE.judge(replace(TYPED, user_id=MALLORY.id, chat_id=MALLORY.id, user_name="Anna")) is Verdict.STRANGER


def test_an_empty_list_admits_nobody() -> None:
    nobody: dict[int, Role] = {}
    empty = Gate(role_of=nobody.get, groups=frozenset())
    assert [empty.judge(_from(TYPED, p, p.id, private=True)) for p in LISTED] == [Verdict.STRANGER] * 3


@pytest.mark.parametrize("person", LISTED, ids=lambda person: person.name)
def test_a_person_has_the_role_of_the_settings(person: Person) -> None:
    assert GATE.person(_from(TYPED, person, person.id, private=True)) == person


def test_nobody_else_becomes_a_person() -> None:
    with pytest.raises(LookupError):
        GATE.person(_from(TYPED, MALLORY, MALLORY.id, private=True))


def test_the_roles_stand_in_order() -> None:
    assert Role.VIEWER < Role.TRADER < Role.OWNER


@pytest.mark.parametrize(
    ("chat", "reached"),
    [*((person.id, True) for person in LISTED), (MALLORY.id, False), (GROUP, True), (FOREIGN_GROUP, False), (0, False)],
)
def test_letters_reach_people_on_the_list_and_groups_that_are_let_in(chat: int, *, reached: bool) -> None:
    assert GATE.reaches(chat) is reached


@given(st.integers())
def test_whoever_is_answered_can_be_written_to(chat: int) -> None:
    asking = [_from(TYPED, person, chat, private=private) for person in LISTED for private in (True, False)]
    admitted = [one for one in asking if GATE.judge(one) is Verdict.ADMITTED]
    assert GATE.reaches(chat) or not admitted
