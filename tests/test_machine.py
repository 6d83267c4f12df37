"""The real services and a sandbox exchange under any history that hypothesis thinks of, on one driven clock.

Orders, taps of whoever, kills, prices, time, faults and deaths in any order: after every step the promises hold that
hold in trouble, too, and at the end, with the faults off and two minutes passed, all of them. Ten times as much:
`pytest -m long tests/test_machine.py`.
"""

import asyncio
import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from chatbot.core.errors import ChatbotError, NotAllowed, Refused, TicketGone
from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.orders import OUR_PREFIX, TicketState
from chatbot.core.people import Person
from chatbot.kucoin.trips import Deadlines
from chatbot.sandbox.faults import Fault
from chatbot.services.post import Ending
from chatbot.services.sweeping import Pace
from chatbot.services.trading import Asking
from tests.ledger import check_promises
from tests.services.desk import ANNA, BEN, LIMITS, PLACE, order_of
from tests.services.starting import Starting

T = TypeVar("T")

LINES = (
    "buy btc 100usdt",
    "buy btc 0.01",
    "buy btc 900usdt",
    "sell btc 0.001",
    "buy btc 0.001 @ 67000",
    "sell btc 0.002 @ 68000",
    "buy btc 0.001 @ 60000",
    "buy eth 50usdt",
    "sell btc 0.002 stop 67000",
    "sell btc 0.001 @ 67450 stop 67000",
    "buy btc 100usdt stop 68000",
    "buy btc 0.001 @ 67000 post",
    "buy btc 0.001 @ 67420 ioc",
)
PRICES = ("66900", "67412.3", "67500", "67990", "68100", "60000")
SENDS = (PLACE, "POST /spot/api/v1/stop-order")
DEATHS = (
    PLACE,
    "DELETE /spot/api/v1/stop-order/cancel",
    "DELETE /spot/api/v1/hf/orders/cancelAll",
    "GET /spot/api/v1/hf/orders/active/symbols",
)
"""Calls around which the process may die."""

QUICK = Deadlines(read=0.3, cancel=0.3, order=0.02)
PACE = Pace(first=0.1, cancels=0.2, look=0.1, ends=0.1)
"""Real seconds, while all pauses between them are driven: what is never answered costs the test no more."""

JOBS_EVERY = 5.0
CONVERGES_WITHIN = 130.0


class Died(BaseException):
    """The process was killed here; nothing of it catches this."""


