from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services.desk import Desk


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens the desk of this test, with the rules and faults it asks for."""
    desks: list[Desk] = []

    def build(**settings: object) -> Desk:
        desks.append(Desk(tmp_path, **settings))  # type: ignore[arg-type]
        return desks[-1]

    yield build
    for desk in desks:
        desk.stop()


@pytest.fixture
def desk(opened: Callable[..., Desk]) -> Desk:
    return opened()
