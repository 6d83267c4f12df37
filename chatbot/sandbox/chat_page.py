"""The chat page's own API: files of the page, events, writing, tapping, the faults' switches and pushing prices.

    /                       the page            /page/setup     people, bot, faults
    /page/<file>            style and scripts   /page/events    server-sent events of one place, or of none
    /page/pictures/<id>     what the bot sent   /page/write /page/tap /page/fault /page/push   POST, JSON

Only this machine's own page may call: the Host must be a loopback name, which stops DNS
rebinding, and requests that a browser marks as another site's are refused.
"""

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from chatbot.core.numbers import plain
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.page_chats import GENERAL, Place
from chatbot.sandbox.page_market import PageMarket
from chatbot.sandbox.page_views import PagePerson, PageViews, Reading
from chatbot.sandbox.telegram_json import JsonObject
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_refusals import TelegramRefusal
from chatbot.sandbox.telegram_server import TelegramServer
from chatbot.sandbox.telegram_text import MAX_TEXT

Endpoint = Callable[[Request], Awaitable[Response]]

HEARTBEAT_SECONDS = 15.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TYPES = {"css": "text/css", "js": "text/javascript", "html": "text/html", "svg": "image/svg+xml"}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def build_page(
    server: TelegramServer, faults: Faults, market: PageMarket, people: Iterable[PagePerson]
) -> list[BaseRoute]:
    """Routes of the page. Mount them after others that share the app: `/page/<file>` takes any name."""
    page = _Page(server, faults, market, people)
    reads: dict[str, Endpoint] = {
        "/": page.index,
        "/page/setup": page.setup,
        "/page/events": page.events,
        "/page/pictures/{id}": page.picture,
        "/page/{name}": page.file,
    }
    writes: dict[str, Endpoint] = {
        "/page/write": page.write,
        "/page/tap": page.tap,
        "/page/fault": page.fault,
        "/page/push": page.push,
    }
    return [
        *(Route(path, _guarded(endpoint), methods=["POST"]) for path, endpoint in writes.items()),
        *(Route(path, _guarded(endpoint), methods=["GET"]) for path, endpoint in reads.items()),
    ]


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        response = await endpoint(request) if _from_here(request) else PlainTextResponse("Forbidden", 403)
        response.headers.update(_HEADERS)
        return response

    return guarded


def _from_here(request: Request) -> bool:
    """A browser tells the site that asks in Origin or Sec-Fetch-Site; other programs send neither."""
    if request.url.hostname not in _LOOPBACK:
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    if request.method == "GET":
        return True
    here = f"{request.url.scheme}://{request.url.netloc}"
    is_json = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    return is_json and request.headers.get("origin", here) == here


class _BadRequest(Exception):
    """The page asked for something that is not there; the text says what."""


