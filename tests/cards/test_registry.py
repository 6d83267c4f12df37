"""Every card is shown by tests that exist, or says why not; and the page that tells it is true."""

from tests.cards.registry import _BY_NAME, CARDS, PAGE, all_tests, page, shown_by


def test_every_card_is_there_once_and_in_order() -> None:
    assert list(CARDS) == [f"F{number:02}" for number in range(1, 65)]


def test_every_card_is_shown_by_tests_that_exist_or_says_why_not() -> None:
    known = all_tests()
    for name, card in CARDS.items():
        tests = shown_by(name, known)
        assert tests or card.left_out, name
        assert [test for test in tests if test not in known] == [], name


def test_a_test_that_bears_a_number_bears_one_that_there_is() -> None:
    numbers = {match[1] for test in all_tests() if (match := _BY_NAME.match(test))}
    assert {f"F{number}" for number in numbers} <= set(CARDS)


def test_the_page_tells_what_the_tests_show() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.cards draws it anew"
