"""What the cards need that is not Python."""

import os
import shutil

import pytest


@pytest.fixture
def strace() -> str:
    """The program that kills at a chosen system call. Skipped where there is none, but not in CI."""
    found = shutil.which("strace")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("a kill at every system call is tested with strace, and there is none")
        pytest.skip("no strace on this machine")
    return found
