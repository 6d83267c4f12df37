"""The buttons under what a position is about to cost."""

from decimal import Decimal

from chatbot.chat.messages import Reply, Tap
from chatbot.chat.views.markup import Html, html, lines
from chatbot.core.numbers import plain
from chatbot.services.funding_pushes import PaymentPushes


class RiskHandlers:
    def __init__(self, pushes: PaymentPushes) -> None:
        self._pushes = pushes

    async def pays_above_tap(self, tap: Tap) -> Reply:
        """A sum in USDT."""
        least = Decimal(tap.argument)
        self._pushes.only_above(tap.person, least)
        said = f"only above {plain(least)} USDT"
        return _done(tap, html("<i>{}</i>", said), f"Told {said}.")

    async def seen_tap(self, tap: Tap) -> Reply:
        return Reply(text=tap.letter.text, edit=True, toast="Ok.")


def _done(tap: Tap, line: Html, toast: str) -> Reply:
    """The card without the buttons of what was settled."""
    left = tuple(row for row in tap.letter.buttons if not any(b.action.startswith("above") for b in row))
    return Reply(text=lines(Html(tap.letter.text), line), buttons=left, edit=True, toast=toast)
