"""Independent questions asked at once."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from chatbot.core.errors import KucoinError

T = TypeVar("T")


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers, in order. The first failure ends the others and is raised as it is, not in a group."""
    failure: KucoinError | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except* KucoinError as failed:
        failure = _first(failed)
    if failure is not None:
        raise failure
    return [task.result() for task in tasks]


def _first(group: BaseExceptionGroup[KucoinError]) -> KucoinError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