class Bot(RuleBasedStateMachine):
    tickets: "Bundle[int]" = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory(prefix="machine-")
        self.desk = Starting(Path(self._folder.name), deadlines=QUICK)
        self.desk.pace = PACE
        self.desk.restart()
        self._watch_the_wire()
        self._updates = 10_000
        self._begun: dict[int, tuple[str, Person]] = {}
        """Updates that a bot died over: the next one handles them again."""
        self._done: dict[int, tuple[str, Person]] = {}
        self._tapped: set[int] = set()
        self._run(self.desk.opened())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def _watch_the_wire(self) -> None:
        """No byte of an order arrives but of one that was on the disk before, and while nothing is stopped."""
        inner = self.desk.wire._app

        async def watched(scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:  # noqa: ANN401 - ASGI
            if f"{scope['method']} {scope['path']}" not in SENDS:
                return await inner(scope, receive, send)
            body = await receive()
            self._leaves(json.loads(body["body"]))
            told = [body]

            async def again() -> Any:  # noqa: ANN401 - ASGI
                return told.pop() if told else await receive()

            return await inner(scope, again, send)

        self.desk.wire._app = watched

    def _leaves(self, body: dict[str, str]) -> None:
        with contextlib.closing(sqlite3.connect(f"{self.desk.path.as_uri()}?mode=ro", uri=True)) as reader:
            query = "SELECT id, state FROM tickets WHERE client_oid = ?"
            ((ticket_id, state),) = reader.execute(query, [body["clientOid"]])
            (stopped,) = reader.execute("SELECT count(*) FROM stops WHERE resumed_at IS NULL").fetchone()
        assert state == TicketState.SUBMITTING.value
        assert ticket_id in self._tapped, "an order leaves that its proposer never tapped"
        assert not stopped, "an order leaves while trading is stopped"

    def _alive(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """None when the process died over it, and the next one has come up, or when it was refused."""
        try:
            return self._run(work())
        except Died:
            self._come_up()
        except ChatbotError:
            pass
        return None

    def _come_up(self) -> None:
        """As `app` does it; what was kept and not ended is handled again."""
        self.desk.wire._before.clear()
        self.desk.wire._after.clear()
        self.desk.stopped_and_started()
        self._run(self._account())
        for update, (line, person) in list(self._begun.items()):
            self._run(self._proposed(update, line, person))

    async def _account(self) -> None:
        if self.desk.readiness.problem:
            await self.desk.readiness.account()

    async def _proposed(self, update: int, line: str, person: Person) -> int | None:
        """As the front does it: kept, handled, ended together with its card."""
        desk = self.desk
        desk.post.keep([(update, "{}")])
        self._begun[update] = line, person
        asking = Asking(person=person, chat_id=person.id, update_id=update, asked=f"/{line}")
        letters, ending, found = [], Ending.REFUSED, None
        try:
            ticket = await desk.trading.propose(order_of(line), asking)
        except ChatbotError:
            pass
        else:
            found, ending = ticket.id, Ending.DONE
            letters = [Letter(chat_id=person.id, lane=Lane.ANSWER, subject=Subject.TICKET, subject_id=ticket.id)]
        desk.post.finish(update, ending, letters)
        self._done[update] = self._begun.pop(update)
        return found

    @rule(target=tickets, line=st.sampled_from(LINES), person=st.sampled_from((ANNA, BEN)))
    def proposes(self, line: str, person: Person) -> Any:  # noqa: ANN401 - hypothesis's own
        self._updates += 1
        found = self._alive(lambda: self._proposed(self._updates, line, person))
        return multiple() if found is None else found

    @rule(target=tickets, line=st.sampled_from(LINES), dies=st.sampled_from(("", "", "between", "before", "after")))
    def orders(self, line: str, dies: str) -> Any:  # noqa: ANN401 - hypothesis's own
        """From the words through the tap in one go."""
        found = self.proposes(line, ANNA)
        if isinstance(found, int):
            self.taps(found, False, dies)
        return found

    @precondition(lambda self: self._done)
    @rule(data=st.data())
    def comes_again(self, data: st.DataObject) -> None:
        """An update that was handled: it changes nothing."""
        update = data.draw(st.sampled_from(sorted(self._done)))
        before = self._rows("SELECT * FROM tickets"), self._rows("SELECT id FROM outbox")
        line, person = self._done[update]
        known = self._rows(f"SELECT id FROM tickets WHERE update_id = {update}")  # noqa: S608 - a number
        if known:
            self._alive(lambda: self._proposed(update, line, person))
            assert (self._rows("SELECT * FROM tickets"), self._rows("SELECT id FROM outbox")) == before

    @rule(ticket=tickets, twice=st.booleans(), dies=st.sampled_from(("", "", "", "between", "before", "after")))
    def taps(self, ticket: int, twice: bool, dies: str) -> None:
        """The proposer's Confirm, once or from two devices at once."""
        card = self.desk.trading.ticket(ticket)
        person = ANNA if card.person_id == ANNA.id else BEN
        self._tapped.add(ticket)

        async def tap() -> None:
            aware = self.desk.trading.ticket(ticket).waiting.warned
            taken = await self.desk.trading.confirm(ticket, person, card.card_id, aware)
            if taken.state is not TicketState.SUBMITTING:
                return
            if dies == "between":
                raise Died
            self._dies(SENDS[taken.spec.trigger is not None], dies)
            await self.desk.trading.submit(taken)

        async def taps() -> None:
            results = await asyncio.gather(*(tap() for _ in range(2 if twice else 1)), return_exceptions=True)
            for result in results:
                if isinstance(result, Died) or (isinstance(result, Exception) and not isinstance(result, ChatbotError)):
                    raise result

        self._alive(taps)

    def _dies(self, line: str, when: str) -> None:
        if when == "before":
            self.desk.wire.before(line, _die)
        elif when == "after":
            self.desk.wire.after(line, _die)

    @rule(ticket=tickets)
    def somebody_else_taps(self, ticket: int) -> None:
        card = self.desk.trading.ticket(ticket)
        other = BEN if card.person_id == ANNA.id else ANNA
        with pytest.raises((TicketGone, NotAllowed)):
            self._run(self.desk.trading.confirm(ticket, other, card.card_id))
        with pytest.raises(TicketGone):
            self._run(self.desk.trading.confirm(ticket, other, card.card_id + 1))

    @rule(ticket=consumes(tickets))
    def declines(self, ticket: int) -> None:
        card = self.desk.trading.ticket(ticket)
        person = ANNA if card.person_id == ANNA.id else BEN
        with contextlib.suppress(TicketGone):
            self.desk.trading.decline(ticket, person, card.card_id)

    @rule(ticket=tickets, dies=st.booleans())
    def cancels(self, ticket: int, dies: bool) -> None:
        order = self.desk.trading.ticket(ticket)
        if dies and order.state is TicketState.PARKED:
            self._dies(DEATHS[1], "after")
        elif dies and order.order_id:
            self._dies(f"DELETE /spot/api/v1/hf/orders/{order.order_id}", "after")
        self._alive(lambda: self.desk.cancelling.cancel(order.name))

    @rule(dies=st.sampled_from(("", "", "at once", *DEATHS[1:])))
    def kills(self, dies: str) -> None:
        self._updates += 1
        update = self._updates

        async def kill() -> None:
            self.desk.post.keep([(update, "{}")])
            stop = self.desk.killswitch.kill(ANNA.name, ANNA.id, update)
            assert self.desk.killswitch.standing() is not None
            self.desk.post.finish(update, Ending.DONE)
            if dies == "at once":
                raise Died
            self._dies(dies, "after" if dies else "")
            await self.desk.killswitch.sweep(stop)

        self._alive(kill)
        assert self.desk.killswitch.standing() is not None, "a kill stands until somebody resumes"

    @rule(early=st.booleans())
    def resumes(self, early: bool) -> None:
        """`early`: what was typed before the kill. It never ends it."""
        stop = self.desk.killswitch.standing()
        self._updates += 1
        if early and stop is not None:
            before = self._rows(f"SELECT min(update_id) FROM stop_updates WHERE stop_id = {stop.id}")[0][0]  # noqa: S608
            if before is not None and self.desk.time() - stop.at < timedelta(seconds=60):
                with pytest.raises(Refused):
                    self.desk.killswitch.resume(ANNA.name, "too early", before - 1)
                assert self.desk.killswitch.standing() is not None
            return
        with contextlib.suppress(Refused):
            self.desk.killswitch.resume(ANNA.name, "go on", self._updates)

    @rule(price=st.sampled_from(PRICES))
    def prices_move(self, price: str) -> None:
        self.desk.price(price)
        self.desk.wait(1)

    @rule()
    def somebody_trades_elsewhere(self) -> None:
        self.desk.elsewhere()

    @rule(seconds=st.sampled_from((1, 5, 20, 61, 300, 3600)))
    def time_passes(self, seconds: int) -> None:
        self.desk.wait(seconds)
        self._alive(self._jobs)

    @rule(hours=st.sampled_from((-1, 1)))
    def the_clock_is_set(self, hours: int) -> None:
        """Of the host, by hand; the next call to KuCoin finds out."""
        self.desk.clock_off = timedelta(hours=hours) if not self.desk.clock_off else timedelta(0)

    @rule(
        fault=st.sampled_from([f for f in Fault if not f.name.startswith("FEED") and f not in (Fault.SLOW, Fault.HUGE)])
    )
    def something_breaks(self, fault: Fault) -> None:
        self.desk.switch(fault)

    @precondition(lambda self: self.desk.faults._on)
    @rule()
    def all_is_mended(self) -> None:
        self.desk.faults.clear()

    @rule()
    def dies(self) -> None:
        self._come_up()

    async def _jobs(self) -> None:
        """What the clock does: once each."""
        desk = self.desk
        desk.trading.expire_overdue()
        await self._account()
        await desk.reconciler.follow()
        await desk.reconciler.watch_lost()
        await desk.killswitch.finish_unfinished()

    @invariant()
    def what_holds_in_trouble_holds(self) -> None:
        desk = self.desk
        check_promises(desk.store, desk.exchange, quiet=False)
        assert desk.store.orders.spent_on_day_of(desk.time()) <= LIMITS.daily_max + Decimal(5)

    def teardown(self) -> None:
        try:
            self._converges()
        finally:
            self.desk.stop()
            self._runner.close()
            self._folder.cleanup()

    def _converges(self) -> None:
        desk = self.desk
        desk.faults.clear()
        desk.wire._before.clear()
        desk.wire._after.clear()
        desk.clock_off = timedelta(0)
        began = desk.time()
        while (desk.time() - began).total_seconds() < CONVERGES_WITHIN:
            self._run(self._jobs())
            desk.wait(JOBS_EVERY)
        check_promises(desk.store, desk.exchange)
        if desk.killswitch.standing() is not None:
            ours = [o for o in desk.exchange.orders.values() if o.request.client_oid.startswith(OUR_PREFIX)]
            assert [o for o in ours if o.active] == [], "stopped, and something of ours rests"
        before = self._rows("SELECT * FROM tickets")
        self._run(self._jobs())
        self._run(self._jobs())
        assert self._rows("SELECT * FROM tickets") == before, "looking again changes something"

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return list(self.desk.store.db.execute(query).fetchall())


def _die() -> None:
    raise Died


def _tried(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


def test_whatever_happens_in_whatever_order_what_is_promised_holds() -> None:
    run_machine(Bot, settings=_tried(60, 30))


@pytest.mark.long
def test_ten_times_as_much_happens_and_what_is_promised_holds() -> None:
    run_machine(Bot, settings=_tried(600, 30))
