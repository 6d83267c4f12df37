"""One parcel becomes one message, or an edit of one: words, or a picture with a caption."""

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)

from chatbot.chat.parcels import Parcel, keys
from chatbot.core.notices import Letter
from chatbot.store.mail import Outbox

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NAME = "chart.png"


class Posting:
    """Every method raises TelegramError."""

    def __init__(self, bot: Bot, outbox: Outbox) -> None:
        self._bot = bot
        self._outbox = outbox

    async def send(self, parcel: Parcel) -> Message | None:
        """The new message; None for an edit. What would edit a message that never arrived is a new one."""
        letter = parcel.letter
        png = None if letter.picture is None else self._outbox.pictures.png(letter.picture)
        root = None if letter.edits is None else self._outbox.letter(letter.edits)
        if root is None or root.message_id is None:
            return await (self._words(parcel) if png is None else self._picture(parcel.captioned(), png))
        if png is not None:
            await self._exchange(parcel.captioned(), root.message_id, png)
        elif root.picture is not None:
            await self._caption(parcel.captioned(), root.message_id)
        else:
            await self._rewrite(parcel, root.message_id)
        return None

    async def _words(self, parcel: Parcel) -> Message:
        letter = parcel.letter
        return await self._bot.send_message(
            letter.chat_id,
            parcel.text,
            parse_mode=parcel.parse_mode,
            message_thread_id=letter.thread_id,
            reply_markup=_markup(letter),
            reply_parameters=self._reply_to(letter),
            disable_notification=letter.silent,
            protect_content=letter.protected,
            link_preview_options=_NO_PREVIEW,
        )

    async def _picture(self, parcel: Parcel, png: bytes) -> Message:
        letter = parcel.letter
        return await self._bot.send_photo(
            letter.chat_id,
            png,
            caption=parcel.text,
            parse_mode=parcel.parse_mode,
            message_thread_id=letter.thread_id,
            reply_markup=_markup(letter),
            reply_parameters=self._reply_to(letter),
            disable_notification=letter.silent,
            protect_content=letter.protected,
            filename=_NAME,
        )

    async def _rewrite(self, parcel: Parcel, message_id: int) -> None:
        await self._bot.edit_message_text(
            parcel.text,
            chat_id=parcel.letter.chat_id,
            message_id=message_id,
            parse_mode=parcel.parse_mode,
            reply_markup=_keyboard(parcel.letter),
            link_preview_options=_NO_PREVIEW,
        )

    async def _caption(self, parcel: Parcel, message_id: int) -> None:
        await self._bot.edit_message_caption(
            chat_id=parcel.letter.chat_id,
            message_id=message_id,
            caption=parcel.text,
            parse_mode=parcel.parse_mode,
            reply_markup=_keyboard(parcel.letter),
        )

    async def _exchange(self, parcel: Parcel, message_id: int, png: bytes) -> None:
        await self._bot.edit_message_media(
            InputMediaPhoto(png, caption=parcel.text, parse_mode=parcel.parse_mode, filename=_NAME),
            chat_id=parcel.letter.chat_id,
            message_id=message_id,
            reply_markup=_keyboard(parcel.letter),
        )

    def _reply_to(self, letter: Letter) -> ReplyParameters | None:
        follows = self._outbox.letter(letter.follows) if letter.follows is not None else None
        reply_to = letter.reply_to if follows is None else follows.message_id
        return ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None


def _markup(letter: Letter) -> InlineKeyboardMarkup | ForceReply | None:
    if letter.asks:
        return ForceReply(selective=True, input_field_placeholder=letter.hint or None)
    return _keyboard(letter)


def _keyboard(letter: Letter) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(k.text, callback_data=k.data, style=k.style) for k in row] for row in keys(letter)]
    return InlineKeyboardMarkup(rows) if rows else None
