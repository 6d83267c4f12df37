"""What a bot sent with one call: query, form, multipart or JSON, read into one shape."""

import json
from collections.abc import Mapping
from dataclasses import field
from email.message import Message as Headers
from email.parser import BytesHeaderParser
from urllib.parse import parse_qsl

from chatbot.core.values import frozen
from chatbot.sandbox.telegram_refusals import bad_request


@frozen
class Upload:
    name: str
    content: bytes = field(repr=False)


class Params:
    """Fields by name. Forms carry everything as text, JSON bodies carry types: both read alike."""

    def __init__(self, fields: Mapping[str, object], uploads: Mapping[str, Upload]) -> None:
        self._fields = fields
        self._uploads = uploads

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    @property
    def fields(self) -> Mapping[str, object]:
        return self._fields

    def text(self, name: str) -> str:
        """Empty when absent."""
        value = self._fields.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def whole(self, name: str, default: int = 0) -> int:
        """Raises `TelegramRefusal` (400) for what is no integer."""
        if name not in self._fields:
            return default
        try:
            return int(self.text(name))
        except ValueError:
            raise bad_request(f'parameter "{name}" must be an integer') from None

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1", "yes", "t"}

    def json(self, name: str) -> object:
        """None when absent. Raises `TelegramRefusal` (400) for ill-formed JSON."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            return value
        try:
            decoded: object = json.loads(value) if value else None
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None
        return decoded

    def inside(self, name: str) -> "Params":
        """The object under `name`, read with the same uploads. Raises `TelegramRefusal` (400) for no object."""
        found = self.json(name)
        if not isinstance(found, dict):
            raise bad_request(f"can't parse {name}: object expected")
        return Params({str(key): value for key, value in found.items()}, self._uploads)

    def upload(self, name: str) -> Upload | None:
        """The file sent under this name, or under the `attach://` name that the field gives."""
        return self._uploads.get(name) or self._uploads.get(self.text(name).removeprefix("attach://"))


def read_params(query: str, content_type: str, body: bytes) -> Params:
    """Raises `TelegramRefusal` (400) for a body that cannot be read as what it claims to be."""
    fields: dict[str, object] = dict(parse_qsl(query, keep_blank_values=True))
    uploads: dict[str, Upload] = {}
    headers = Headers()
    headers["content-type"] = content_type or "application/octet-stream"
    match headers.get_content_type():
        case "application/json":
            fields |= _json_fields(body)
        case "application/x-www-form-urlencoded":
            fields |= dict(parse_qsl(_decoded(body), keep_blank_values=True))
        case "multipart/form-data":
            _read_parts(body, str(headers.get_boundary("")), fields, uploads)
        case _ if body:
            raise bad_request("unsupported content type")
    return Params(fields, uploads)


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _json_fields(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(_decoded(body) or "{}")
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(found, dict):
        raise bad_request("object expected as JSON body")
    return {str(name): value for name, value in found.items() if value is not None}


def _read_parts(body: bytes, boundary: str, fields: dict[str, object], uploads: dict[str, Upload]) -> None:
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if not boundary or not parts[-1].startswith(b"--"):
        raise bad_request("can't parse multipart body")
    for part in parts[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = BytesHeaderParser().parsebytes(head)
        name = str(headers.get_param("name", "", header="content-disposition"))
        filename = headers.get_filename()
        if filename is None:
            fields[name] = _decoded(content)
        else:
            uploads[name] = Upload(name=filename, content=content)
