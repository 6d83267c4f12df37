"""A typed line, read piece by piece, that can be given back with one of its pieces exchanged."""

import re
from collections.abc import Container

from chatbot.core.errors import UsageError

_SYMBOL = re.compile(r"\s*([^\s<>%+]+?)(?=[+-]\s*[0-9.,]+\s*%|[\s<>%+]|$)")
"""Up to a comparison or a signed percentage: `BTC>68000`, `BTC-3% 15m`, `BTC-USDT +5% 1h`."""

_PIECE = re.compile(
    r"\s*(<=|>=|[<>]|[+-]?\s*[0-9][0-9.,]*\s*(?:%|[KMHDkmhd](?![^\s<>]))|[^\s<>]+)",
)
"""A unit may stand apart from its number: `5 %`, `4 h`."""

_COMMA = re.compile(r"([0-9]{1,12}),([0-9]{1,12})", re.ASCII)
_SHOWN = 24


class Typed:
    """Raises nothing itself: `wrong` and `missing` make errors whose example is the line, mended."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._start = self._end = 0

    def symbol(self) -> str:
        """As typed; empty when something else comes first."""
        return self._take(_SYMBOL.match(self._text, self._end))

    def take(self) -> str:
        """The next piece without inner spaces, in lower case; empty at the end."""
        return _plain(self._take(_PIECE.match(self._text, self._end)))

    def also(self) -> str:
        """As `take`, but what is wrong with it is wrong with the piece before, too."""
        start = self._start
        taken = self.take()
        self._start = start
        return taken

    def peek(self) -> str:
        found = _PIECE.match(self._text, self._end)
        return _plain(found[1]) if found else ""

    def upto(self, stops: Container[str], first: str = "") -> str:
        """Everything before the next of these pieces, as typed; with the piece before it counts as one.

        It may begin with `first`, also if that is a stop.
        """
        start, end = self._start, self._end
        if self.peek() == first:
            self.take()
        while self.peek() and self.peek() not in stops:
            self.take()
        self._start = start
        return self._text[end : self._end]

    def rest(self) -> str:
        """Everything that was not read yet."""
        self._start, self._end = self._end, len(self._text)
        return self._text[self._start :].strip()

    def wrong(self, sentence: str, instead: str) -> UsageError:
        """What was read last should have been `instead`."""
        return self._with(sentence, self._start, instead)

    def missing(self, sentence: str, what: str) -> UsageError:
        """`what` should stand after all that was read."""
        return self._with(sentence, self._end, what)

    def apart(self, sentence: str) -> UsageError:
        """What was read last should have followed without a space."""
        example = self._text[: self._start].rstrip() + self._text[self._start :]
        return UsageError(sentence, example=example)

    def _with(self, sentence: str, start: int, words: str) -> UsageError:
        return UsageError(sentence, example=f"{self._text[:start]} {words} {self._text[self._end :]}".strip())

    def _take(self, found: re.Match[str] | None) -> str:
        if found is None:
            self._start = self._end
            return ""
        self._start, self._end = found.span(1)
        return found[1]


def quoted(text: str) -> str:
    """Short enough for a sentence, with anything invisible or misleading taken out."""
    visible = "".join(c for c in text if c.isprintable())[:_SHOWN]
    return f"“{visible}”" if visible else "that"


def without_comma(text: str) -> str:
    """For an example: `68,000` most likely means thousands, `68,5` a fraction."""
    return _COMMA.sub(lambda found: found[1] + ("" if len(found[2]) == 3 else ".") + found[2], text)


def _plain(piece: str) -> str:
    """Only ASCII is lowered: the Kelvin sign is no K."""
    joined = "".join(piece.split())
    return joined.lower() if joined.isascii() else joined
