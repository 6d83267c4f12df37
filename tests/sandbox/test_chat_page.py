import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import httpx
import pytest
from starlette.applications import Starlette

from chatbot.core.market import Symbol
from chatbot.core.numbers import plain
from chatbot.core.times import utc_now
from chatbot.sandbox.chat_page import build_page
from chatbot.sandbox.faults import Fault, Faults
from chatbot.sandbox.listing import load
from chatbot.sandbox.page_market import PageMarket
from chatbot.sandbox.page_views import PagePerson
from chatbot.sandbox.prices import SeededWalk
from chatbot.sandbox.server import Server
from chatbot.sandbox.telegram import build_telegram
from chatbot.sandbox.telegram_groups import found_group, open_topic
from chatbot.sandbox.telegram_phone import Phone
from chatbot.sandbox.telegram_server import TelegramServer

ANNA = PagePerson(id=11, name="Anna", label="Owner", role="owner, may do everything")
BEN = PagePerson(id=12, name="Ben", label="Viewer", role="viewer, may look")
Ask = Callable[..., Awaitable[dict[str, object]]]
Story = Callable[[httpx.AsyncClient], Awaitable[None]]
News = dict[str, object]


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def prices() -> SeededWalk:
    return SeededWalk(1, utc_now, load(), volatility=0.0)


@pytest.fixture
def run(telegram: TelegramServer, faults: Faults, prices: SeededWalk) -> Callable[[Story], None]:
    routes = [*build_telegram(telegram), *build_page(telegram, faults, PageMarket(prices), [ANNA, BEN])]

    def play(story: Story) -> None:
        async def main() -> None:
            server = Server(Starlette(routes=routes))
            async with asyncio.timeout(20), server, httpx.AsyncClient(base_url=server.url) as client:
                await story(client)

        asyncio.run(main())

    return play


