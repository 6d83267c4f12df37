"""KuCoin's refusals: which code means what, on which host, in words for a person.

Only listed codes are believed to mean that nothing was done. Everything else, a 5xx or
an unknown code, leaves the outcome of an order open.
"""

import re
from datetime import timedelta

from chatbot.core.errors import (
    BadCredentials,
    ClockSkew,
    InsufficientBalance,
    KucoinError,
    NoPermission,
    RateLimited,
    Rejected,
    UnknownOrder,
)
from chatbot.core.market import Venue
from chatbot.core.values import frozen

_Table = dict[str, tuple[type[Rejected], str]]

_GATEWAY: _Table = {
    "400001": (BadCredentials, "a header of the signature was missing"),
    "400002": (ClockSkew, "our clock is more than five seconds from its own"),
    "400003": (BadCredentials, "it does not know this API key"),
    "400004": (BadCredentials, "the passphrase of the API key is wrong"),
    "400005": (BadCredentials, "the signature is wrong: check the secret of the API key"),
    "400006": (BadCredentials, "the API key may not be used from this address{address}"),
    "400007": (NoPermission, "the API key lacks the permission {permission}"),
    "400008": (BadCredentials, "API keys of this version are no longer accepted: make a new one"),
    "400009": (BadCredentials, "the version of the API key is not right"),
    "400010": (BadCredentials, "this account may not do that"),
    "400200": (Rejected, "this account may not place orders"),
    "400301": (Rejected, "this is not offered in the account's region"),
    "400302": (Rejected, "this is not offered in the account's region"),
    "40010": (Rejected, "this is not offered in the account's region"),
    "400303": (Rejected, "the account must first prove its identity"),
    "411100": (BadCredentials, "the account is frozen"),
}

_SPOT: _Table = {
    "200001": (Rejected, "new orders are suspended for this symbol"),
    "200002": (Rejected, "cancelling is suspended for this symbol"),
    "200003": (Rejected, "there are too many open orders"),
    "200004": (InsufficientBalance, "the balance in Trade is not enough"),
    "200009": (Rejected, "the account must first prove its identity"),
    "210014": (InsufficientBalance, "the balance is not enough"),
    "210021": (InsufficientBalance, "the balance is not enough"),
    "230003": (InsufficientBalance, "the balance is not enough"),
    "260100": (InsufficientBalance, "the account does not hold this currency"),
    "400330": (Rejected, "the price is too far from the net asset value"),
    "400350": (Rejected, "the holding would pass what is allowed"),
    "400370": (Rejected, "the price is above the highest allowed"),
    "400500": (Rejected, "this coin is not offered in the account's region"),
    "400600": (Rejected, "this symbol is not traded yet"),
    "400700": (Rejected, "its risk control refused the order"),
    "400760": (Rejected, "the price is below the lowest allowed"),
    "400800": (Rejected, "orders with leverage are refused"),
    "600100": (Rejected, "the order is below the minimum, or its size or price is not a whole increment"),
    "600101": (Rejected, "the funds are below the minimum"),
    "600203": (Rejected, "this symbol cannot be traded now"),
    "900001": (Rejected, "there is no such symbol"),
    "102411": (Rejected, "a parameter of the order is wrong"),
    "102421": (InsufficientBalance, "the balance in Trade is not enough"),
    "102425": (Rejected, "this time range is not supported"),
    "102427": (Rejected, "there are too many open orders"),
    "102428": (Rejected, "the order is just being worked on and cannot be cancelled now"),
    "102429": (Rejected, "the price is too low"),
    "102434": (Rejected, "the size is above the maximum"),
    "102435": (Rejected, "the size is below the minimum"),
    "102436": (UnknownOrder, "it knows no such order"),
    "126013": (InsufficientBalance, "the balance is not enough"),
    "126029": (Rejected, "the price is above the highest allowed"),
    "126030": (Rejected, "the price is below the lowest allowed"),
    "126043": (UnknownOrder, "it knows no such order"),
}

