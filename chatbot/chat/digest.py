"""Handlers of /digest, and of the buttons under a digest."""

from chatbot.chat.messages import Message, Reply, Tap
from chatbot.chat.views import digest as views
from chatbot.core.errors import Refused
from chatbot.services.digest import Digests
from chatbot.services.held import HeldNotices

_PRIVATE = "A digest tells amounts: it is for our own chat."


class DigestHandlers:
    def __init__(self, *, digests: Digests, held: HeldNotices) -> None:
        self._digests = digests
        self._held = held

    async def digest(self, message: Message) -> Reply:
        if not message.private:
            raise Refused(_PRIVATE)
        letter = await self._digests.asked(message.person)
        return Reply(text=letter.text, buttons=letter.buttons)

    async def hide_tap(self, tap: Tap) -> Reply:
        if not tap.private:
            raise Refused(_PRIVATE)
        text, buttons = self._digests.hide(int(tap.argument), tap.person)
        return Reply(text=text, buttons=buttons, edit=True)

    async def held_tap(self, tap: Tap) -> Reply:
        """Under a digest the list is a message of its own, its pages take each other's place."""
        digest_id, page = map(int, tap.argument.split())
        letters, total = self._held.page(tap.person.id, digest_id, page, views.HELD_PAGE)
        reply = views.held(letters, total, (digest_id, page))
        turned = any(b.action.startswith("held ") and b.text in views.TURNS for row in tap.letter.buttons for b in row)
        return Reply(text=reply.text, buttons=reply.buttons, edit=turned)
