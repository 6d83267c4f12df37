import asyncio

import pytest

from chatbot.core.errors import Rejected
from chatbot.kucoin.together import together


async def number(value: int, after: asyncio.Event | None = None) -> int:
    if after is not None:
        await after.wait()
    if value < 0:
        raise Rejected(f"no {value}")
    return value


def test_answers_keep_the_order_of_the_questions_whichever_comes_first() -> None:
    async def main() -> list[int]:
        last = asyncio.Event()

        async def opens() -> int:
            last.set()
            return 2

        return await together((number(1, last), opens(), number(3)))

    assert asyncio.run(main()) == [1, 2, 3]


def test_the_first_failure_is_raised_as_itself_and_ends_the_others() -> None:
    never = asyncio.Event()
    with pytest.raises(Rejected, match="no -1"):
        asyncio.run(together((number(1, never), together((number(-1), number(2, never))))))


def test_no_question_no_answer() -> None:
    assert asyncio.run(together(())) == []


def test_an_error_that_is_not_the_exchanges_stays_a_group() -> None:
    async def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        asyncio.run(together((broken(), number(1))))
