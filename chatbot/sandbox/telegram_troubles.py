"""What can go wrong between bot and Telegram, ordered up by tests."""

from collections import deque

from chatbot.core.values import frozen
from chatbot.sandbox.telegram_refusals import TelegramRefusal


@frozen
class Trouble:
    """`accepted`: the call is carried out first. Without a `refusal` the answer is lost on the way."""

    refusal: TelegramRefusal | None
    accepted: bool


class Troubles:
    """For each method, what its next calls meet, in order."""

    def __init__(self) -> None:
        self._coming: dict[str, deque[Trouble]] = {}

    def refuse(self, method: str, refusal: TelegramRefusal, *, times: int = 1, accepted: bool = False) -> None:
        self._add(method, Trouble(refusal=refusal, accepted=accepted), times)

    def lose_answer(self, method: str, *, times: int = 1) -> None:
        """The call is carried out, and the connection breaks before the answer."""
        self._add(method, Trouble(refusal=None, accepted=True), times)

    def clear(self) -> None:
        self._coming.clear()

    def next(self, method: str) -> Trouble | None:
        coming = self._coming.get(method)
        return coming.popleft() if coming else None

    def _add(self, method: str, trouble: Trouble, times: int) -> None:
        self._coming.setdefault(method, deque()).extend([trouble] * times)
