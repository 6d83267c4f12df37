"""Letters that tell of tickets and kills: an edit of the card is never news, news is never an edit."""

from chatbot.core.notices import Lane, Letter, Subject
from chatbot.core.preferences import Kind
from chatbot.services.letters import card_edit, card_news, stop_edit
from tests.services.desk import Desk, story


@story
async def test_an_edit_redraws_the_card_and_news_answers_it(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 100usdt")
    same = {"chat_id": 7, "lane": Lane.ORDER, "subject": Subject.TICKET, "subject_id": ticket.id}
    assert card_edit(ticket) == Letter(**same, edits=ticket.card_id)  # type: ignore[arg-type]
    assert card_news(ticket) == Letter(**same, follows=ticket.card_id, kind=Kind.ORDERS)  # type: ignore[arg-type]


def test_what_tells_of_a_kill_goes_before_everything_else(desk: Desk) -> None:
    desk.kill()
    stop = desk.found()
    edit = stop_edit(stop)
    assert (edit.lane, edit.subject, edit.subject_id, edit.edits) == (
        min(Lane),
        Subject.STOP,
        stop.id,
        stop.card_id,
    )


@story
async def test_of_several_edits_only_the_latest_waits(desk: Desk) -> None:
    ticket = await desk.propose("buy btc 100usdt")
    for _ in range(3):
        desk.store.outbox.put(card_edit(ticket))
    desk.store.outbox.put(card_news(ticket))
    assert len(desk.told()) == 2
