"""Every rule about API keys, its words and its remedy; and which sets of rights may trade at all."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.account import KeyInfo
from chatbot.core.keys import Gravity, KeyRules, Topic, Verdict, judge, reminder
from chatbot.core.market import Venue

NOON = datetime(2026, 2, 16, 12, tzinfo=UTC)
SOUND = KeyInfo(
    permissions=frozenset({"General", "Spot", "Futures"}),
    ip_bound=True,
    version=3,
    uid="7",
    master=False,
    created_at=NOON - timedelta(days=1),
)
BOTH = KeyRules(venues=frozenset(Venue), accept_transfer=False, uid="7")
SPOT_ONLY = replace(BOTH, venues=frozenset({Venue.SPOT}))
FUTURES_ONLY = replace(BOTH, venues=frozenset({Venue.FUTURES}))
RIGHTS = ("Spot", "Futures", "Margin", "Earn", "InnerTransfer", "Transfer")


def verdicts(rules: KeyRules = BOTH, *, rights: str = "", **changes: Any) -> list[Verdict]:  # noqa: ANN401 - of KeyInfo
    """Of the sound key with these changes; `rights` are those it has more (`+Earn`) or less (`-Spot`)."""
    names = rights.split()
    has = (SOUND.permissions | {n[1:] for n in names if n[0] == "+"}) - {n[1:] for n in names if n[0] == "-"}
    return list(judge(replace(SOUND, permissions=has, **changes), rules, NOON))


def may_trade(found: Iterable[Verdict]) -> bool:
    return all(verdict.gravity < Gravity.READ_ONLY for verdict in found)


def test_a_sound_key_has_nothing_to_mend() -> None:
    assert verdicts() == verdicts(SPOT_ONLY) == verdicts(FUTURES_ONLY) == []


@pytest.mark.parametrize(
    ("rules", "rights", "gravity", "words", "mend"),
    [
        (BOTH, "+Transfer", Gravity.REFUSED, "may Transfer", "take Transfer away"),
        (BOTH, "+Withdrawal", Gravity.REFUSED, "may Withdrawal", "take Withdrawal away"),
        (BOTH, "+FlexTransfers +Transfer", Gravity.REFUSED, "may FlexTransfers, Transfer", "take FlexTransfers, "),
        (BOTH, "+transfer", Gravity.REFUSED, "right transfer, which I do not know", "take transfer away"),
        (BOTH, "+Lending", Gravity.REFUSED, "right Lending, which I do not know", "KUCOIN_ACCEPT_TRANSFER_RIGHT"),
        (BOTH, "+InnerTransfer", Gravity.WARNING, "may InnerTransfer, which I have no use for", "take Inner"),
        (BOTH, "+Earn +Margin", Gravity.WARNING, "may Earn, Margin, which I have no use for", "take Earn, Margin"),
        (BOTH, "-Spot", Gravity.READ_ONLY, "lacks the right Spot", "add the right Spot"),
        (BOTH, "-General -Spot", Gravity.READ_ONLY, "lacks the right General, Spot", "add the right General, Spot"),
        (BOTH, "-Futures", Gravity.ADVICE, "lacks the right Futures", "add the right Futures"),
        (SPOT_ONLY, "-Futures", None, "", ""),
        (FUTURES_ONLY, "-Spot", None, "", ""),
        (FUTURES_ONLY, "-Futures", Gravity.WARNING, "lacks the right Futures", "add the right Futures"),
        (FUTURES_ONLY, "+Transfer", Gravity.REFUSED, "may Transfer", "take Transfer away"),
    ],
)
def test_rights_are_judged(rules: KeyRules, rights: str, gravity: Gravity | None, words: str, mend: str) -> None:
    found = verdicts(rules, rights=rights)
    if gravity is None:
        assert found == []
        return
    [verdict] = found
    assert (verdict.topic, verdict.gravity) == (Topic.RIGHTS, gravity)
    assert words in verdict.words
    assert mend in verdict.mend


@pytest.mark.parametrize(
    ("changes", "topic", "gravity", "words", "mend"),
    [
        ({"ip_bound": False}, Topic.ADDRESS, Gravity.WARNING, "any address", "bind it to this host's address"),
        ({"version": 2}, Topic.VERSION, Gravity.WARNING, "version 2", "make a new key"),
        ({"version": 1}, Topic.VERSION, Gravity.WARNING, "version 1", "make a new key"),
        ({"master": True}, Topic.ACCOUNT, Gravity.ADVICE, "main account", "sub-account"),
        ({"uid": "8"}, Topic.ACCOUNT, Gravity.REFUSED, "account 8", "account 7"),
        ({"created_at": NOON - timedelta(days=60)}, Topic.AGE, Gravity.ADVICE, "60 days old", "make a new one"),
        ({"created_at": NOON - timedelta(days=90)}, Topic.AGE, Gravity.WARNING, "90 days old", "make a new one"),
        ({"created_at": NOON - timedelta(days=400)}, Topic.AGE, Gravity.WARNING, "400 days old", "make a new one"),
    ],
)
def test_everything_else_about_a_key_is_judged(
    changes: dict[str, Any], topic: Topic, gravity: Gravity, words: str, mend: str
) -> None:
    [verdict] = verdicts(**changes)
    assert (verdict.topic, verdict.gravity) == (topic, gravity)
    assert words in verdict.words
    assert mend in verdict.mend


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 4},
        {"version": 0},  # not said
        {"uid": ""},  # not said
        {"created_at": NOON - timedelta(days=59, hours=23)},
        {"created_at": NOON + timedelta(days=1)},
    ],
)
def test_what_is_well_or_was_not_said_is_no_breach(changes: dict[str, Any]) -> None:
    assert verdicts(**changes) == []


def test_the_address_kucoin_sees_is_named_where_it_is_known() -> None:
    [verdict] = verdicts(replace(BOTH, address="203.0.113.7"), ip_bound=False)
    assert "bind it to 203.0.113.7" in verdict.mend


def test_any_account_will_do_until_one_is_remembered() -> None:
    assert verdicts(replace(BOTH, uid="")) == []


def test_what_the_settings_accept_is_still_told_and_never_hides_a_missing_right() -> None:
    accepting = replace(BOTH, accept_transfer=True)
    [verdict] = verdicts(accepting, rights="+Transfer +Lending")
    assert verdict.gravity is Gravity.WARNING
    assert verdict.accepted
    assert "Lending, Transfer" in verdict.words
    assert "KUCOIN_ACCEPT_TRANSFER_RIGHT" in verdict.words
    gravest = verdicts(accepting, rights="+Transfer -Spot")[0]
    assert gravest.gravity is Gravity.READ_ONLY


def test_the_gravest_comes_first() -> None:
    found = verdicts(rights="+Transfer -Spot +Earn", master=True)
    assert [v.gravity for v in found] == sorted((v.gravity for v in found), reverse=True)
    assert len({v.gravity for v in found}) == 4


@pytest.mark.parametrize(
    "rights", list(chain.from_iterable(combinations(RIGHTS, size) for size in range(len(RIGHTS) + 1)))
)
@pytest.mark.parametrize("general", [True, False])
def test_of_all_sets_of_rights_only_the_allowed_ones_trade(rights: tuple[str, ...], *, general: bool) -> None:
    key = replace(SOUND, permissions=frozenset(rights) | ({"General"} if general else set()))
    allowed = general and "Spot" in rights and "Transfer" not in rights
    assert may_trade(judge(key, BOTH, NOON)) == allowed
    accepting = replace(BOTH, accept_transfer=True)
    assert may_trade(judge(key, accepting, NOON)) == (general and "Spot" in rights)


@given(rights=st.frozensets(st.sampled_from([*RIGHTS, "General"]) | st.text(max_size=12)), master=st.booleans())
def test_no_set_with_a_right_outside_the_list_ever_trades(rights: frozenset[str], *, master: bool) -> None:
    found = judge(replace(SOUND, permissions=rights, master=master), BOTH, NOON)
    outside = rights - {"General", "Spot", "Futures", "Margin", "Earn", "InnerTransfer"}
    assert may_trade(found) == (not outside and {"General", "Spot"} <= rights)
    assert all(v.mend and v.words for v in found)


@pytest.mark.parametrize(
    ("days", "other_days", "same"),
    [
        (0, 59, True),
        (59, 60, False),
        (60, 89, True),
        (89, 90, False),
        (90, 96, True),
        (96, 97, False),
        (173, 174, False),
        (179, 180, False),
        (180, 181, False),
        (500, 501, False),
    ],
)
def test_a_key_is_brought_to_mind_once_then_weekly_then_daily(days: int, other_days: int, *, same: bool) -> None:
    first, second = (reminder(NOON - timedelta(days=n, hours=1), NOON) for n in (days, other_days))
    assert (first == second) == same
    assert bool(first) == (days >= 60)
