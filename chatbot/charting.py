"""The part of the chat that answers with pictures: there where matplotlib is installed (the extra `charts`)."""

import importlib.util


def installed() -> bool:
    """Whether charts can be drawn here; looked up, not imported."""
    return importlib.util.find_spec("matplotlib") is not None
