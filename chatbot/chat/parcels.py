"""What leaves as one message: a letter, or the alerts that wait together for one chat."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import count

from chatbot.chat.messages import Reply
from chatbot.chat.views.markup import (
    CAPTION_LIMIT,
    TEXT_LIMIT,
    Html,
    fitted,
    in_zone,
    lines,
    plain_text,
    repeated,
    units,
)
from chatbot.core.notices import Letter, Subject
from chatbot.core.values import frozen

_MOST_TOGETHER = 100


@frozen
class Looks:
    """How letters are worded at the moment they leave.

    `draw` gives the card of a letter with a subject. `digest` gives one message about several
    alerts, oldest first, and how many of them, from the front, it lists: at least one, and no
    more than fit. Either may raise for a letter that cannot be drawn. `zone_of` is the time zone
    of a chat, for phones that do not turn times into their own.
    """

    draw: Callable[[Letter], Reply]
    digest: Callable[[Sequence[Letter]], tuple[Reply, int]]
    zone_of: Callable[[int], tzinfo]


@frozen
class Parcel:
    """`letter` carries the words and the buttons, `also` are the others its message tells of. `text` is what is read.

    `markup` is None for plain words.
    """

    letter: Letter
    also: tuple[Letter, ...]
    text: Html
    markup: bool = True

    @property
    def letters(self) -> tuple[Letter, ...]:
        return (self.letter, *self.also)

    @property
    def parse_mode(self) -> str | None:
        return "HTML" if self.markup else None

    @property
    def ids(self) -> list[int]:
        return [letter.id for letter in self.letters]

    def plain(self) -> "Parcel":
        """The same words without markup, for a message whose markup was refused."""
        return replace(self, text=fitted(plain_text(self.text)), markup=False)

    def captioned(self) -> "Parcel":
        """For under a picture, where there is less room."""
        return (
            self
            if units(plain_text(self.text)) <= CAPTION_LIMIT
            else replace(self, text=fitted(self.text, CAPTION_LIMIT))
        )

    def bare(self) -> "Parcel":
        """Without its picture, for a chat that takes none."""
        text = lines(self.text, "(The picture was not taken here.)")
        return replace(self, letter=replace(self.letter, picture=None), text=text)

    def out_of_topic(self) -> "Parcel":
        """For the chat at large."""
        return replace(self, letter=replace(self.letter, thread_id=None))


def mergeable(letter: Letter) -> bool:
    """An alert that is a message of its own. Whatever edits or answers another one stays by itself."""
    ties = (letter.edits, letter.follows, letter.reply_to)
    return letter.subject is Subject.ALERT and ties == (None, None, None) and not letter.asks


def together(letter: Letter, like: Callable[..., Sequence[Letter]], apart: Sequence[int]) -> Sequence[Letter]:
    """Itself, and the alerts that wait already for the same place, as the outbox's `like` finds them.

    None is waited for. The letters `apart` go alone.
    """
    waiting = like(letter, _MOST_TOGETHER, apart) if mergeable(letter) else ()
    return waiting if any(each.id == letter.id for each in waiting) else (letter,)


@frozen
class Key:
    """A button as the phone holds it: the letter's key and its place there, nothing else."""

    text: str
    data: str
    style: str | None


def keys(letter: Letter) -> list[list[Key]]:
    places = count()
    return [
        [Key(text=b.text, data=f"{letter.key}:{next(places)}", style=b.style.value if b.style else None) for b in row]
        for row in letter.buttons
    ]


def packed(letters: Sequence[Letter], looks: Looks) -> Parcel | None:
    """As many of them, from the front, as one message can tell of; one leaves as its own card. None for none."""
    if not letters:
        return None
    return _card(letters[0], looks) if len(letters) == 1 else _list(letters, looks)


def _card(letter: Letter, looks: Looks) -> Parcel:
    if letter.subject is not None:
        reply = looks.draw(letter)
        letter = letter.drawn(fitted(reply.text), reply.buttons, pinned=reply.pinned)
    text = in_zone(letter.text, looks.zone_of(letter.chat_id))
    marked = repeated(text)
    says_so = letter.repeat and letter.edits is None and _fits(marked)
    return Parcel(letter=letter, also=(), text=marked if says_so else text)


def _list(letters: Sequence[Letter], looks: Looks) -> Parcel:
    """It rings when one of them may."""
    reply, listed = looks.digest(letters)
    letters = letters[: max(listed, 1)]
    first = replace(
        letters[0].drawn(reply.text, reply.buttons, pinned=reply.pinned),
        silent=all(letter.silent for letter in letters),
        protected=any(letter.protected for letter in letters),
    )
    text = in_zone(first.text, looks.zone_of(first.chat_id))
    text = repeated(text) if first.repeat else text
    if len(letters) > 1 and not _fits(text):
        return _list(letters[: len(letters) // 2], looks)
    return Parcel(letter=first, also=tuple(letters[1:]), text=text)


def _fits(text: Html) -> bool:
    return units(plain_text(text)) <= TEXT_LIMIT
