"""A desk whose bot comes up as a real one does: no order leaves before all that may be alive was looked at."""

import shutil
from pathlib import Path

from chatbot.core.limits import Limits
from chatbot.services.readiness import Readiness
from chatbot.services.strays import Heirs, Strays
from tests.services.desk import ANNA, BEN, LIMITS, Desk


class Starting(Desk):
    def start(self, rules: Limits = LIMITS) -> None:
        super().start(rules)
        heirs = Heirs(owners=frozenset({ANNA.id, BEN.id}), word=lambda ticket: f"{ticket.name} had no row")
        self.strays = Strays(exchange=self.kucoin, markets=self.markets, store=self.store, heirs=heirs)
        self.readiness = Readiness(
            exchange=self.kucoin,
            reconciler=self.reconciler,
            strays=self.strays,
            store=self.store,
            sleep=self.sleep,
        )

    def _hold(self) -> None:
        super()._hold()
        self.readiness.hold()

    async def opened(self) -> "Starting":
        """With nothing left to find out."""
        assert await self.readiness.account()
        return self

    def stopped_and_started(self) -> None:
        """As `app` does it."""
        self.restart()
        self.reconciler.recover()
        self.forget_letters()

    def keep(self, folder: Path) -> None:
        """A copy of the database, as a backup has it."""
        self.stop()
        shutil.copy(self.path, folder / "kept.db")
        self.start()

    async def set_back(self, folder: Path) -> None:
        """The database as it was when it was kept; the exchange keeps what it has."""
        self.stop()
        for ending in ("-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        shutil.copy(folder / "kept.db", self.path)
        self.start()
        self.reconciler.recover()
        self.forget_letters()
