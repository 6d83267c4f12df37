"""The door for whoever watches the bot from outside: /healthz and /metrics, on this machine alone, to be read only.

Loaded by name where HEALTH_PORT is set: a bot that nobody watches does not pay for a server.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from types import TracebackType

import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from chatbot.services.metrics import CONTENT_TYPE, metrics
from chatbot.services.vitals import Vitals, ailments
from chatbot.store.database import DatabaseTrouble

_HOST = "127.0.0.1"
_OURS = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.ASCII)
"""A page of somebody's browser reaches this machine under a name of its own."""


class _Server(uvicorn.Server):
    """Leaves the process's signals to the bot."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HealthPort:
    """`async with HealthPort(port, look) as door`. `look` may raise DatabaseTrouble, which is told as an ailment."""

    def __init__(self, port: int, look: Callable[[], Vitals]) -> None:
        self.port = port
        self._look = look
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "HealthPort":
        """Raises OSError, with a sentence, when the port cannot be had."""
        # asyncio switches Nagle's algorithm off only where the protocol is named: else each answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((_HOST, self.port))
            listener.listen()
        except OSError as error:
            listener.close()
            raise OSError(f"HEALTH_PORT: {self.port} cannot be used ({error.strerror}); choose another one.") from error
        self.port = int(listener.getsockname()[1])
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._answer(Request(scope))
        response.headers["Cache-Control"] = "no-store"
        await response(scope, receive, send)

    def _answer(self, request: Request) -> PlainTextResponse:
        hosts, path = request.headers.getlist("host"), request.scope["path"]
        if len(hosts) != 1 or not _OURS.fullmatch(hosts[0]):
            return PlainTextResponse("not under this name", status_code=403)
        if path not in ("/healthz", "/metrics"):
            return PlainTextResponse("/healthz and /metrics are here", status_code=404)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("to be read only", status_code=405, headers={"Allow": "GET, HEAD"})
        try:
            seen = self._look()
        except DatabaseTrouble:
            return PlainTextResponse("database: cannot be read", status_code=503)
        if path == "/metrics":
            return PlainTextResponse(metrics(seen), media_type=CONTENT_TYPE)
        lines = ailments(seen)
        return PlainTextResponse("\n".join(lines or ("ok",)), status_code=503 if lines else 200)
