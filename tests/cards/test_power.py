"""The power goes before every sync of a market order: whatever left has a row, and whatever is found can be opened."""

import asyncio
from pathlib import Path

from chatbot.core.orders import TicketState
from chatbot.core.times import utc_now
from chatbot.demo import settings_for
from chatbot.sandbox.world import OWNER
from chatbot.store.store import open_store
from tests.cards.power import TRACED, PowerLoss, losses
from tests.cards.process import FLOWS, Flow, ready, sandbox_on, traced
from tests.playground import Ahead, Talk


async def _lived(folder: Path) -> tuple[Path, Path]:
    """The calls of a bot that bought once, and where its database was."""
    log = folder / "calls"
    async with sandbox_on(Ahead()) as sandbox:
        settings = settings_for(sandbox, folder)
        async with traced(settings, sandbox, "-o", str(log), *TRACED):
            owner = Talk(sandbox, OWNER.user)
            await ready(sandbox, owner)
            await FLOWS[Flow.MARKET](owner, lambda: None)
    return log, settings.database_path


def _states(loss: PowerLoss, folder: Path, name: str) -> list[TicketState]:
    folder.mkdir()
    loss.lay(folder)
    store = open_store(folder / name, utc_now)
    try:
        rows = store.db.query("SELECT state FROM tickets")
        return [TicketState(row["state"]) for row in rows]
    finally:
        store.close()


def test_f03_whenever_the_power_goes_no_order_was_sent_that_has_no_row(strace: str, tmp_path: Path) -> None:
    log, database = asyncio.run(_lived(tmp_path))
    sent, waiting = 0, 0
    for number, loss in enumerate(losses(log, database)):
        states = _states(loss, tmp_path / str(number), database.name)
        if loss.sent:
            sent += 1
            assert states, "sent, and no row tells of it"
            assert TicketState.AWAIT_CONFIRM not in states, "sent, and the row says that nobody tapped"
        waiting += TicketState.AWAIT_CONFIRM in states
    assert sent >= 3
    assert waiting >= 1, "nothing was lost at any time: the power never went"
