"""The Bot API's face: tokens, methods and files over HTTP, long polls, and the envelope.

    /bot<token>/<method>        GET or POST; query, form, multipart or JSON
    /file/bot<token>/<path>     what getFile named

Answers `{"ok": true, "result": …}` or `{"ok": false, "error_code", "description", "parameters"}` with the
HTTP status equal to the code. Every refusal names Telegram's own sentence.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from chatbot.sandbox.telegram_json import JsonObject
from chatbot.sandbox.telegram_methods import METHODS
from chatbot.sandbox.telegram_params import Params, read_params
from chatbot.sandbox.telegram_refusals import TelegramRefusal, bad_request, conflict
from chatbot.sandbox.telegram_server import Call, TelegramServer

LONGEST_POLL = 50
"""Seconds; the real server cuts longer ones to this."""


def build_telegram(server: TelegramServer) -> list[BaseRoute]:
    face = _Face(server)
    return [
        Route("/bot{token}/{method}", face.call, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", face.file, methods=["GET"]),
    ]


class _LostAnswer(Response):
    """The connection breaks after the header: the client cannot know what happened."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})


class _Face:
    def __init__(self, server: TelegramServer) -> None:
        self._server = server

    async def call(self, request: Request) -> Response:
        method = str(request.path_params["method"])
        fields: dict[str, object] = {}
        code = 200
        try:
            self._admit(str(request.path_params["token"]))
            params = read_params(request.url.query, request.headers.get("content-type", ""), await request.body())
            fields = dict(params.fields)
            return await self._carry_out(method, params)
        except TelegramRefusal as refusal:
            code = refusal.code
            return _refused(refusal)
        finally:
            self._server.record(Call(method=method, fields=fields, code=code, at=self._server.now()))

    async def file(self, request: Request) -> Response:
        try:
            self._admit(str(request.path_params["token"]))
        except TelegramRefusal as refusal:
            return _refused(refusal)
        picture = self._server.pictures.at(str(request.path_params["path"]))
        if picture is None:
            return _refused(TelegramRefusal(404, "Not Found"))
        return Response(picture.content, media_type=picture.mime)

    def _admit(self, token: str) -> None:
        if token != self._server.token:
            raise TelegramRefusal(401, "Unauthorized")

    async def _carry_out(self, method: str, params: Params) -> Response:
        trouble = self._server.troubles.next(method)
        if trouble is None:
            return _accepted(await self._result(method, params))
        if trouble.accepted:
            await self._result(method, params)
        if trouble.refusal is not None:
            raise trouble.refusal
        return _LostAnswer()

    async def _result(self, method: str, params: Params) -> object:
        if method.lower() == "getupdates":
            return await self._updates(params)
        if method.lower() not in METHODS:
            raise TelegramRefusal(404, "Not Found")
        return METHODS[method.lower()](self._server, params)

    async def _updates(self, params: Params) -> list[JsonObject]:
        """Waits until there is an update or the time is up. Of two polls the older is sent away."""
        server = self._server
        wanted = params.json("allowed_updates")
        if wanted is not None:
            server.updates.want(_kinds(wanted))
        server.polls += 1
        mine = server.polls
        server.bell.ring()
        offset, limit = params.whole("offset"), params.whole("limit", 100)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(max(params.whole("timeout"), 0), LONGEST_POLL)
        while True:
            self._may_poll(mine)
            updates = server.updates.take(offset, limit)
            left = deadline - loop.time()
            if updates or left <= 0:
                return [update.as_json() for update in updates]
            await server.bell.heard(left)

    def _may_poll(self, mine: int) -> None:
        if self._server.token is None:
            raise TelegramRefusal(401, "Unauthorized")
        if self._server.webhook:
            reason = (
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
            raise conflict(reason)
        if mine != self._server.polls:
            reason = "terminated by other getUpdates request; make sure that only one bot instance is running"
            raise conflict(reason)


def _kinds(wanted: object) -> list[str]:
    if not isinstance(wanted, list) or not all(isinstance(kind, str) for kind in wanted):
        raise bad_request("can't parse allowed updates: array of strings expected")
    return wanted


def _accepted(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refused(refusal: TelegramRefusal) -> Response:
    envelope: JsonObject = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    parameters = {"retry_after": refusal.retry_after, "migrate_to_chat_id": refusal.migrate_to}
    present = {name: value for name, value in parameters.items() if value is not None}
    if present:
        envelope["parameters"] = present
    return JSONResponse(envelope, status_code=refusal.code)