_FUTURES: _Table = {
    "100001": (Rejected, "a parameter is wrong"),
    "100003": (Rejected, "a parameter of the contract is wrong"),
    "100004": (UnknownOrder, "the order cannot be cancelled: it is finished or unknown"),
    "100005": (Rejected, "there is no risk limit for this contract"),
    "200003": (Rejected, "there is no such contract"),
    "200005": (InsufficientBalance, "the margin in Futures is not enough"),
    "300000": (Rejected, "a parameter of the order is wrong"),
    "300001": (Rejected, "there are too many open orders"),
    "300002": (Rejected, "orders or cancels are suspended for this contract"),
    "300003": (InsufficientBalance, "the margin in Futures is not enough"),
    "300004": (Rejected, "there are too many stop orders"),
    "300005": (Rejected, "the position would pass its risk limit"),
    "300006": (Rejected, "the closing price is beyond the bankruptcy price"),
    "300007": (Rejected, "the closing price is worse than the liquidation price"),
    "300008": (Rejected, "nobody offers the other side now"),
    "300009": (Rejected, "there is no position to close"),
    "300010": (Rejected, "the position could not be closed"),
    "300011": (Rejected, "the price is too high"),
    "300012": (Rejected, "the price is too low"),
    "300013": (Rejected, "nobody offers the other side now"),
    "300014": (Rejected, "the position is being liquidated"),
    "300015": (Rejected, "settlement is going on: try again in some seconds"),
    "300016": (Rejected, "the leverage is too high"),
    "330005": (Rejected, "the margin mode is not the one this contract is set to"),
    "330008": (Rejected, "the size is above what may be opened"),
    "330011": (Rejected, "the position mode does not match the account's"),
    "330012": (Rejected, "the position mode does not match the account's"),
}

_TABLES = {Venue.SPOT: _GATEWAY | _SPOT, Venue.FUTURES: _GATEWAY | _FUTURES}

_TEXTS: tuple[tuple[re.Pattern[str], type[Rejected], str], ...] = (
    (re.compile(r"order_?.{0,12}not_?.?exist", re.I), UnknownOrder, "it knows no such order, or it is finished"),
    (
        re.compile(r"available\.amount|balance.{0,20}insufficient|insufficient.{0,20}balance", re.I),
        InsufficientBalance,
        "the balance in Trade is not enough",
    ),
    (re.compile(r"size increment invalid", re.I), Rejected, "the size is not a whole increment"),
    (re.compile(r"price increment invalid", re.I), Rejected, "the price is not a whole increment"),
    (re.compile(r"below the minimum requirement", re.I), Rejected, "the size is below the minimum"),
    (re.compile(r"price not in the given range", re.I), Rejected, "the price is outside the allowed range"),
    (re.compile(r"unsupported trading pair", re.I), Rejected, "there is no such symbol"),
)
"""Codes that say several things are told apart by their text; some codes are the text itself."""

_GENERIC = frozenset({"200000", "400100", "100001"})

_DUPLICATE = re.compile(r"duplicat", re.I)
"""A clientOid already used: the order it named may well exist, so this is no refusal."""

_BLOCKED = timedelta(seconds=10)
_OFTEN = re.compile(r"too many|frequen|often|limit", re.I)

_ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7}\b", re.I)


@frozen
class Refusal:
    """What an answer said, and of which endpoint: `permission` is the one the endpoint asks for."""

    venue: Venue
    code: str
    message: str
    permission: str


def quoted(message: str) -> str:
    """KuCoin's own words, cut and cleaned for a chat."""
    return "".join(sign for sign in message if sign.isprintable())[:120].strip()


def definite(refusal: Refusal) -> KucoinError | None:
    """The error of a listed code: nothing was done. None when the code proves nothing."""
    code, message = refusal.code, refusal.message
    if code == "200002" and (refusal.venue is Venue.FUTURES or _OFTEN.search(message)):
        return RateLimited("KuCoin asks for a pause of 10 s (200002).", code=code, retry_after=_BLOCKED)
    listed = _by_text(refusal) or _TABLES[refusal.venue].get(code)
    if listed is None:
        refused = code == "400100" and not _DUPLICATE.search(message)
        return unlisted(refusal) if refused else None
    kind, words = listed
    found = _ADDRESS.search(message)
    words = words.format(address=f" {found[0]}" if found else "", permission=refusal.permission)
    return kind(f"KuCoin says {words} ({code}).", code=code)


def _by_text(refusal: Refusal) -> tuple[type[Rejected], str] | None:
    if refusal.code[:1].isdigit() and refusal.code not in _GENERIC:
        return None
    told = f"{refusal.code} {refusal.message}"
    return next(((kind, words) for pattern, kind, words in _TEXTS if pattern.search(told)), None)


def unlisted(refusal: Refusal) -> Rejected:
    """For questions, which change nothing: what KuCoin said, in its own words."""
    words = quoted(refusal.message) or "no, without a reason"
    return Rejected(f"KuCoin says: {words} ({refusal.code}).", code=refusal.code)
