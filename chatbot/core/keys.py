"""What an API key should be, rule by rule, and how each breach is mended.

The rights a key may have are a list: whatever is not on it is refused, for it may be one that
lets money out, under a name KuCoin gives it tomorrow.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum, IntEnum

from chatbot.core.account import KeyInfo
from chatbot.core.market import Venue
from chatbot.core.values import frozen

ACCEPT = "KUCOIN_ACCEPT_TRANSFER_RIGHT"
"""The setting by which an operator takes such rights upon himself."""

_NEEDED = {Venue.SPOT: frozenset({"General", "Spot"}), Venue.FUTURES: frozenset({"General", "Futures"})}
_NEEDLESS = frozenset({"InnerTransfer", "Earn", "Margin"})
_MONEY_OUT = frozenset({"Transfer", "Withdrawal", "Withdraw", "FlexTransfers"})
_KNOWN = _NEEDLESS.union(*_NEEDED.values())

_VERSION = 3
_NOTICE, _WEEKLY, _DAILY = 60, 90, 180


class Gravity(IntEnum):
    """READ_ONLY and REFUSED let no order leave; with a REFUSED key the bot does not even start."""

    ADVICE = 0
    WARNING = 1
    READ_ONLY = 2
    REFUSED = 3


class Topic(Enum):
    RIGHTS = "rights"
    ADDRESS = "address"
    VERSION = "version"
    ACCOUNT = "account"
    AGE = "age"


@frozen
class Verdict:
    """`words` go on from "the key …", `mend` is what to do. `accepted`: only a setting keeps it from being REFUSED."""

    topic: Topic
    gravity: Gravity
    words: str
    mend: str
    accepted: bool = False


@frozen
class KeyRules:
    """What one key is held against: the `venues` it signs for, the account it must belong to.

    `uid` is empty until an account is remembered; `address`, as KuCoin sees this host, where it is not known.
    """

    venues: frozenset[Venue]
    accept_transfer: bool
    uid: str = ""
    address: str = ""


@frozen
class SeenKey:
    name: str
    info: KeyInfo
    verdicts: tuple[Verdict, ...]


@frozen
class Keys:
    """As they were last seen. `held` says why no order leaves, and `mend` what to do; both empty while orders may."""

    seen: tuple[SeenKey, ...] = ()
    held: str = ""
    mend: str = ""
    refused: bool = False


@frozen
class KeyNews:
    """What owners have not been told yet. `rights` are a key's name, the right, and whether it was gained.

    `held_for` is how long orders were held that are `free` now.
    """

    rights: tuple[tuple[str, str, bool], ...]
    warnings: tuple[tuple[str, Verdict], ...]
    held: str
    mend: str
    free: bool
    held_for: timedelta | None = None

    @property
    def urgent(self) -> bool:
        return bool(self.rights or self.held or self.free)

    def __bool__(self) -> bool:
        return bool(self.urgent or self.warnings)


def judge(key: KeyInfo, rules: KeyRules, now: datetime) -> tuple[Verdict, ...]:
    """Everything to be said against the key, the gravest first."""
    found = [
        *_too_much(key, rules),
        *_too_little(key, rules),
        *_address(key, rules),
        *_version(key),
        *_account(key, rules),
        *aged(key.created_at, now),
    ]
    return tuple(sorted(found, key=lambda verdict: -verdict.gravity))


def may_move_money(key: KeyInfo) -> bool:
    """Out of the account, or as far as anybody knows what its rights mean."""
    return bool(key.permissions & _MONEY_OUT or key.permissions - _KNOWN)


def reminder(since: datetime, now: datetime) -> str:
    """Another text whenever the age of a secret is to be told again: once at first, then weekly, then daily."""
    days = (now - since).days
    if days >= _DAILY:
        return f"day {days}"
    if days >= _WEEKLY:
        return f"week {(days - _WEEKLY) // 7}"
    return "first" if days >= _NOTICE else ""


def aged(since: datetime, now: datetime) -> Iterator[Verdict]:
    days = (now - since).days
    if days >= _NOTICE:
        gravity = Gravity.WARNING if days >= _WEEKLY else Gravity.ADVICE
        mend = "make a new one, put it in place, then delete the old one"
        yield Verdict(topic=Topic.AGE, gravity=gravity, words=f"is {days} days old", mend=mend)


def _rights(gravity: Gravity, words: str, mend: str, *, accepted: bool = False) -> Verdict:
    return Verdict(topic=Topic.RIGHTS, gravity=gravity, words=words, mend=mend, accepted=accepted)


def _too_much(key: KeyInfo, rules: KeyRules) -> Iterator[Verdict]:
    out, unknown = key.permissions & _MONEY_OUT, key.permissions - _KNOWN - _MONEY_OUT
    if rules.accept_transfer and out | unknown:
        names = _names(out | unknown)
        words = f"has the right {names}, which {ACCEPT} accepts"
        yield _rights(Gravity.WARNING, words, f"take {names} away from it and leave {ACCEPT} out", accepted=True)
    elif out:
        words = f"may {_names(out)}: it could move money away, which this bot never does"
        yield _rights(Gravity.REFUSED, words, f"take {_names(out)} away from it on KuCoin, or make a new key")
    if unknown and not rules.accept_transfer:
        words = f"has the right {_names(unknown)}, which I do not know"
        mend = f"take {_names(unknown)} away from it on KuCoin, or, if you know it harmless, set {ACCEPT}=yes"
        yield _rights(Gravity.REFUSED, words, mend)
    if needless := key.permissions & _NEEDLESS:
        words = f"may {_names(needless)}, which I have no use for"
        yield _rights(Gravity.WARNING, words, f"take {_names(needless)} away from it on KuCoin")


def _too_little(key: KeyInfo, rules: KeyRules) -> Iterator[Verdict]:
    """Orders are placed on spot alone. A key for both need not reach futures; one for futures alone is there for it."""
    spot = _NEEDED[Venue.SPOT] if Venue.SPOT in rules.venues else frozenset[str]()
    futures = _NEEDED[Venue.FUTURES] - spot if Venue.FUTURES in rules.venues else frozenset[str]()
    if missing := spot - key.permissions:
        words = f"lacks the right {_names(missing)}: I can look, and place no order"
        yield _rights(Gravity.READ_ONLY, words, f"add the right {_names(missing)} to it on KuCoin")
    if missing := futures - key.permissions:
        gravity = Gravity.ADVICE if spot else Gravity.WARNING
        words = f"lacks the right {_names(missing)}: I see no futures positions and cancel no futures orders"
        yield _rights(gravity, words, f"add the right {_names(missing)} to it, if the account holds futures")


def _address(key: KeyInfo, rules: KeyRules) -> Iterator[Verdict]:
    if not key.ip_bound:
        words = "works from any address, and KuCoin takes trading rights from such keys after 30 idle days"
        address = rules.address or "this host's address"
        mend = f"bind it to {address} on KuCoin"
        yield Verdict(topic=Topic.ADDRESS, gravity=Gravity.WARNING, words=words, mend=mend)


def _version(key: KeyInfo) -> Iterator[Verdict]:
    if 0 < key.version < _VERSION:
        words = f"is of version {key.version}, which KuCoin may stop accepting"
        mend = f"make a new key of version {_VERSION}"
        yield Verdict(topic=Topic.VERSION, gravity=Gravity.WARNING, words=words, mend=mend)


def _account(key: KeyInfo, rules: KeyRules) -> Iterator[Verdict]:
    if rules.uid and key.uid and key.uid != rules.uid:
        words = f"belongs to KuCoin account {key.uid}, and this database to account {rules.uid}"
        mend = f"use a key of account {rules.uid}, or begin a new database for the other one (DATABASE_PATH)"
        yield Verdict(topic=Topic.ACCOUNT, gravity=Gravity.REFUSED, words=words, mend=mend)
    if key.master:
        words = "reaches everything in the main account"
        mend = "better make it in a sub-account that holds only the money at stake"
        yield Verdict(topic=Topic.ACCOUNT, gravity=Gravity.ADVICE, words=words, mend=mend)


def _names(rights: frozenset[str]) -> str:
    return ", ".join(sorted(rights))
