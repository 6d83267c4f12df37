import json

import pytest

from chatbot.sandbox.telegram_markup import Markup, read_markup
from chatbot.sandbox.telegram_params import Params
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_values import ButtonStyle, InlineButton, Prompt


def _read(markup: object) -> Markup:
    return read_markup(Params({"reply_markup": json.dumps(markup)}, {}))


def _one(**button: object) -> object:
    return {"inline_keyboard": [[{"text": "x", "callback_data": "y"} | button]]}


def test_buttons_keep_their_rows_and_colours() -> None:
    row = [
        {"text": "Confirm", "callback_data": "a", "style": "success"},
        {"text": "Cancel", "callback_data": "b", "style": "danger"},
    ]
    rest = [{"text": "Site", "url": "https://a.b"}, {"text": "Copy", "copy_text": {"text": "T-1"}}]

    assert _read({"inline_keyboard": [row, rest]}).keyboard == (
        (
            InlineButton(text="Confirm", data="a", style=ButtonStyle.SUCCESS),
            InlineButton(text="Cancel", data="b", style=ButtonStyle.DANGER),
        ),
        (InlineButton(text="Site", url="https://a.b"), InlineButton(text="Copy", copies="T-1")),
    )


def test_a_forced_reply_keeps_its_placeholder() -> None:
    markup = {"force_reply": True, "selective": True, "input_field_placeholder": "68000 or +1%"}

    assert _read(markup) == Markup(prompt=Prompt(placeholder="68000 or +1%", selective=True))


@pytest.mark.parametrize("data", ["a", "é" * 32, "x" * 64])
def test_data_of_1_to_64_bytes_passes(data: str) -> None:
    assert _read(_one(callback_data=data)).keyboard[0][0].data == data


@pytest.mark.parametrize("data", ["", "é" * 33, "x" * 65, 7])
def test_other_data_is_refused(data: object) -> None:
    with pytest.raises(TelegramRefusal, match="Bad Request: BUTTON_DATA_INVALID"):
        _read(_one(callback_data=data))


@pytest.mark.parametrize(
    "markup",
    [
        _one(text=""),
        _one(text=" "),
        _one(style="green"),
        _one(url="https://a.b"),
        {"inline_keyboard": [[{"text": "no action"}]]},
        {"inline_keyboard": [[{"text": "x", "url": "ftp://a.b"}]]},
        {"inline_keyboard": [[{"text": "x", "copy_text": {"text": ""}}]]},
        {"inline_keyboard": [["x"]]},
        {"inline_keyboard": ["x"]},
        {"inline_keyboard": [[{"text": "x", "callback_data": "y"}] * 8] * 13},
        {"force_reply": True, "input_field_placeholder": "x" * 65},
        "x",
    ],
)
def test_what_telegram_would_not_show_is_refused(markup: object) -> None:
    with pytest.raises(TelegramRefusal) as caught:
        _read(markup)

    assert caught.value.code == 400


def test_a_hundred_buttons_pass() -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}] * 5] * 20}

    assert sum(map(len, _read(markup).keyboard)) == 100
