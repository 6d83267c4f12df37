"""/help: by what one wants, with lines that work when they are copied, and nothing one may not do."""

import asyncio
from pathlib import Path

from chatbot.chat.messages import Command, Effect, Message, Reply
from chatbot.chat.views import help as views
from chatbot.core.people import Role
from tests.chat.desk import ANNA, BEN, CARA, open_desk
from tests.chat.shown import shown


async def _nothing(_: Message) -> Reply:
    return Reply()


def _command(name: str, role: Role, example: str = "", more: str = "") -> Command:
    return Command(
        name=name, role=role, effect=Effect.MONEY, summary=f"do {name}", usage="SYMBOL", example=example or f"/{name}",
        handle=_nothing, more=more,
    )  # fmt: skip


COMMANDS = [
    _command("price", Role.VIEWER, "/price BTC"),
    _command("watch", Role.VIEWER),
    _command("buy", Role.TRADER, "/buy BTC 100usdt", "AMOUNT is 0.01 or $100. With @ PRICE it is a limit order."),
    _command("resume", Role.OWNER),
    _command("dance", Role.VIEWER),
]


def test_help_is_grouped_by_what_one_wants_and_leaves_out_what_one_may_not() -> None:
    assert shown(views.overview(COMMANDS, CARA)).split("\n") == [
        "What I can do. A tap copies a line.",
        "See prices",
        "/price BTC do price",
        "also /watch",
        "also /dance",
        "More on one: /help buy",
    ]
    text = shown(views.overview(COMMANDS, BEN))
    assert "Trade\n/buy BTC 100usdt do buy" in text
    assert "/resume" not in text
    assert "Stop everything\n/resume do resume" in shown(views.overview(COMMANDS, ANNA))


def test_examples_are_marked_so_that_a_tap_copies_them() -> None:
    assert "<code>/buy BTC 100usdt</code>" in views.overview(COMMANDS, BEN).text
    assert "<code>/buy BTC 100usdt</code>" in views.on(COMMANDS[2]).text


def test_help_on_one_command_has_a_sentence_a_line() -> None:
    assert shown(views.on(COMMANDS[2])).split("\n") == [
        "/buy SYMBOL",
        "do buy",
        "AMOUNT is 0.01 or $100.",
        "With @ PRICE it is a limit order.",
        "Example: /buy BTC 100usdt",
    ]


def test_every_command_of_the_bot_is_on_the_list_of_whoever_may_use_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_desk(tmp_path) as desk:
            for person in (ANNA, BEN, CARA):
                text = (await desk.says(person, "/help")).text
                for command in desk.table.commands:
                    assert (f"/{command.name}" in text.replace("&gt;", ">")) == (person.role >= command.role), command
                assert len(text.split("\n")) <= 40, "short enough to be read"

    asyncio.run(main())