@asynccontextmanager
async def _events(
    client: httpx.AsyncClient, last_id: str = "", where: str = "person=11&chat=11"
) -> AsyncIterator[AsyncIterator[tuple[str, News]]]:
    """Pairs of an event's id and what it told, of Anna's chat with the bot or of another place."""

    async def pairs(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, News]]:
        stand = ""
        async for line in lines:
            if line.startswith("id: "):
                stand = line.removeprefix("id: ")
            if line.startswith("data: "):
                yield stand, json.loads(line.removeprefix("data: "))

    headers = {"last-event-id": last_id} if last_id else {}
    async with client.stream("GET", f"/page/events?{where}", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield pairs(response.aiter_lines())


def _texts(news: News) -> list[str]:
    messages = news["messages"]
    assert isinstance(messages, list)
    return [message["text"] for message in messages]


def test_the_page_and_its_files_are_served_under_a_strict_policy(run: Callable[[Story], None]) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        page = await client.get("/")
        assert "<script" in page.text
        for name, kind in (("style.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
            assert f"/page/{name}" in page.text
            assert (await client.get(f"/page/{name}")).headers["content-type"].startswith(kind)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert (await client.get("/page/other.js")).status_code == 404

    run(story)


def test_the_setup_names_bot_people_and_faults(run: Callable[[Story], None]) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        found = (await client.get("/page/setup")).json()
        assert found["bot"] == {"name": "Desk", "username": "desk_bot"}
        assert found["people"][0] == {
            "id": 11,
            "name": "Anna",
            "label": "Owner",
            "role": "owner, may do everything",
        }
        assert [fault["name"] for fault in found["faults"]] == [fault.name for fault in Fault]

    run(story)


def test_a_stream_tells_the_whole_chat_and_then_what_changed(
    run: Callable[[Story], None], telegram: TelegramServer, ask: Ask
) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        await client.post("/page/write", json={"person": 11, "chat": 11, "text": "/price btc"})
        async with _events(client) as events:
            _, whole = await anext(events)
            assert (whole["fresh"], _texts(whole)) == (True, ["/price btc"])

            await ask("sendMessage", chat_id=11, text="67,412.3")
            _, added = await anext(events)
            assert (added["fresh"], _texts(added)) == (False, ["67,412.3"])

            await ask("editMessageText", chat_id=11, message_id=2, text="67,431.0")
            stand, edited = await anext(events)
            assert _texts(edited) == ["67,431.0"]

            await ask("deleteMessage", chat_id=11, message_id=1)
            _, deleted = await anext(events)
            assert (deleted["deleted"], _texts(deleted)) == ([1], [])

        async with _events(client, stand) as events:
            _, missed = await anext(events)
            assert (missed["fresh"], missed["deleted"], _texts(missed)) == (False, [1], [])
        async with _events(client, "othersandbox-99-99") as events:
            _, anew = await anext(events)
            assert (anew["fresh"], _texts(anew)) == (True, ["67,431.0"])

    run(story)


def test_only_the_one_who_tapped_is_shown_the_answer(
    run: Callable[[Story], None], telegram: TelegramServer, ask: Ask
) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        message = Phone(telegram, ANNA.user).write("hi")
        bens = Phone(telegram, BEN.user)
        other = bens.tap(bens.write("hi").id, "x")
        where = {"person": 11, "chat": 11}
        tap = (await client.post("/page/tap", json=where | {"message": message.id, "data": "go"})).json()["tap"]
        async with _events(client) as events:
            await anext(events)
            await ask("answerCallbackQuery", callback_query_id=other.id, text="for Ben")
            await ask("answerCallbackQuery", callback_query_id=tap, text="done", show_alert=True)
            _, news = await anext(events)
            assert news["answers"] == [{"tap": tap, "text": "done", "alert": True}]

    run(story)


def test_what_stands_beside_the_messages_is_told_when_it_changes(
    run: Callable[[Story], None], faults: Faults, ask: Ask
) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        await client.post("/page/write", json={"person": 11, "chat": 11, "text": "hi"})
        async with _events(client) as events:
            _, before = await anext(events)
            assert (before["action"], before["pinned"], before["commands"], before["faults"]) == (None, 0, [], [])
            await ask("sendChatAction", chat_id=11, action="typing")
            assert (await anext(events))[1]["action"] == {"kind": "typing", "since": 1772366400000}
            await ask("pinChatMessage", chat_id=11, message_id=1)
            assert (await anext(events))[1]["pinned"] == 1
            await ask("setMyCommands", commands=[{"command": "kill", "description": "Stop"}])
            assert (await anext(events))[1]["commands"] == [{"command": "kill", "description": "Stop"}]
            await client.post("/page/fault", json={"fault": "LOST_ANSWER", "on": True})
            assert (await anext(events))[1]["faults"] == ["LOST_ANSWER"]
        assert Fault.LOST_ANSWER in faults
        await client.post("/page/fault", json={"fault": "LOST_ANSWER", "on": False})
        assert Fault.LOST_ANSWER not in faults

    run(story)


def test_pictures_are_shown(run: Callable[[Story], None], png: Callable[[int, int], bytes]) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        await client.post("/page/write", json={"person": 11, "chat": 11, "text": "/chart"})
        url = "/bot7000001:made-up/sendPhoto"
        await client.post(url, data={"chat_id": 11}, files={"photo": ("a.png", png(40, 30), "image/png")})
        async with _events(client) as events:
            messages = (await anext(events))[1]["messages"]
            assert isinstance(messages, list)
            assert messages[1]["picture"] == {"url": "/page/pictures/photo1", "width": 40, "height": 30}
        shown = await client.get("/page/pictures/photo1")
        assert (shown.content, shown.headers["content-type"]) == (png(40, 30), "image/png")
        assert (await client.get("/page/pictures/photo2")).status_code == 404

    run(story)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/page/write", {"person": 11, "chat": 11, "text": " "}),
        ("/page/write", {"person": 11, "chat": 11, "text": "x" * 4097}),
        ("/page/write", {"person": 11, "chat": 12, "text": "x"}),
        ("/page/write", {"person": 99, "chat": 11, "text": "x"}),
        ("/page/write", {"person": 11, "chat": 99, "text": "x"}),
        ("/page/write", {"text": "x"}),
        ("/page/write", []),
        ("/page/tap", {"person": 11, "chat": 11, "message": 99, "data": "x"}),
        ("/page/fault", {"fault": "NONE", "on": True}),
        ("/page/push", {"symbol": "DOGE-USDT", "percent": 1}),
        ("/page/push", {"symbol": "BTC-USDT", "percent": 90}),
        ("/page/push", {"symbol": "BTC-USDT", "percent": "much"}),
    ],
)
def test_what_the_page_cannot_mean_is_refused(run: Callable[[Story], None], path: str, asked: object) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        assert (await client.post(path, json=asked)).status_code == 400

    run(story)


@pytest.mark.parametrize(
    "query",
    ["", "?person=11&chat=12", "?person=11&chat=11&topic=9", "?person=99&chat=11", "?person=x&chat=11"],
)
def test_a_stream_needs_a_person_who_is_in_the_chat(run: Callable[[Story], None], query: str) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        assert (await client.get(f"/page/events{query}")).status_code == 400

    run(story)


def test_a_group_is_offered_to_its_members(run: Callable[[Story], None], telegram: TelegramServer) -> None:
    found_group(telegram, -1005, "Desk room", [ANNA.user])

    async def story(client: httpx.AsyncClient) -> None:
        assert await _listed(client, ANNA) == {11: "", -1005: "Desk room"}
        assert await _listed(client, BEN) == {12: ""}

    run(story)


async def _chats(client: httpx.AsyncClient, person: PagePerson) -> list[dict[str, object]]:
    async with _events(client, where=f"person={person.id}") as events:
        _, news = await anext(events)
    assert (news["messages"], news["pinned"], news["commands"], news["action"]) == ([], 0, [], None)
    chats = news["chats"]
    assert isinstance(chats, list)
    return chats


async def _listed(client: httpx.AsyncClient, person: PagePerson) -> dict[object, object]:
    return {chat["id"]: chat["title"] for chat in await _chats(client, person)}


def test_the_list_counts_what_others_wrote_and_what_of_it_rang(
    run: Callable[[Story], None], telegram: TelegramServer, ask: Ask
) -> None:
    found_group(telegram, -1005, "Desk room", [ANNA.user, BEN.user], forum=True)
    topic = open_topic(telegram, -1005, "Alerts", ANNA.user)

    async def story(client: httpx.AsyncClient) -> None:
        Phone(telegram, BEN.user, -1005).write("mine")
        await ask("sendMessage", chat_id=-1005, text="digest", disable_notification=True)
        await ask("sendMessage", chat_id=-1005, text="alert\n68,012.4", message_thread_id=topic)
        room = (await _chats(client, BEN))[1]
        assert {name: room[name] for name in ("unread", "rings", "author", "line", "time", "members")} == {
            "unread": 2, "rings": 1, "author": "Desk", "line": "alert", "time": 1772366400, "members": [11, 12],
        }  # fmt: skip
        assert room["topics"] == [
            {"id": 0, "title": "General", "unread": 1, "rings": 0},
            {"id": topic, "title": "Alerts", "unread": 1, "rings": 1},
        ]

        async with _events(client, where=f"person=12&chat=-1005&topic={topic}") as events:
            _, news = await anext(events)
        assert _texts(news) == ["", "alert\n68,012.4"]
        assert news["unread"] == {"11": 3, "12": 1}
        assert (await _chats(client, BEN))[1]["unread"] == 1

    run(story)


def test_what_is_written_in_a_topic_stays_in_it(run: Callable[[Story], None], telegram: TelegramServer) -> None:
    found_group(telegram, -1005, "Desk room", [ANNA.user], forum=True)
    topic = open_topic(telegram, -1005, "Alerts", ANNA.user)

    async def story(client: httpx.AsyncClient) -> None:
        where = {"person": 11, "chat": -1005}
        await client.post("/page/write", json=where | {"topic": topic, "text": "there"})
        await client.post("/page/write", json=where | {"topic": 0, "text": "here"})
        assert [(m.text, m.thread_id) for m in telegram.messages(-1005)[1:]] == [("there", topic), ("here", None)]
        refused = await client.post("/page/write", json=where | {"topic": 99, "text": "nowhere"})
        assert (refused.status_code, refused.text) == (400, "no such topic")

    run(story)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:80"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": "text/plain"},
    ],
)
def test_another_site_cannot_write(
    run: Callable[[Story], None], telegram: TelegramServer, headers: dict[str, str]
) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        body = json.dumps({"person": 11, "chat": 11, "text": "/kill"})
        kind = {"content-type": "application/json"}
        assert (await client.post("/page/write", content=body, headers=kind | headers)).status_code == 403
        assert telegram.messages(11) == ()
        origin = {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
        assert (await client.post("/page/write", content=body, headers=kind | origin)).status_code == 200

    run(story)


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_another_site_cannot_read(run: Callable[[Story], None], headers: dict[str, str]) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        for path in ("/", "/page/setup", "/page/events?person=11&chat=11", "/page/page.js"):
            assert (await client.get(path, headers=headers)).status_code == 403

    run(story)


def test_a_price_is_pushed_from_where_it_is(run: Callable[[Story], None], prices: SeededWalk) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        offered = (await client.get("/page/setup")).json()["pushes"]
        for symbol in map(Symbol, offered["symbols"]):
            for percent in offered["percents"]:
                before = prices.quote(symbol)
                assert before is not None
                answer = await client.post("/page/push", json={"symbol": symbol, "percent": percent})
                after = prices.quote(symbol)
                assert after is not None
                assert answer.json() == {"price": plain(after.last)}
                assert abs(after.last - before.last * (100 + percent) / 100) <= Decimal("0.1")
                assert after.last != before.last

    run(story)
