"""The sandbox's Telegram as one object: what the bot's side, the phones and the page share."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import TypeVar

from chatbot.core.times import Now, utc_now
from chatbot.core.values import frozen
from chatbot.sandbox.bell import Bell
from chatbot.sandbox.telegram_chats import Chats
from chatbot.sandbox.telegram_commands import CommandLists
from chatbot.sandbox.telegram_limits import Flood, FloodLimits
from chatbot.sandbox.telegram_pictures import Pictures
from chatbot.sandbox.telegram_refusals import bad_request
from chatbot.sandbox.telegram_troubles import Troubles
from chatbot.sandbox.telegram_updates import UpdateQueue
from chatbot.sandbox.telegram_values import ChatMessage, Tap, TapAnswer, TelegramUser

TAP_LIVES = timedelta(minutes=15)
"""How long a tap can be answered. Undocumented; the real server has been seen to give up much sooner."""

CALLS_KEPT = 10_000

T = TypeVar("T")


@frozen
class Call:
    """One call of the bot and how it ended: 200, or the code it was refused with."""

    method: str
    fields: Mapping[str, object] = field(repr=False)
    code: int
    at: datetime


class TelegramServer:
    """`token` is the only one accepted, until it is revoked. `now` dates messages and drives every limit."""

    def __init__(
        self,
        *,
        token: str,
        bot: TelegramUser,
        now: Now = utc_now,
        limits: FloodLimits | None = None,
        first_update_id: int = 1,
    ) -> None:
        self.bot = bot
        self.now = now
        self.token: str | None = token
        self.webhook = ""
        self.chats = Chats()
        self.updates = UpdateQueue(now, first_id=first_update_id)
        self.flood = Flood(limits or FloodLimits(), now)
        self.pictures = Pictures()
        self.commands = CommandLists()
        self.troubles = Troubles()
        self.bell = Bell()
        self.answers: list[TapAnswer] = []
        self.polls = 0
        self._taps: dict[str, Tap] = {}
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)

    def revoke_token(self) -> None:
        """As BotFather does it: every call is answered 401 from now on."""
        self.token = None
        self.bell.ring()

    def messages(self, chat_id: int) -> tuple[ChatMessage, ...]:
        """What the chat shows now, oldest first. Raises `TelegramRefusal` for an unknown chat."""
        return tuple(self.chats.room(chat_id).messages.values())

    def calls(self, method: str) -> tuple[Call, ...]:
        """The latest calls of `method`, refused ones included."""
        return tuple(call for call in self._calls if call.method == method)

    def record(self, call: Call) -> None:
        self._calls.append(call)
        self.bell.ring()

    async def until(self, look: Callable[[], T | None], within: float = 5.0) -> T:
        """What `look` sees, as soon as it sees something. Raises TimeoutError after `within` real seconds."""
        return await self.bell.until(look, within)

    def tap(self, user: TelegramUser, message: ChatMessage, data: str) -> Tap:
        """Remembers a tap so that it can be answered; the update is queued by the phone."""
        tap = Tap(id=str(10**15 + len(self._taps)), user=user, message=message, data=data, at=self.now())
        self._taps[tap.id] = tap
        return tap

    def answer_tap(self, tap_id: str, text: str, *, alert: bool) -> None:
        """Raises `TelegramRefusal` (400) for an unknown tap or one that waited too long."""
        tap = self._taps.get(tap_id)
        if tap is None or self.now() - tap.at > TAP_LIVES:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self.answers.append(TapAnswer(tap=tap, text=text, alert=alert))
