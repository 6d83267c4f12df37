"""The house keeps its plan: which room may import which, one door per library, and what no room may do.

Everything is read from the source with `ast`; nothing is imported. A room that is not built yet has no files.
"""

import ast
import graphlib
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

_HOUSE = Path(__file__).resolve().parent.parent / "chatbot"
_FILES = sorted(_HOUSE.rglob("*.py"))
_MODULES = {path: ".".join(path.relative_to(_HOUSE.parent).with_suffix("").parts) for path in _FILES}

_EVERY_ROOM = frozenset({"core", "kucoin", "store", "services", "chat", "sandbox"})
_ROOMS: dict[str, frozenset[str]] = {
    "core": frozenset(),
    "kucoin": frozenset({"core"}),
    "store": frozenset({"core"}),
    "services": frozenset({"core", "kucoin", "store"}),
    "chat": frozenset({"core", "services"}),
    "sandbox": frozenset({"core"}),
}
"""What each room may import besides itself."""

_SETTINGS = frozenset({"logs", "readers", "sources"})
_TOP: dict[str, frozenset[str]] = {
    "logs": frozenset(),
    "readers": frozenset({"core"}),
    "sources": frozenset({"core"}),
    "config": frozenset({"core"}) | _SETTINGS,
    "jobs": frozenset({"core", "services"}),
}
"""The modules beside the rooms that may not import everything: all but those that build and start the bot."""

_MORE = {
    "sandbox/prices.py": frozenset({"kucoin"}),
    **dict.fromkeys(("chat/posting.py", "chat/sender.py"), frozenset({"store"})),
}
"""Paper mode takes its prices from the exchange itself; the outbox is the only queue, and the sender empties it."""

_DOORS: dict[str, tuple[str, ...]] = {
    "telegram": (
        *("chat/bot.py", "chat/connection.py", "chat/erasing.py", "chat/acting.py"),
        *("chat/menus.py", "chat/posting.py", "chat/sender.py", "chat/updates.py"),
    ),
    "httpx": ("kucoin/rest.py",),
    "websockets": ("kucoin/feed.py",),
    "pydantic": ("config.py", "kucoin/schemas.py"),
    "sqlite_utils": ("store/",),
    "apscheduler": ("jobs.py",),
    "pyotp": ("services/factors.py",),
    "matplotlib": ("chat/painting.py",),
    "starlette": ("sandbox/", "health_port.py"),
    "uvicorn": ("sandbox/", "health_port.py"),
}
"""Where each library may be imported: a file, or a room. A library that is not here has no door."""

_LONGEST_FUNCTION = 50
_LONGEST_MODULE = 250

_FLOATS_ALLOWED = ("core/chart_picture.py", "core/levels.py", "core/timescale.py")
"""The index of alert levels holds floats, and what it finds is decided in Decimal; a picture is drawn in them."""

_MONEY_OUT = re.compile(r"/\S*(withdraw|transfer)|\b(inner|sub|flex|universal)-transfer|^withdrawals$", re.IGNORECASE)


def _name(path: Path) -> str:
    return path.relative_to(_HOUSE).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names; `from a import b` counts as `a.b`, for `b` may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _ours(path: Path) -> Iterator[str]:
    yield from (name for name in _imports(_tree(path)) if name.startswith("chatbot."))


def _home(name: str) -> str:
    """The room, or the module beside the rooms, that a file or a dotted name belongs to."""
    return name.split("/")[0].removesuffix(".py") if "/" in name or name.endswith(".py") else name.split(".")[1]


def _may_import(name: str) -> frozenset[str]:
    home = _home(name)
    everything = _EVERY_ROOM | {_home(_name(path)) for path in _FILES}
    allowed = _ROOMS.get(home, _TOP.get(home, everything))
    return allowed | {home, "__version__"} | _MORE.get(name, frozenset())


def _lines(where: Callable[[ast.AST], bool]) -> list[str]:
    """`file:line` of every node that `where` says yes to."""
    return [
        f"{_name(path)}:{getattr(node, 'lineno', 1)}"
        for path in _FILES
        for node in ast.walk(_tree(path))
        if where(node)
    ]


def test_there_is_a_house_to_look_at() -> None:
    assert {"core/orders.py", "store/orders.py"} <= {_name(path) for path in _FILES}


def test_rooms_import_only_the_rooms_they_may() -> None:
    wrong = [
        f"{_name(path)} imports {target}"
        for path in _FILES
        for target in _ours(path)
        if _home(target) not in _may_import(_name(path))
    ]
    assert wrong == []


def test_every_room_is_on_the_plan() -> None:
    rooms = {path.parent.name for path in _FILES if path.parent.parent == _HOUSE}
    assert rooms <= _EVERY_ROOM


def test_no_module_imports_itself_by_a_detour() -> None:
    known = {module.removesuffix(".__init__") for module in _MODULES.values()}
    graph: dict[str, set[str]] = {}
    for path, module in _MODULES.items():
        targets = {t if t in known else t.rpartition(".")[0] for t in _ours(path)}
        graph[module.removesuffix(".__init__")] = (targets & known) - {"chatbot"}
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_each_library_has_one_door() -> None:
    wrong = []
    for path in _FILES:
        for target in _imports(_tree(path)):
            library = target.split(".")[0]
            if library == "chatbot" or library in sys.stdlib_module_names:
                continue
            if not _name(path).startswith(_DOORS.get(library, ())):
                wrong.append(f"{_name(path)} imports {library}")
    assert wrong == []


