"""One person's side of a chat: writing, tapping, editing, forwarding, blocking.

Used by tests and by the page alike; whatever a modified client could do is possible here.
"""

from dataclasses import replace

from chatbot.sandbox.telegram_chats import Room
from chatbot.sandbox.telegram_json import JsonObject, chat_json, message_json, tap_json, unix, user_json
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_text import FormattedText, settled
from chatbot.sandbox.telegram_updates import UpdateKind
from chatbot.sandbox.telegram_values import ChatKind, ChatMessage, Tap, TapAnswer, TelegramUser


class Phone:
    """`chat_id` names a group the person is in; without it the private chat with the bot."""

    def __init__(self, server: TelegramServer, user: TelegramUser, chat_id: int | None = None) -> None:
        self.user = user
        self._server = server
        self._private = server.chats.meet(user)
        self.chat_id = user.id if chat_id is None else chat_id

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        return self._server.messages(self.chat_id)

    @property
    def answers(self) -> tuple[TapAnswer, ...]:
        """The toasts and pop-ups this person was shown, oldest first."""
        return tuple(answer for answer in self._server.answers if answer.tap.user.id == self.user.id)

    def write(self, text: str, *, replies_to: int | None = None, thread_id: int | None = None) -> ChatMessage:
        return self._post(self._new(text, replies_to=replies_to, thread_id=thread_id))

    def forward(self, text: str, author: TelegramUser) -> ChatMessage:
        """Somebody else's words, passed on by this person."""
        return self._post(replace(self._new(text), forwarded_from=author))

    def edit(self, message_id: int, text: str) -> ChatMessage:
        message = self._room.messages[message_id]
        body = settled(FormattedText(text=text))
        edited = self._server.chats.keep(replace(message, body=body, edited_at=self._server.now()))
        self._tell(UpdateKind.EDITED_MESSAGE, message_json(edited))
        return edited

    def tap(self, message_id: int, data: str) -> Tap:
        """Any data may be sent, also such that no button carries."""
        tap = self._server.tap(self.user, self._room.messages[message_id], data)
        self._tell(UpdateKind.CALLBACK_QUERY, tap_json(tap))
        return tap

    def press(self, label: str) -> Tap:
        """Taps the newest button whose text begins with `label`. Raises LookupError where there is none."""
        for message in reversed(self.messages):
            for row in message.keyboard:
                for button in row:
                    if button.data and button.text.startswith(label):
                        return self.tap(message.id, button.data)
        raise LookupError(f"no button begins with {label!r}")

    def block(self) -> None:
        self._membership(blocked=True)

    def unblock(self) -> None:
        self._membership(blocked=False)

    @property
    def _room(self) -> Room:
        return self._server.chats.room(self.chat_id)

    def _new(self, text: str, *, replies_to: int | None = None, thread_id: int | None = None) -> ChatMessage:
        room = self._room
        return ChatMessage(
            id=self._server.chats.next_message_id(),
            chat=room.chat,
            sender=self.user,
            sent_at=self._server.now(),
            body=settled(FormattedText(text=text)),
            replies_to=room.opening(thread_id) if replies_to is None else room.messages.get(replies_to),
            thread_id=thread_id,
        )

    def _post(self, message: ChatMessage) -> ChatMessage:
        if message.chat.kind is ChatKind.PRIVATE:
            self._private.bot_present = True
        self._server.chats.keep(message)
        if self._reaches_bot(message):
            self._tell(UpdateKind.MESSAGE, message_json(message))
        self._server.bell.ring()
        return message

    def _reaches_bot(self, message: ChatMessage) -> bool:
        """Privacy mode, the default: of a group's talk a bot hears only commands and replies to itself."""
        if message.chat.kind is ChatKind.PRIVATE:
            return not self._room.blocked
        bot = self._server.bot
        command, _, addressee = message.text.split(maxsplit=1)[0].partition("@") if message.text else ("", "", "")
        if command.startswith("/"):
            return addressee.lower() in {"", bot.username.lower()}
        return message.replies_to is not None and message.replies_to.sender.id == bot.id

    def _membership(self, *, blocked: bool) -> None:
        room = self._private
        before, room.blocked = room.blocked, blocked
        change: JsonObject = {
            "chat": chat_json(room.chat),
            "from": user_json(self.user),
            "date": unix(self._server.now()),
            "old_chat_member": _bot_member(self._server.bot, blocked=before),
            "new_chat_member": _bot_member(self._server.bot, blocked=blocked),
        }
        self._tell(UpdateKind.MY_CHAT_MEMBER, change)

    def _tell(self, kind: UpdateKind, content: JsonObject) -> None:
        self._server.updates.put(kind, content)
        self._server.bell.ring()


def _bot_member(bot: TelegramUser, *, blocked: bool) -> JsonObject:
    if blocked:
        return {"user": user_json(bot), "status": "kicked", "until_date": 0}
    return {"user": user_json(bot), "status": "member"}
