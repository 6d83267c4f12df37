"""Pictures on their way to a chat: kept beside the letter that carries them, and no longer than until it was sent."""

from chatbot.core.notices import Letter
from chatbot.core.times import Now
from chatbot.store.database import Database
from chatbot.store.values import stamp


class Pictures:
    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now

    def keep(self, png: bytes) -> int:
        """Joins the open transaction."""
        cursor = self._db.execute("INSERT INTO pictures (png, made_at) VALUES (?, ?)", [png, stamp(self._now())])
        return int(cursor.lastrowid or 0)

    def png(self, picture: int) -> bytes | None:
        """None once it was sent."""
        row = self._db.execute("SELECT png FROM pictures WHERE id = ?", [picture]).fetchone()
        return None if row is None else bytes(row[0])

    def sent(self, letter: Letter) -> None:
        """Joins the open transaction. The message it edited has a picture from now on, if it had none."""
        if letter.picture is None:
            return
        self._db.execute("DELETE FROM pictures WHERE id = ?", [letter.picture])
        self._db.execute("UPDATE outbox SET picture = ifnull(picture, ?) WHERE id = ?", [letter.picture, letter.edits])

    def clean(self) -> None:
        """Those whose letter died, was replaced by a later one, or is gone."""
        self._db.execute(
            "DELETE FROM pictures WHERE id NOT IN (SELECT picture FROM outbox"
            " WHERE picture NOTNULL AND state IN ('pending', 'held', 'quiet', 'sending'))"
        )