class _Page:
    def __init__(
        self, server: TelegramServer, faults: Faults, market: PageMarket, people: Iterable[PagePerson]
    ) -> None:
        self._server = server
        self._faults = faults
        self._market = market
        self._views = PageViews(server, faults, people)
        self._boot = secrets.token_hex(4)
        folder = files("chatbot.sandbox").joinpath("page")
        self._files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    async def index(self, _request: Request) -> Response:
        return self._file("index.html")

    async def file(self, request: Request) -> Response:
        return self._file(str(request.path_params["name"]))

    def _file(self, name: str) -> Response:
        if name not in self._files:
            return PlainTextResponse("Not Found", 404)
        return Response(self._files[name], media_type=_TYPES.get(name.rpartition(".")[2]))

    async def picture(self, request: Request) -> Response:
        picture = self._server.pictures.find(str(request.path_params["id"]))
        if picture is None:
            return PlainTextResponse("Not Found", 404)
        return Response(picture.content, media_type=picture.mime)

    async def setup(self, _request: Request) -> Response:
        return JSONResponse(self._views.setup())

    async def events(self, request: Request) -> Response:
        """A stream of what changed. A page that reconnects says where it stood and hears only the rest."""
        try:
            person = self._person(request.query_params.get("person"))
            place = self._place(person, request.query_params)
        except (_BadRequest, TelegramRefusal) as error:
            return PlainTextResponse(str(error), 400)
        boot, revision, answers = self._stood(request.headers.get("last-event-id", ""))
        reading = Reading(person=person, place=place, revision=revision, answers=answers)
        return StreamingResponse(self._stream(reading, fresh=boot != self._boot), media_type="text/event-stream")

    def _stood(self, event_id: str) -> tuple[str, int, int]:
        """A page that is new, or outlived another sandbox, reads the chat from its beginning but no old toasts."""
        boot, _, rest = event_id.partition("-")
        revision, _, answers = rest.partition("-")
        if boot != self._boot or not (revision.isdecimal() and answers.isdecimal()):
            return "", 0, self._views.now()[1]
        return boot, int(revision), int(answers)

    async def _stream(self, reading: Reading, *, fresh: bool) -> AsyncIterator[str]:
        while True:
            try:
                news = self._views.news(reading)
            except TelegramRefusal:
                return
            if news is not None:
                yield self._event(reading, news | {"fresh": fresh})
                fresh = False
            if not await self._server.bell.heard(HEARTBEAT_SECONDS):
                yield ": still here\n\n"

    def _event(self, reading: Reading, news: JsonObject) -> str:
        stand = f"{self._boot}-{reading.revision}-{reading.answers}"
        return f"id: {stand}\ndata: {json.dumps(news)}\n\n"

    async def write(self, request: Request) -> Response:
        return await self._carry_out(request, self._write)

    async def tap(self, request: Request) -> Response:
        return await self._carry_out(request, self._tap)

    async def fault(self, request: Request) -> Response:
        return await self._carry_out(request, self._switch)

    async def push(self, request: Request) -> Response:
        return await self._carry_out(request, self._push)

    async def _carry_out(self, request: Request, deed: Callable[[JsonObject], JsonObject]) -> Response:
        try:
            asked = json.loads(await request.body())
            if not isinstance(asked, dict):
                raise _BadRequest("an object is expected")
            return JSONResponse(deed(asked))
        except (_BadRequest, TelegramRefusal, ValueError) as error:
            return PlainTextResponse(str(error), 400)

    def _write(self, asked: JsonObject) -> JsonObject:
        text = str(asked.get("text", "")).strip()
        if not text or len(text) > MAX_TEXT:
            raise _BadRequest("a message has 1 to 4096 characters")
        person = self._person(asked.get("person"))
        place = self._place(person, asked)
        if place is None:
            raise _BadRequest("a message needs a chat")
        answered = asked.get("replies_to")
        replies_to = None if answered is None else _whole(answered)
        phone = Phone(self._server, person.user, place.chat_id)
        return {"id": phone.write(text, replies_to=replies_to, thread_id=place.topic or None).id}

    def _tap(self, asked: JsonObject) -> JsonObject:
        phone = self._phone(self._person(asked.get("person")), _whole(asked.get("chat")))
        message_id = _whole(asked.get("message"))
        if message_id not in {message.id for message in phone.messages}:
            raise _BadRequest("the message is gone")
        return {"tap": phone.tap(message_id, str(asked.get("data", ""))).id}

    def _switch(self, asked: JsonObject) -> JsonObject:
        fault = Fault.__members__.get(str(asked.get("fault")))
        if fault is None:
            raise _BadRequest("no such fault")
        self._faults.switch(fault, on=asked.get("on") is True)
        self._server.bell.ring()
        return {}

    def _push(self, asked: JsonObject) -> JsonObject:
        return {"price": plain(self._market.push(str(asked.get("symbol")), _whole(asked.get("percent"))))}

    def _person(self, given: object) -> PagePerson:
        person = self._views.people.get(_whole(given))
        if person is None:
            raise _BadRequest("no such person")
        return person

    def _place(self, person: PagePerson, asked: Mapping[str, object]) -> Place | None:
        """None where no chat is named. Raises where the person is not in the chat, or the chat has no such topic."""
        if asked.get("chat") is None:
            return None
        place = Place(chat_id=_whole(asked.get("chat")), topic=_whole(asked.get("topic", GENERAL)))
        self._phone(person, place.chat_id)
        if place.topic not in {GENERAL, *self._server.chats.room(place.chat_id).topics}:
            raise _BadRequest("no such topic")
        return place

    def _phone(self, person: PagePerson, chat_id: int) -> Phone:
        """Raises where the person is not in the chat."""
        if person.id not in self._server.chats.room(chat_id).members:
            raise _BadRequest("not a member of this chat")
        return Phone(self._server, person.user, chat_id)


def _whole(given: object) -> int:
    try:
        return int(str(given))
    except ValueError:
        raise _BadRequest("a number is expected") from None
