"""The steps of a wizard: every line that a tap makes is one that a person could have typed, and means the same."""

from dataclasses import replace
from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat import parsing
from chatbot.chat.messages import Question
from chatbot.chat.parsing_alerts import wish
from chatbot.chat.views import questions as views
from chatbot.chat.views import wizards
from chatbot.core.alerts import AlertKind
from chatbot.core.orders import Side
from tests.chat.desk import NOON
from tests.chat.shown import labels, shown
from tests.chat.test_chat_views_market import PERPETUAL, SPOT

PRICES = st.decimals("0.1", "1e7", allow_nan=False, allow_infinity=False, places=1)
AMOUNTS = (("25 %", "25%"), ("max", "max"), ("50 USDT", "50usdt"))
NOW = Decimal("67412.3")


def _lines(question: Question) -> list[str]:
    shown(wizards.card(question))
    return [choice.line for row in question.choices for choice in row]


@given(now=PRICES, side=st.sampled_from(Side))
def test_a_wizards_order_is_the_draft_of_its_one_liner(now: Decimal, side: Side) -> None:
    head = f"/{side.value} "
    (started,) = _lines(views.coin(head.strip(), "What?", [views.word_of(SPOT)]))
    assert started == f"{head}BTC"
    for line, (_, amount) in zip(_lines(views.amount(side, SPOT, started, AMOUNTS)), AMOUNTS, strict=True):
        at_market, limited = _lines(views.kind(side, SPOT, line, now))
        assert parsing.order(side, at_market.removeprefix(head)) == parsing.order(side, f"BTC {amount}")
        for whole in _lines(views.price(side, SPOT, limited, now)):
            _, _, price = whole.partition(" @ ")
            draft = parsing.order(side, whole.removeprefix(head))
            assert draft == parsing.order(side, f"BTC {amount} @ {price}")
            assert draft.price == SPOT.round_price(Decimal(price))
            assert (draft.price < now) == (side is Side.BUY) or draft.price == now


@given(now=PRICES)
def test_a_wizards_alert_is_the_wish_of_its_one_liner(now: Decimal) -> None:
    found = [
        wish(line.removeprefix("/alert "), NOON, UTC)
        for ask in (views.alert_price, views.alert_move)
        for line in _lines(ask(SPOT, "BTC", now))
    ]
    assert [each.kind for each in found] == [AlertKind.PRICE] * 6 + [AlertKind.MOVE] * 6
    assert {each.word for each in found} == {"BTC"}
    assert len(set(found)) == len(found)


def test_every_funding_question_is_one_that_can_be_typed() -> None:
    lines = _lines(views.alert_funding("BTC", Decimal("0.000145")))
    kinds = {wish(line.removeprefix("/alert "), NOON, UTC).kind for line in lines}
    assert kinds == {kind for kind in AlertKind if kind.funding}


@given(now=PRICES)
def test_the_hint_of_a_question_is_an_answer_to_it(now: Decimal) -> None:
    for side in Side:
        asked = views.price(side, SPOT, f"/{side.value} BTC 50usdt @", now)
        parsing.order(side, f"{asked.asks} {asked.hint}".removeprefix(f"/{side.value} "))
    level = views.alert_price(SPOT, "BTC", now).hint.partition(" ")[0]
    assert wish(f"BTC > {level}", NOON, UTC).level == Decimal(level) >= now
    assert wish(f"BTC {views.alert_move(SPOT, 'BTC', now).hint}", NOON, UTC).kind is AlertKind.MOVE


@pytest.mark.parametrize(("instrument", "word"), [(SPOT, "BTC"), (PERPETUAL, "XBTUSDTM")])
def test_a_coin_is_called_by_the_shortest_name_that_means_it(instrument: object, word: str) -> None:
    assert instrument in (SPOT, PERPETUAL)
    assert views.word_of(SPOT if instrument is SPOT else PERPETUAL)[0] == word
    assert views.word_of(replace(SPOT, quote="BTC"))[0] == SPOT.symbol


def test_a_question_that_is_typed_at_once_has_no_other_button() -> None:
    price = views.price(Side.BUY, SPOT, "/buy BTC 50usdt @", NOW)
    assert labels(wizards.card(price))[-1:] == ["Cancel"]
    assert "Other…" not in labels(wizards.card(price))
    assert "Other…" not in labels(wizards.card(views.kind(Side.BUY, SPOT, "/buy BTC 50usdt", NOW)))
    assert labels(wizards.card(views.alert_kind("")))[-2:] == ["Other…", "Cancel"]


def test_orders_are_offered_where_there_can_be_any() -> None:
    assert labels(views.about(SPOT, may_trade=True, charts=True)) == ["Price", "Alert", "Chart", "Buy", "Sell", "Watch"]
    assert labels(views.about(SPOT, may_trade=False, charts=False)) == ["Price", "Alert", "Watch"]
    assert "Buy" not in labels(views.about(PERPETUAL, may_trade=True, charts=True))
