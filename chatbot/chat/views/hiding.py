"""The buttons by which people hide amounts from who looks over their shoulder, and look at them once."""

from chatbot.core.amounts import Amounts
from chatbot.core.notices import Button


def hiding(card: str, amounts: Amounts) -> tuple[Button, ...]:
    """`card` is the command that the buttons stand under."""
    if not amounts.hidden:
        return (Button(text="Hide amounts", action=f"hide on {card}"),)
    return (peek(card), Button(text="Show amounts", action=f"hide off {card}"))


def peek(card: str) -> Button:
    """The amounts in a pop-up, once, for whoever presses."""
    return Button(text="Peek", action=f"peek {card}")
