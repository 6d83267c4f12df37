"""What a bot may hang under a message: buttons with their limits, and forced replies."""

from collections.abc import Mapping

from chatbot.core.values import frozen
from chatbot.sandbox.telegram_params import Params
from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request
from chatbot.sandbox.telegram_values import ButtonStyle, InlineButton, Keyboard, Prompt

MOST_BUTTONS = 100
MOST_DATA_BYTES = 64
MOST_COPIED = 256
MOST_PLACEHOLDER = 64


@frozen
class Markup:
    keyboard: Keyboard = ()
    prompt: Prompt | None = None


def read_markup(params: Params) -> Markup:
    """`reply_markup` of a call. Raises `TelegramRefusal` (400) for what Telegram would refuse."""
    given = params.json("reply_markup")
    if given is None:
        return Markup()
    if not isinstance(given, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in given:
        return Markup(keyboard=_keyboard(given["inline_keyboard"]))
    if given.get("force_reply"):
        return Markup(prompt=_prompt(given))
    return Markup()


def _prompt(given: Mapping[str, object]) -> Prompt:
    placeholder = str(given.get("input_field_placeholder", ""))
    if len(placeholder) > MOST_PLACEHOLDER:
        raise bad_request("input field placeholder is too long")
    return Prompt(placeholder=placeholder, selective=given.get("selective") is True)


def _keyboard(rows: object) -> Keyboard:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    keyboard = tuple(tuple(_button(button) for button in row) for row in rows if row)
    if sum(map(len, keyboard)) > MOST_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return keyboard


def _refused(reason: str) -> TelegramRefusal:
    return bad_request(f"can't parse inline keyboard button: {reason}")


def _button(given: object) -> InlineButton:
    if not isinstance(given, dict):
        raise _refused("InlineKeyboardButton must be an Object")
    text = given.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _refused("button text must be non-empty")
    button = InlineButton(
        text=text,
        data=_data(given),
        url=_url(given),
        copies=_copies(given),
        style=_style(given),
    )
    actions = sum(map(bool, (button.data, button.url, button.copies)))
    if actions != 1:
        reason = "text buttons are unallowed in the inline keyboard" if not actions else "more than one action"
        raise _refused(reason)
    return button


def _style(given: Mapping[str, object]) -> ButtonStyle | None:
    if "style" not in given:
        return None
    known = {style.value: style for style in ButtonStyle}
    style = known.get(str(given["style"]))
    if style is None:
        raise _refused("unknown button style specified")
    return style


def _data(given: Mapping[str, object]) -> str:
    if "callback_data" not in given:
        return ""
    data = given["callback_data"]
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= MOST_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    return data


def _url(given: Mapping[str, object]) -> str:
    if "url" not in given:
        return ""
    url = str(given["url"])
    if not url.startswith(("http://", "https://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: unsupported URL protocol")
    return url


def _copies(given: Mapping[str, object]) -> str:
    if "copy_text" not in given:
        return ""
    holder = given["copy_text"]
    text = holder.get("text") if isinstance(holder, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= MOST_COPIED:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return text
