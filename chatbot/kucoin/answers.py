"""Bytes that came back, judged: KuCoin's data, or exactly one error of ours. Pure.

The rule (KuCoin's envelope): success is HTTP 200 *and* code 200000. A listed code is a
refusal. Everything else proves nothing and is `OutcomeUnknown` here; whoever asked a
mere question may turn that into `Unavailable`.
"""

import json
import re
import zlib
from collections.abc import AsyncIterable, Mapping
from datetime import timedelta
from decimal import Decimal

from chatbot.core.errors import KucoinError, OutcomeUnknown, RateLimited
from chatbot.core.market import Venue
from chatbot.core.values import frozen
from chatbot.kucoin.codes import Refusal, definite, quoted, unlisted
from chatbot.kucoin.endpoints import Endpoint, Kind

_SUCCESS = "200000"
_RATE_LIMIT = "429000"

_IN_DOUBT = frozenset({"408000", "500000", "230005", "126038", "126039"})
"""KuCoin itself does not know, or is busy: it may have been done."""

_SHORT_PAUSE = timedelta(seconds=2)
_PAGE_PAUSE = timedelta(seconds=30)
"""A 429 that is a page of the delivery network in front of KuCoin: it blocks an address for 30 s."""

_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,60})?([eE][+-]?\d{1,2})?", re.ASCII)


class BodyTooBig(Exception):
    """The answer is longer than its cap, or cannot be inflated."""


@frozen
class Answer:
    """`headers` look names up without regard to case; `body` is inflated already."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def inflated(chunks: AsyncIterable[bytes], encoding: str, cap: int) -> bytes:
    """The whole body, never more than `cap` bytes of it in memory, however small it came in."""
    if encoding not in ("", "identity", "gzip", "deflate"):
        raise BodyTooBig(f"unasked content encoding {encoding!r}")
    unpack = zlib.decompressobj(wbits=47) if encoding in ("gzip", "deflate") else None
    body = bytearray()
    async for chunk in chunks:
        try:
            body += unpack.decompress(chunk, cap + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise BodyTooBig("damaged compression") from error
        if len(body) > cap:
            raise BodyTooBig(f"more than {cap} bytes")
    return bytes(body)


def exact(text: str) -> Decimal:
    """A number of the wire, no digit lost; refuses what no price or size can be, such as `1e400` or `NaN`."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return Decimal(text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs) and any(fields[name] != value for name, value in pairs):
        raise ValueError("a field is given twice, differently")
    return fields


def parsed(body: bytes) -> object:
    """JSON with exact decimals. Raises `ValueError` for anything else, however deep or odd."""
    try:
        return json.loads(body, parse_float=exact, parse_constant=_refuse_constant, object_pairs_hook=_unambiguous)
    except RecursionError:
        raise ValueError("nested too deep") from None


def data_of(answer: Answer, endpoint: Endpoint, venue: Venue) -> object:
    """What the envelope holds. None where a success holds nothing."""
    try:
        envelope = parsed(answer.body)
    except ValueError:
        envelope = None
    code = envelope.get("code") if isinstance(envelope, dict) else None
    if not isinstance(envelope, dict) or not isinstance(code, str):
        raise _no_envelope(answer, endpoint.kind)
    message = envelope.get("msg")
    refusal = Refusal(
        venue=venue,
        code=quoted(code),
        message=message if isinstance(message, str) else "",
        permission=endpoint.permission,
    )
    data = envelope.get("data")
    # some failures come as a success with a text and no data
    silent_failure = data is None and refusal.message.lower() not in ("", "success")
    if answer.status == 200 and code == _SUCCESS and not silent_failure:
        return data
    raise _judged(answer, refusal, endpoint.kind)


def _no_envelope(answer: Answer, kind: Kind) -> KucoinError:
    if answer.status == 429:
        return _rate_limited(answer, kind, _PAGE_PAUSE)
    if answer.status >= 500:
        return OutcomeUnknown(f"KuCoin does not answer ({answer.status}).")
    return OutcomeUnknown(f"KuCoin's answer cannot be read (HTTP {answer.status}).")


def _judged(answer: Answer, refusal: Refusal, kind: Kind) -> KucoinError:
    if answer.status == 429 or refusal.code == _RATE_LIMIT:
        return _rate_limited(answer, kind, _SHORT_PAUSE)
    in_doubt = answer.status >= 500 or refusal.code in _IN_DOUBT
    error = None if in_doubt else definite(refusal)
    if error is not None:
        return error
    if kind is Kind.READ and not in_doubt:
        return unlisted(refusal)
    return OutcomeUnknown(f"KuCoin's answer leaves it open ({refusal.code}).", code=refusal.code)


def _rate_limited(answer: Answer, kind: Kind, default: timedelta) -> KucoinError:
    """Under overload KuCoin says the same; only its own empty counter proves that an order was not taken."""
    if kind is Kind.ORDER and answer.headers.get("gw-ratelimit-remaining", "").strip() != "0":
        return OutcomeUnknown("KuCoin is overloaded and leaves it open (429000).", code=_RATE_LIMIT)
    reset = answer.headers.get("gw-ratelimit-reset", "")
    pause = timedelta(milliseconds=int(reset)) if re.fullmatch(r"[0-9]{1,6}", reset) else default
    return RateLimited("KuCoin asks for a pause (429000).", code=_RATE_LIMIT, retry_after=pause)
