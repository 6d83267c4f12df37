"""Codes of an authenticator app, beside what a chat can prove: the pyotp door.

A code is taken once, by whoever shows it first; wrong ones are counted, and no code is ever written down.
"""

import hmac
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pyotp

from chatbot.core.errors import Refused
from chatbot.core.notices import Lane, Letter
from chatbot.core.people import Person
from chatbot.core.preferences import Kind
from chatbot.core.times import in_words
from chatbot.store.store import Store

MOST_MISSES = 5

PAUSE = timedelta(minutes=15)
"""After so many wrong codes in a row no code of that person is looked at for so long."""

_STEP = 30
_AROUND = (-1, 0, 1)
"""Steps of 30 seconds: the phone's clock may be off, and typing takes its time."""

_LAST = "last code"


class Factors:
    """`words` tells the owners whose codes were wrong too often."""

    def __init__(
        self, *, secret: str | None, store: Store, owners: Iterable[int], words: Callable[[Person], str]
    ) -> None:
        self._codes = None if secret is None else pyotp.TOTP(secret)
        self._store = store
        self._facts = store.facts
        self._owners = sorted(owners)
        self._words = words

    @property
    def asked(self) -> bool:
        return self._codes is not None

    def check(self, person: Person, code: str) -> None:
        """Spends the code. Raises Refused for one that is wrong or was used, and while the person pauses."""
        with self._store.atomic():
            problem = self._judged(person, code)
            self._store.audit.record(person.name, "code refused" if problem else "code taken")
        if problem:
            raise Refused(problem)

    def _judged(self, person: Person, code: str) -> str:
        """Why not; empty when the code is good."""
        until = self._pauses_until(person)
        if self._store.now() < until:
            return f"Too many wrong codes: none of yours is taken before {until:%H:%M} UTC."
        step = self._step_of(code)
        if step is None:
            return self._missed(person)
        if step <= int(self._facts.get(_LAST) or 0):
            return "That code was used, or is older than one that was. Wait for the next one."
        self._facts.set(_LAST, str(step))
        self._facts.set(_misses(person), "0")
        return ""

    def _step_of(self, code: str) -> int | None:
        """Which of the steps around now the code is of. Takes as long for a wrong one as for a right one."""
        if self._codes is None:
            raise Refused("No codes are asked for here (TOTP_SECRET).")
        now = int(self._store.now().timestamp()) // _STEP
        shown = code.encode()
        equal = [(now + n, hmac.compare_digest(self._codes.generate_otp(now + n).encode(), shown)) for n in _AROUND]
        return max((step for step, same in equal if same), default=None)

    def _missed(self, person: Person) -> str:
        count = int(self._facts.get(_misses(person)) or 0) + 1
        if count < MOST_MISSES:
            self._facts.set(_misses(person), str(count))
            return f"That code is wrong; {MOST_MISSES - count} more and none of yours is taken for {in_words(PAUSE)}."
        until = self._store.now() + PAUSE
        self._facts.set(_misses(person), "0")
        self._facts.set(_pause(person), until.isoformat())
        text = self._words(person)
        for owner in self._owners:
            self._store.outbox.put(Letter(chat_id=owner, lane=Lane.ANSWER, text=text, kind=Kind.SYSTEM))
        return f"That was the {count}th wrong code: none of yours is taken before {until:%H:%M} UTC."

    def _pauses_until(self, person: Person) -> datetime:
        text = self._facts.get(_pause(person))
        return self._store.now() if text is None else datetime.fromisoformat(text)


def _misses(person: Person) -> str:
    return f"wrong codes of {person.id}"


def _pause(person: Person) -> str:
    return f"no codes of {person.id} until"
