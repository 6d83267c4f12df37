from collections.abc import Callable

import pytest

from chatbot.sandbox.telegram_params import Upload
from chatbot.sandbox.telegram_pictures import MOST_BYTES, Pictures
from chatbot.sandbox.telegram_refusals import TelegramRefusal

Draw = Callable[[int, int], bytes]


def _upload(content: bytes) -> Upload:
    return Upload(name="a", content=content)


def test_a_picture_is_kept_byte_for_byte_and_found_by_id_and_path(png: Draw) -> None:
    pictures = Pictures()
    kept = pictures.keep(_upload(png(40, 30)), "")

    assert (kept.width, kept.height, kept.mime, kept.content) == (40, 30, "image/png", png(40, 30))
    assert pictures.find(kept.file_id) is kept
    assert pictures.at(kept.path) is kept
    assert pictures.keep(None, kept.file_id) is kept


def test_the_size_of_a_jpeg_is_read_from_its_frame() -> None:
    header = b"\xff\xd8" + b"\xff\xe0\x00\x04ab" + b"\xff\xc0\x00\x11\x08" + b"\x00\x1e\x00\x28" + b"\x03" * 12

    kept = Pictures().keep(_upload(header), "")

    assert (kept.width, kept.height, kept.mime) == (40, 30, "image/jpeg")


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a" + bytes(40), bytes(MOST_BYTES + 1)],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(TelegramRefusal) as caught:
        Pictures().keep(_upload(content), "")

    assert caught.value.code == 400


@pytest.mark.parametrize(("width", "height"), [(0, 5), (21, 1), (1, 21), (9999, 600)])
def test_a_picture_of_impossible_shape_is_refused(png: Draw, width: int, height: int) -> None:
    with pytest.raises(TelegramRefusal, match="PHOTO_INVALID_DIMENSIONS"):
        Pictures().keep(_upload(png(width, height)), "")


@pytest.mark.parametrize("address", ["", "unknown", "https://a.b/c.png"])
def test_an_unknown_file_is_refused(address: str) -> None:
    with pytest.raises(TelegramRefusal):
        Pictures().keep(None, address)
