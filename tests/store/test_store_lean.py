"""What a start does not pay for."""

import subprocess
import sys

_LOOK = "import sys, {}; print(sorted({{'numpy', 'pandas', 'matplotlib', 'PIL'}} & sys.modules.keys()))"


def _loaded_by(names: str) -> str:
    look = [sys.executable, "-c", _LOOK.format(names)]
    return subprocess.run(look, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own lines


def test_the_bot_starts_without_the_libraries_that_only_charts_need() -> None:
    assert _loaded_by("chatbot.app") == "[]\n"


def test_whoever_needs_them_still_finds_them() -> None:
    assert "numpy" in _loaded_by("chatbot.app, numpy")
    assert "numpy" in _loaded_by("numpy, chatbot.app")
