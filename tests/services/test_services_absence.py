from datetime import timedelta

from chatbot.core.notices import LetterState
from chatbot.sandbox.faults import Fault
from chatbot.services.absence import TOLD_AFTER, Absence, AbsenceWording
from tests.services.desk import ANNA, Desk, story

WORDING = AbsenceWording(away=lambda since: f"away since {since:%H:%M}", back=lambda span: f"back after {span}")
MINUTE = timedelta(minutes=1)


def watch(desk: Desk) -> Absence:
    return Absence(exchange=desk.kucoin, store=desk.store, owners=[ANNA.id], wording=WORDING, now=desk.time)


async def pass_time(desk: Desk, absence: Absence, minutes: int) -> None:
    """As the clock's job does it. A question in vain takes its time, too."""
    until = desk.time() + minutes * MINUTE
    while desk.time() < until:
        desk.wait(60)
        await absence.look()


@story
async def test_an_absence_is_told_ever_more_rarely_and_its_end_once(desk: Desk) -> None:
    absence = watch(desk)
    await pass_time(desk, absence, 2)
    desk.switch(Fault.UNAVAILABLE)
    began = desk.time()
    await pass_time(desk, absence, 2)
    assert desk.letters() == []
    await pass_time(desk, absence, 10)
    assert len(desk.letters()) == 1
    await pass_time(desk, absence, 40)
    assert len(desk.letters()) == 3
    desk.switch(Fault.UNAVAILABLE, on=False)
    await pass_time(desk, absence, 3)
    *away, back = desk.letters()
    assert len(set(away)) == 1
    assert away[0] == f"away since {began + MINUTE:%H:%M}"
    assert back.startswith("back after 0:5")
    assert len(desk.letters()) == 4


@story
async def test_a_short_absence_is_no_word_worth(desk: Desk) -> None:
    absence = watch(desk)
    desk.switch(Fault.UNAVAILABLE)
    await absence.look()
    desk.wait(TOLD_AFTER.total_seconds() / 2)
    desk.switch(Fault.UNAVAILABLE, on=False)
    await absence.look()
    desk.wait(TOLD_AFTER.total_seconds())
    desk.switch(Fault.UNAVAILABLE)
    await absence.look()
    assert desk.letters() == []


@story
async def test_a_restart_in_an_absence_neither_repeats_it_nor_forgets_its_end(desk: Desk) -> None:
    absence = watch(desk)
    desk.switch(Fault.UNAVAILABLE)
    await pass_time(desk, absence, 6)
    assert len(desk.letters()) == 1
    desk.restart()
    absence = watch(desk)
    await pass_time(desk, absence, 6)
    assert len(desk.letters()) == 1
    desk.switch(Fault.UNAVAILABLE, on=False)
    await pass_time(desk, absence, 1)
    assert desk.letters()[-1].startswith("back after 0:1")
    states = {letter.state for letter in desk.store.outbox.due(9)}
    assert states == {LetterState.PENDING}
