"""Who is calling: KuCoin's checks of a signed request, in the order its gateway makes them."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from chatbot.core.times import to_millis
from chatbot.core.values import frozen
from chatbot.sandbox.refusals import Refusal

TOLERANCE = timedelta(seconds=5)
GENERAL, SPOT, FUTURES = "General", "Spot", "Futures"

_HEADERS = ("kc-api-key", "kc-api-sign", "kc-api-timestamp", "kc-api-passphrase", "kc-api-key-version")


@frozen
class ApiKey:
    """`ips` empty means any address. Two keys of one `uid` share its rate limits. `version` is what it was made as."""

    key: str
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)
    uid: int
    permissions: frozenset[str]
    created_at: datetime
    ips: frozenset[str] = frozenset()
    is_master: bool = True
    version: int = 3


@frozen
class SignedRequest:
    """A request as it came over the wire. `headers` have lower-case names; `path` begins with `/api/`."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    ip: str

    @property
    def signed_text(self) -> bytes:
        """What is signed after the time stamp: the query as it reads before percent-encoding."""
        target = f"{self.path}?{unquote_plus(self.query)}" if self.query else self.path
        return self.method.encode() + target.encode() + self.body


def authenticate(request: SignedRequest, keys: Mapping[str, ApiKey], now: datetime) -> ApiKey:
    """The key the request was signed with. Raises Refusal with KuCoin's code and HTTP status."""
    for name in _HEADERS:
        if not request.headers.get(name):
            raise Refusal("400001", f"Please check the header of your request for {name.upper()}", 400)
    stamp = request.headers["kc-api-timestamp"]
    tolerance = TOLERANCE // timedelta(milliseconds=1)
    if not (stamp.isascii() and stamp.isdecimal()) or abs(int(stamp) - to_millis(now)) > tolerance:
        raise Refusal("400002", "Invalid KC-API-TIMESTAMP", 400)
    key = keys.get(request.headers["kc-api-key"])
    if key is None:
        raise Refusal("400003", "KC-API-KEY not exists", 401)
    _check_version(request.headers["kc-api-key-version"])
    if not _same(request.headers["kc-api-passphrase"], key.secret, key.passphrase.encode()):
        raise Refusal("400004", "Invalid KC-API-PASSPHRASE", 401)
    if not _same(request.headers["kc-api-sign"], key.secret, stamp.encode() + request.signed_text):
        raise Refusal("400005", "Invalid KC-API-SIGN", 401)
    if key.ips and request.ip not in key.ips:
        raise Refusal("400006", f"The requested ip address {request.ip} is not in the api whitelist", 403)
    return key


def check_permission(key: ApiKey, permission: str) -> None:
    if permission not in key.permissions:
        raise Refusal("400007", "Access denied, require more permission.", 403)


def _check_version(version: str) -> None:
    """The sources disagree about version 2; it is let in, so that clients can be tried with both."""
    if version == "1":
        raise Refusal("400008", "The V1 API key is no longer supported.", 400)
    if version not in ("2", "3"):
        raise Refusal("400009", "Invalid KC-API-KEY-VERSION", 400)


def _same(given: str, secret: str, message: bytes) -> bool:
    wanted = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())
    return hmac.compare_digest(given.encode(), wanted)
