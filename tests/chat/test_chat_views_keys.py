"""What owners read about the API keys."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from chatbot.chat.views import keys as views
from chatbot.core.account import KeyInfo
from chatbot.core.keys import Gravity, KeyNews, KeyRules, Keys, SeenKey, Topic, Verdict, judge
from chatbot.core.market import Venue
from tests.chat.desk import NOON
from tests.chat.shown import hostile, in_view, visible

NOTHING = KeyNews(rights=(), warnings=(), held="", mend="", free=False)
RULES = KeyRules(venues=frozenset(Venue), accept_transfer=True, uid="1")
INFO = KeyInfo(
    permissions=frozenset({"Spot", "General", "Transfer", "Earn"}),
    ip_bound=False,
    version=2,
    uid="1",
    master=True,
    created_at=NOON - timedelta(days=95),
)
EARN = Verdict(topic=Topic.RIGHTS, gravity=Gravity.WARNING, words="may Earn", mend="take Earn away from it")


def seen(info: KeyInfo = INFO) -> SeenKey:
    return SeenKey(name="key", info=info, verdicts=judge(info, RULES, NOON))


def test_a_hold_is_told_with_its_reason_and_its_remedy() -> None:
    held = replace(NOTHING, held="the key lacks the right Spot", mend="add it", rights=(("key", "Spot", False),))
    assert visible(views.news(held)).split("\n") == [
        "Orders are held: the key lacks the right Spot.",
        "What to do: add it. Alerts and cancels go on.",
        "The rights of the key changed: it lost Spot.",
    ]


def test_its_end_and_what_changed_are_told() -> None:
    free = replace(NOTHING, free=True, rights=(("spot key", "Earn", True),), warnings=(("spot key", EARN),))
    assert visible(views.news(free)).split("\n") == [
        "Orders may leave again: the KuCoin key is in order.",
        "The rights of the spot key changed: it now has Earn.",
        "The spot key may Earn. Better take Earn away from it.",
    ]


def test_age_is_told_with_what_to_do() -> None:
    old = Verdict(topic=Topic.AGE, gravity=Gravity.ADVICE, words="is 60 days old", mend="make a new one")
    assert visible(views.aged("Telegram token", old)) == "The Telegram token is 60 days old: make a new one."


def test_a_sound_key_is_one_line() -> None:
    sound = replace(
        INFO, permissions=frozenset({"General", "Spot"}), ip_bound=True, version=3, created_at=NOON, master=True
    )
    assert [visible(line) for line in views.standing(Keys(seen=(seen(sound),)))] == ["key General, Spot; IP bound"]
    assert views.standing(Keys()) == []


def test_what_is_wrong_and_what_was_accepted_is_shown_every_time() -> None:
    shown = [visible(line) for line in views.standing(Keys(seen=(seen(),), held="the key is lost"))]
    assert shown[:3] == [
        "orders are held: the key is lost",
        "key Earn, General, Spot, Transfer; not bound to an IP",
        "the key has the right Transfer, which KUCOIN_ACCEPT_TRANSFER_RIGHT accepts",
    ]
    for words in ("may Earn", "works from any address", "version 2", "95 days old"):
        assert sum(words in line for line in shown) == 1
    assert not any("main account" in line for line in shown), "advice is for the check"


@given(name=hostile)
def test_a_right_by_any_name_is_text(name: str) -> None:
    told = replace(NOTHING, held=name, mend=name, rights=(("key", name, True),))
    assert in_view(name) in visible(views.news(told)) or not name.strip()
    shown = views.standing(Keys(seen=(seen(replace(INFO, permissions=frozenset({name}))),), held=name))
    assert all(visible(line) is not None for line in shown)


@pytest.mark.parametrize("length", [10, 10_000])
def test_what_kucoin_sends_cannot_fill_the_chat(length: int) -> None:
    assert len(views.news(replace(NOTHING, held="x" * length, mend="y" * length))) < 1000
