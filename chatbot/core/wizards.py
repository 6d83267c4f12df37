"""A command that a person puts together by tapping and answering, piece by piece.

What was chosen so far is not here: it stands, as the line it makes, in the buttons and in the
question that waits. So an old button can never add to a newer choice.
"""

from datetime import datetime

from chatbot.core.values import frozen


@frozen
class Wizard:
    """Whose it is, where, and what shows it.

    What is typed now follows `asks`, as `hint` shows; empty when nothing is to be typed. `card_id` is the letter
    with its buttons, `prompt_id` the one that asked for words, if any did; `message_id` is the person's own message
    that began it, None after a tap. `misses` counts the answers to the question of now that made no sense.
    """

    id: int
    person_id: int
    person: str
    chat_id: int
    message_id: int | None
    asks: str
    hint: str
    expires_at: datetime
    card_id: int | None = None
    prompt_id: int | None = None
    misses: int = 0
