"""Pictures the bot sent: read as far as Telegram would judge them, kept, and handed out again."""

import struct

from chatbot.sandbox.telegram_params import Upload
from chatbot.sandbox.telegram_refusals import bad_request
from chatbot.sandbox.telegram_values import Picture

MOST_BYTES = 10 * 1024 * 1024
MOST_WIDTH_AND_HEIGHT = 10_000
MOST_RATIO = 20
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"


class Pictures:
    def __init__(self) -> None:
        self._kept: dict[str, Picture] = {}

    def keep(self, upload: Upload | None, address: str) -> Picture:
        """A new file, or the id of one already kept. Raises `TelegramRefusal` (400) for anything else."""
        if upload is None:
            if address in self._kept:
                return self._kept[address]
            raise bad_request(
                "wrong remote file identifier specified" if address else "there is no photo in the request"
            )
        picture = _read(f"photo{len(self._kept) + 1}", upload.content)
        self._kept[picture.file_id] = picture
        return picture

    def find(self, file_id: str) -> Picture | None:
        return self._kept.get(file_id)

    def at(self, path: str) -> Picture | None:
        return next((picture for picture in self._kept.values() if picture.path == path), None)


def _read(file_id: str, content: bytes) -> Picture:
    if len(content) > MOST_BYTES:
        raise bad_request("file is too big")
    size = _size(content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    sides = sorted(size)
    if sides[0] == 0 or width + height > MOST_WIDTH_AND_HEIGHT or sides[1] > sides[0] * MOST_RATIO:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    mime = "image/png" if content.startswith(_PNG) else "image/jpeg"
    return Picture(file_id=file_id, content=content, mime=mime, width=width, height=height)


def _size(content: bytes) -> tuple[int, int] | None:
    """Width and height from the header of a PNG or JPEG; None for any other content."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) > 24:
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    return _jpeg_size(content) if content.startswith(_JPEG) else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = struct.unpack(">BH", content[at + 1 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + int(length)
    return None
