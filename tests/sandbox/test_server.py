import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chatbot.sandbox.server import Server


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


async def _hang(_request: Request) -> Response:
    await asyncio.Event().wait()
    return PlainTextResponse("never")


async def _stream(_request: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "first"
        await asyncio.Event().wait()

    return StreamingResponse(parts())


APP = Starlette(routes=[Route("/", _hello), Route("/hang", _hang), Route("/stream", _stream)])


def test_it_serves_on_a_free_loopback_port_and_lets_go_of_it() -> None:
    async def main() -> None:
        async with Server(APP) as server, httpx.AsyncClient() as client:
            assert server.url.startswith("http://127.0.0.1:")
            assert (await client.get(server.url)).text == "hello"
        port = int(server.url.rpartition(":")[2])
        async with Server(APP, port=port) as again:
            assert again.url == server.url

    asyncio.run(main())


def test_a_taken_port_is_told() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(OSError, match="in use"):
                await Server(APP, port=taken.getsockname()[1]).start()

    asyncio.run(main())


def test_what_hangs_does_not_hold_up_the_stop() -> None:
    async def main() -> None:
        server = Server(APP)
        await server.start()
        async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
            hanging = asyncio.create_task(client.get("/hang"))
            async with client.stream("GET", "/stream") as response:
                assert await anext(response.aiter_text()) == "first"
                async with asyncio.timeout(1.5):
                    await server.stop()
            answer = await hanging
        assert answer.status_code == 503
        await server.stop()

    asyncio.run(main())


def test_an_error_of_the_app_stays_an_error_500() -> None:
    async def broken(_request: Request) -> Response:
        raise LookupError

    async def main() -> None:
        async with Server(Starlette(routes=[Route("/", broken)])) as server, httpx.AsyncClient() as client:
            assert (await client.get(server.url)).status_code == 500

    asyncio.run(main())
