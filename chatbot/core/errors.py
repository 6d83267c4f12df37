"""Every way the bot says no, and the one question each answers: what happened to the money?

    ChatbotError                 carries one sentence for the person
    ├── UsageError               we could not read it             → say how
    │   └── UnknownSymbol        no such symbol                   → offer the nearest
    ├── Refused                  our rules say no                 → say which
    │   ├── OverLimit            a money limit of the settings
    │   ├── Killed               trading is stopped
    │   ├── TicketGone           the ticket is spent, expired or somebody else's
    │   └── NotAllowed           the person's role does not reach
    └── KucoinError              the exchange
        ├── Unavailable          provably nothing happened        → may retry
        │   └── RateLimited      it asked us to wait
        ├── Rejected             it said no: code and reason
        │   ├── InsufficientBalance
        │   ├── UnknownOrder     it knows no such order (now)
        │   ├── BadCredentials   key, secret, passphrase or address
        │   │   └── NoPermission the key is good and lacks the right to this
        │   └── ClockSkew        our time stamp is too far from its own
        └── OutcomeUnknown       sent, no answer: it may exist    → look up, never send again

Translated once, at the door an error came in by; worded once, in the chat's adapter.
"""

from datetime import timedelta


class ChatbotError(Exception):
    """`str(error)` is one sentence that can be shown to the person."""


class UsageError(ChatbotError):
    """We could not read what was typed. `example` is a line that works."""

    def __init__(self, sentence: str, *, example: str = "") -> None:
        super().__init__(sentence)
        self.example = example


class UnknownSymbol(UsageError):
    """No instrument answers to `word`; `nearest` are the closest that exist, best first."""

    def __init__(self, word: str, nearest: tuple[str, ...]) -> None:
        super().__init__(f"No {word} on KuCoin.")
        self.word = word
        self.nearest = nearest


class Refused(ChatbotError):
    """Our own rules say no; nothing was sent. `aloud` names no amount of the account, for where others read along."""

    def __init__(self, sentence: str, *, aloud: str = "") -> None:
        super().__init__(sentence)
        self.aloud = aloud or sentence


class OverLimit(Refused):
    """A money limit of the settings: chat cannot raise it."""


class Killed(Refused):
    """Trading is stopped until an owner resumes it."""


class TicketGone(Refused):
    """The ticket is spent, expired, or not this person's to tap."""


class NotAllowed(Refused):
    """The person's role does not reach this far."""


class KucoinError(ChatbotError):
    """The exchange. `code` is KuCoin's own, where it gave one."""

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class Unavailable(KucoinError):
    """Provably nothing happened at the exchange: asking again is safe."""


class RateLimited(Unavailable):
    """The exchange asked us to wait `retry_after` before the next call."""

    def __init__(self, sentence: str, *, code: str = "", retry_after: timedelta) -> None:
        super().__init__(sentence, code=code)
        self.retry_after = retry_after


class Rejected(KucoinError):
    """The exchange said no, with a code and a reason: nothing was done."""


class InsufficientBalance(Rejected):
    """The account cannot pay for it."""


class UnknownOrder(Rejected):
    """The exchange knows no such order. Right after placing one this is not final."""


class BadCredentials(Rejected):
    """The key, its secret, passphrase or address were refused."""


class NoPermission(BadCredentials):
    """The key was recognised and may not do this: a spot-only key asked for futures, say."""


class ClockSkew(Rejected):
    """Our time stamp was more than five seconds from the exchange's clock."""


class OutcomeUnknown(KucoinError):
    """The request left and no usable answer came: it may have been carried out."""
