"""A request and a secret in, the headers KuCoin wants out. Pure."""

import base64
import hashlib
import hmac
from dataclasses import field

from chatbot.core.values import frozen


def _digest(secret: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode("ascii")


@frozen
class Credentials:
    """An API key. Its `repr` shows nothing but the version.

    Versions 2 and 3 send the passphrase signed; version 1 is refused by KuCoin since 2025.
    """

    key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)
    version: int = 3
    signed_passphrase: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.version not in (2, 3):
            raise ValueError("KuCoin takes API keys of version 2 and 3 only")
        sealed = _digest(self.secret.encode(), self.passphrase.encode())
        object.__setattr__(self, "signed_passphrase", sealed)


def sign(
    credentials: Credentials, timestamp_ms: int, method: str, path_with_query: str, body: bytes = b""
) -> dict[str, str]:
    """The headers of one request.

    `path_with_query` starts at `/api` and carries the query raw, not percent-encoded;
    `body` is the exact bytes that will be sent, empty where there is none.
    """
    stamp = str(timestamp_ms)
    message = (stamp + method.upper() + path_with_query).encode() + body
    return {
        "KC-API-KEY": credentials.key,
        "KC-API-SIGN": _digest(credentials.secret.encode(), message),
        "KC-API-TIMESTAMP": stamp,
        "KC-API-PASSPHRASE": credentials.signed_passphrase,
        "KC-API-KEY-VERSION": str(credentials.version),
    }
