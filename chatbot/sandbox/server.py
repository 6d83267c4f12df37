"""Serves a Starlette app on a loopback port and lets go of it quickly, whatever still hangs on it."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from types import TracebackType

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HOST = "127.0.0.1"

WIRE = "chatbot.wire"
"""The extension by which an application resets its websocket (`cut`) or leaves it unread (`freeze`)."""

_RESTARTING = 1012
_RESET = struct.pack("ii", 1, 0)


class _UvicornServer(uvicorn.Server):
    """Leaves the process's signals to the program that runs it, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _WebSocket(WebSocketsSansIOProtocol):
    """A websocket whose application can make it fail as networks fail."""

    _frozen = False
    _unheard = b""

    async def run_asgi(self) -> None:
        wire: dict[object, object] = {"cut": self._cut, "freeze": self._freeze}
        self.scope["extensions"] = {**(self.scope.get("extensions") or {}), WIRE: wire}
        await super().run_asgi()

    def _cut(self) -> None:
        """The other side sees a connection reset."""
        line = self.transport.get_extra_info("socket")
        if line.fileno() >= 0:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _freeze(self, on: bool) -> None:
        """Nothing is heard any more, not even a protocol ping is answered; what came meanwhile is heard afterwards."""
        self._frozen = on
        if not on and self._unheard:
            unheard, self._unheard = self._unheard, b""
            self.data_received(unheard)

    def data_received(self, data: bytes) -> None:
        if self._frozen:
            self._unheard += data
        else:
            super().data_received(data)


class _Watched:
    """Remembers whether anything was answered yet, and whether that was the end."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.closed = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        self.closed = message["type"] == "websocket.close"
        await self._send(message)


class _HangUp:
    """Ends every open request when told to: long polls, event streams and websockets would else hold up the stop."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        watched = _Watched(send)
        task = asyncio.ensure_future(self._app(scope, receive, watched))
        self._running.add(task)
        if self._stopped:
            task.cancel()
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            self._running.discard(task)
        if not task.cancelled():
            task.result()
        elif scope["type"] == "http" and not watched.started:
            await PlainTextResponse("Service Unavailable", status_code=503)(scope, receive, send)
        elif scope["type"] == "websocket" and not watched.closed:
            with contextlib.suppress(OSError):
                await send({"type": "websocket.close", "code": _RESTARTING})

    def hang_up(self) -> None:
        self._stopped = True
        for task in self._running:
            task.cancel()


class Server:
    """`async with Server(app) as server: server.url`. Port 0 takes any free one."""

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        self._port = port
        self._requests = _HangUp(app)
        config = uvicorn.Config(
            self._requests,
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=2,
            ws=_WebSocket,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
        )
        self._uvicorn = _UvicornServer(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        # asyncio switches Nagle's algorithm off only where the protocol is named: else each answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self._port))
        except OSError:
            listener.close()
            raise
        self._port = int(listener.getsockname()[1])
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[listener]))
        await self._uvicorn.listening.wait()

    async def stop(self) -> None:
        if self._serving is None:
            return
        self._uvicorn.should_exit = True
        self._requests.hang_up()
        await self._serving
        self._serving = None

    async def __aenter__(self) -> "Server":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