def test_core_reads_no_clock_and_touches_nothing_outside() -> None:
    banned = {"asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "threading"}
    wrong = [
        f"{_name(path)} imports {target}"
        for path in _FILES
        if _name(path).startswith("core/")
        for target in _imports(_tree(path))
        if target.split(".")[0] in banned
    ]
    assert wrong == []


def test_every_module_says_what_it_is_for() -> None:
    assert [_name(path) for path in _FILES if not ast.get_docstring(_tree(path))] == []


def test_functions_are_short_enough_to_see_whole() -> None:
    def too_long(node: ast.AST) -> bool:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        return (node.end_lineno or 0) - node.lineno + 1 > _LONGEST_FUNCTION

    assert _lines(too_long) == []


def test_modules_are_short_enough_to_read_at_once() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _FILES}
    assert {name: lines for name, lines in lengths.items() if lines > _LONGEST_MODULE} == {}


def test_nothing_is_imported_inside_a_function() -> None:
    def hidden(node: ast.AST) -> bool:
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        return is_function and any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))

    assert _lines(hidden) == []


def test_all_imports_are_absolute() -> None:
    assert _lines(lambda node: isinstance(node, ast.ImportFrom) and node.level > 0) == []


def _broad(node: ast.AST) -> bool:
    """A handler that catches anything at all and does not end by raising it again."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = {"Exception"} if node.type is None else {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
    last = node.body[-1]
    passed_on = isinstance(last, ast.Raise) and last.exc is None
    return bool(caught & {"Exception", "BaseException"}) and not passed_on


def test_a_broad_except_lives_at_the_two_ends_of_the_chat_only() -> None:
    assert [line for line in _lines(_broad) if not line.startswith(("chat/bot.py:", "chat/sender.py:"))] == []


def test_core_counts_in_decimals() -> None:
    calls = _lines(lambda n: isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "float")
    assert [call for call in calls if call.startswith("core/") and not call.startswith(_FLOATS_ALLOWED)] == []


def test_budgets_and_paces_are_counted_by_a_clock_that_nobody_can_set_back() -> None:
    def by_the_wall(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return False
        words = {k.arg: k.value.id for k in node.keywords if isinstance(k.value, ast.Name)}
        return node.func.id in {"Pools", "Sender"} and words.get("now") != "steady_now"

    assert _lines(by_the_wall) == ["sandbox/kucoin_rest.py:58"]  # the exchange's own


def _naive(node: ast.AST) -> bool:
    """A call that makes a datetime without saying which zone it is in."""
    if not isinstance(node, ast.Call):
        return False
    words = {keyword.arg for keyword in node.keywords}
    if isinstance(node.func, ast.Name):
        return node.func.id == "datetime" and "tzinfo" not in words
    if not isinstance(node.func, ast.Attribute):
        return False
    zoneless = {"utcnow", "utcfromtimestamp", "today"}
    arguments = {"now": 1, "fromtimestamp": 2}.get(node.func.attr)
    return node.func.attr in zoneless or (arguments is not None and len(node.args) < arguments and "tz" not in words)


def test_core_knows_no_time_without_a_zone() -> None:
    assert [line for line in _lines(_naive) if line.startswith("core/")] == []


def test_nothing_that_the_bot_starts_imports_the_painter() -> None:
    """It brings matplotlib: half a second and fifty megabytes, in a process of its own."""
    painter = "chatbot.chat.painting"
    assert [_name(path) for path in _FILES if any(target.startswith(painter) for target in _ours(path))] == []


def test_no_code_can_send_money_away() -> None:
    def names_the_way_out(node: ast.AST) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_MONEY_OUT.search(node.value))

    assert _lines(names_the_way_out) == []


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("try:\n    pass\nexcept Exception:\n    pass", _broad),
        ("try:\n    pass\nexcept:\n    pass", _broad),
        ("try:\n    pass\nexcept (ValueError, BaseException):\n    pass", _broad),
        ("datetime(2026, 1, 1)", _naive),
        ("datetime.now()", _naive),
        ("datetime.fromtimestamp(0)", _naive),
        ("datetime.utcnow()", _naive),
    ],
)
def test_the_rules_see_what_they_are_for(source: str, rule: Callable[[ast.AST], bool]) -> None:
    assert any(rule(node) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("try:\n    pass\nexcept BaseException:\n    undo()\n    raise", _broad),
        ("try:\n    pass\nexcept OSError:\n    pass", _broad),
        ("datetime(1970, 1, 1, tzinfo=UTC)", _naive),
        ("datetime.now(UTC)", _naive),
        ("datetime.fromtimestamp(0, UTC)", _naive),
    ],
)
def test_the_rules_leave_the_rest_alone(source: str, rule: Callable[[ast.AST], bool]) -> None:
    assert not any(rule(node) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("path", ["/api/v3/withdrawals", "/api/v3/accounts/universal-transfer", "inner-transfer"])
def test_a_way_out_is_known_by_its_name(path: str) -> None:
    assert _MONEY_OUT.search(path)


@pytest.mark.parametrize(
    "text", ["This key can withdraw: make one that cannot.", "Transfer", "InnerTransfer", "Withdrawal"]
)
def test_words_about_a_key_are_no_way_out(text: str) -> None:
    assert not _MONEY_OUT.search(text)
