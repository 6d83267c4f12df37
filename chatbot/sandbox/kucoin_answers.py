"""How the sandbox's KuCoin answers: its envelope, and every way an answer goes wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal

from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from chatbot.core.times import Sleep
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.kucoin_calls import Nothing
from chatbot.sandbox.refusals import Refusal

JSON = "application/json"
HUGE_BYTES = 8 * 1024 * 1024
DRIP_SECONDS = 0.1
_GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"


class Line:
    """What callers without an answer wait on. `hang_up` may be called from another thread than the server's."""

    def __init__(self) -> None:
        self.dead = False
        self._waiting: set[asyncio.Future[None]] = set()

    async def until_dead(self) -> None:
        if self.dead:
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)

    def hang_up(self) -> None:
        self.dead = True
        for waiting in list(self._waiting):
            waiting.get_loop().call_soon_threadsafe(_end, waiting)


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def granted(data: object, headers: Mapping[str, str]) -> Response:
    """Code 200000."""
    body = {"code": "200000", "msg": data.text} if isinstance(data, Nothing) else {"code": "200000", "data": data}
    return Response(encode(body), media_type=JSON, headers=dict(headers))


def encode(value: object) -> str:
    """JSON. Decimals become bare numbers: who wants a string hands one over."""
    return json.dumps(value, default=_number, separators=(",", ":"))


def _number(value: object) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in an answer")
    return int(value) if value == value.to_integral_value() else float(value)


def refused(refusal: Refusal, headers: Mapping[str, str]) -> Response:
    body = json.dumps({"code": refusal.code, "msg": refusal.text}, separators=(",", ":"))
    return Response(body, status_code=refusal.status, media_type=JSON, headers=dict(headers))


def unavailable() -> Response:
    return HTMLResponse(_GATEWAY_PAGE.format("503 Service Temporarily Unavailable"), status_code=503)


def spoiled(response: Response, faults: Faults, sleep: Sleep, line: Line) -> Response:
    """The answer as the faults that are on let it through."""
    if isinstance(response, NoAnswer):
        return response
    if Fault.GARBAGE in faults:
        return HTMLResponse(_GATEWAY_PAGE.format("Just a moment..."))
    body = bytes(response.body)
    if Fault.TRUNCATED in faults:
        body = body[: len(body) // 2]
    if Fault.HUGE in faults:
        body = body[:-1] + b',"padding":"' + b"x" * HUGE_BYTES + b'"}'
    if Fault.SLOW in faults:
        return _like(response, StreamingResponse(_dripping(body, sleep, line), response.status_code))
    return _like(response, Response(body, response.status_code)) if body != response.body else response


def _like(original: Response, other: Response) -> Response:
    for name, value in original.headers.items():
        if name != "content-length":
            other.headers[name] = value
    return other


async def _dripping(body: bytes, sleep: Sleep, line: Line) -> AsyncIterator[bytes]:
    for position in range(len(body)):
        if line.dead:
            return
        yield body[position : position + 1]
        await sleep(DRIP_SECONDS)


class NoAnswer(Response):
    """Says nothing until the caller goes away, or until everybody is told to hang up: then a 503."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_disconnected(receive))
        stopped = asyncio.ensure_future(self._line.until_dead())
        try:
            await asyncio.wait((gone, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            stopped.cancel()
        if self._line.dead:
            await unavailable()(scope, receive, send)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
