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


def granted(data: object, headers: Mapping[str, str]) -> Response:
    """Code 200000. Decimals become bare JSON numbers: who wants a string hands one over."""
    body = {"code": "200000", "msg": data.text} if isinstance(data, Nothing) else {"code": "200000", "data": data}
    return Response(json.dumps(body, default=_number, separators=(",", ":")), media_type=JSON, headers=dict(headers))


def _number(value: object) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in an answer")
    return int(value) if value == value.to_integral_value() else float(value)


def refused(refusal: Refusal, headers: Mapping[str, str]) -> Response:
    body = json.dumps({"code": refusal.code, "msg": refusal.text}, separators=(",", ":"))
    return Response(body, status_code=refusal.status, media_type=JSON, headers=dict(headers))


def unavailable() -> Response:
    return HTMLResponse(_GATEWAY_PAGE.format("503 Service Temporarily Unavailable"), status_code=503)


def spoiled(response: Response, faults: Faults, sleep: Sleep, hang_up: asyncio.Event) -> Response:
    """The answer as the faults that are on let it through."""
    if Fault.GARBAGE in faults:
        return HTMLResponse(_GATEWAY_PAGE.format("Just a moment..."))
    body = bytes(response.body)
    if Fault.TRUNCATED in faults:
        body = body[: len(body) // 2]
    if Fault.HUGE in faults:
        body = body[:-1] + b',"padding":"' + b"x" * HUGE_BYTES + b'"}'
    if Fault.SLOW in faults:
        return _like(response, StreamingResponse(_dripping(body, sleep, hang_up), response.status_code))
    return _like(response, Response(body, response.status_code)) if body != response.body else response


def _like(original: Response, other: Response) -> Response:
    for name, value in original.headers.items():
        if name != "content-length":
            other.headers[name] = value
    return other


async def _dripping(body: bytes, sleep: Sleep, hang_up: asyncio.Event) -> AsyncIterator[bytes]:
    for position in range(len(body)):
        if hang_up.is_set():
            return
        yield body[position : position + 1]
        await sleep(DRIP_SECONDS)


class NoAnswer(Response):
    """Says nothing until the caller goes away, or until everybody is told to hang up: then a 503."""

    def __init__(self, hang_up: asyncio.Event) -> None:
        super().__init__()
        self._hang_up = hang_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_disconnected(receive))
        stopped = asyncio.ensure_future(self._hang_up.wait())
        try:
            await asyncio.wait((gone, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            stopped.cancel()
        if self._hang_up.is_set():
            await unavailable()(scope, receive, send)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
