"""Serves a Starlette app on a loopback port and lets go of it quickly, whatever still hangs on it."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"


class _UvicornServer(uvicorn.Server):
    """Leaves the process's signals to the program that runs it, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Watched:
    """Remembers whether anything was answered yet."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self._send(message)


class _HangUp:
    """Ends every open request when told to: long polls and event streams would else hold up the stop."""

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
