"""The guard over the keys: what it lets trade, what it tells the owners, once, and what it does not believe.

F28: a key revoked, bound elsewhere or short of a right while the bot runs stops orders and nothing else.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import chain, combinations
from typing import Any

import pytest

from chatbot.core.complaints import AGAIN
from chatbot.core.errors import BadCredentials, Refused
from chatbot.core.keys import Gravity, KeyNews
from chatbot.core.market import Venue
from chatbot.core.orders import TicketState
from chatbot.kucoin.account import Account
from chatbot.kucoin.market import Market
from chatbot.kucoin.orders import Orders
from chatbot.kucoin.rest import Host, Rest
from chatbot.kucoin.signing import Credentials
from chatbot.sandbox.faults import Fault
from chatbot.sandbox.kucoin_auth import ApiKey
from chatbot.services.exchange import Exchange
from chatbot.services.key_guard import AWAKE, AWAY, EVERY, PAUSE, GuardedKey, GuardRules, KeyGuard, Wording
from chatbot.services.trading import Trading
from tests.sandbox.kucoin_caller import api_key
from tests.services.desk import ANNA, BEN, PATIENT, Desk, story

MODE = "GET /spot/api/ua/v1/account/mode"
KEY = "GET /spot/api/v1/user/api-key"
ONE = (GuardedKey(name="key", asked=Venue.SPOT, venues=frozenset(Venue)),)
TWO = (
    GuardedKey(name="spot key", asked=Venue.SPOT, venues=frozenset({Venue.SPOT})),
    GuardedKey(name="futures key", asked=Venue.FUTURES, venues=frozenset({Venue.FUTURES})),
)
RIGHTS = ("Spot", "Futures", "Margin", "Earn", "InnerTransfer", "Transfer")
BOUND = frozenset({"127.0.0.1"})
SECOND = api_key(key="key-two", secret="secret-two", ips=BOUND, is_master=False, permissions={"General", "Futures"})


def worded(news: KeyNews) -> str:
    parts = [f"{name} {'+' if more else '-'}{right}" for name, right, more in news.rights]
    parts += [f"{name} {verdict.words} -> {verdict.mend}" for name, verdict in news.warnings]
    parts += [f"HELD {news.held} -> {news.mend}"] if news.held else []
    return "; ".join(parts + (["FREE"] if news.free else []))


WORDING = Wording(news=worded, aged=lambda name, verdict: f"{name} {verdict.words}")


class Guarded:
    """A desk whose orders pass the guard; the key is bound and of a sub-account until it is changed."""

    def __init__(
        self, desk: Desk, *, keys: tuple[GuardedKey, ...] = ONE, accept: bool = False, token: str = ""
    ) -> None:
        self.desk = desk
        self.rules = GuardRules(keys=keys, accept_transfer=accept, owners=frozenset({ANNA.id}), token=token)
        self.set(ips=BOUND, is_master=False)
        self.desk.face.keys[SECOND.key] = SECOND
        self.start()

    def start(self) -> None:
        desk = self.desk
        pools = desk.pools()
        spot, futures = self._rest(Venue.SPOT, desk.key, pools), self._rest(Venue.FUTURES, SECOND, pools)
        if self.rules.keys == ONE:
            futures = self._rest(Venue.FUTURES, desk.key, pools)
        self.exchange = Exchange(
            market=Market(spot, futures), account=Account(spot, futures), orders=Orders(spot, futures)
        )
        self.guard = KeyGuard(
            exchange=self.exchange, store=desk.store, rules=self.rules, wording=WORDING, now=desk.time, steady=desk.time
        )
        desk.trading = Trading(
            exchange=self.exchange,
            markets=desk.markets,
            reconciler=desk.reconciler,
            store=desk.store,
            rules=desk.rules,
            guards=replace(desk.guards, holds=[self.guard.hold]),
        )

    def _rest(self, venue: Venue, key: ApiKey, pools: Any) -> Rest:  # noqa: ANN401 - Pools
        host = Host(
            url=f"http://kucoin/{venue.value}",
            venue=venue,
            credentials=Credentials(key=key.key, secret=key.secret, passphrase=key.passphrase),
            app=self.desk.wire,
            deadlines=PATIENT,
            refused=lambda: self.guard.suspect(),
        )
        return Rest(host, clock=self.desk.clock, pools=pools, sleep=self.desk.sleep)

    def restart(self) -> None:
        self.desk.restart()
        self.start()

    def set(self, *, key: str = "key-one", **changes: Any) -> None:  # noqa: ANN401 - of ApiKey
        keys = self.desk.face.keys
        keys[key] = replace(keys[key], **changes)

    def permit(self, *rights: str, key: str = "key-one") -> None:
        self.set(key=key, permissions=frozenset({"General", *rights}))

    def revoke(self, key: str = "key-one") -> ApiKey:
        return self.desk.face.keys.pop(key)

    async def pass_time(self, span: timedelta | float) -> None:
        """As the clock's job does: a look whenever one is due."""
        self.desk.wait(span.total_seconds() if isinstance(span, timedelta) else span)
        await self.guard.tick()

    @property
    def asked(self) -> int:
        return self.desk.wire.lines.count(KEY)

    def told(self) -> list[str]:
        found = self.desk.letters()
        self.desk.forget_letters()
        return found

    def refusal(self) -> str:
        try:
            self.guard.hold()
        except Refused as error:
            return str(error)
        return ""


@pytest.fixture
def guarded(desk: Desk) -> Guarded:
    return Guarded(desk)


@story
async def test_before_the_key_was_looked_at_no_order_leaves(guarded: Guarded) -> None:
    assert "not yet" in guarded.refusal()
    with pytest.raises(Refused, match="not yet"):
        await guarded.desk.propose("buy btc 100usdt")
    await guarded.guard.meet()
    assert guarded.desk.state(await guarded.desk.order("buy btc 100usdt")) is TicketState.FILLED
    assert guarded.told() == []


@story
async def test_where_no_key_trades_nothing_is_held_or_asked(desk: Desk) -> None:
    guarded = Guarded(desk, keys=())
    await guarded.guard.meet()
    await guarded.pass_time(EVERY)
    assert (guarded.refusal(), guarded.asked) == ("", 0)


@pytest.mark.parametrize("rights", ["Spot Transfer", "Spot FlexTransfers", "Spot Withdrawal", "Spot Futures Lending"])
@story
async def test_a_key_that_could_move_money_ends_the_start(guarded: Guarded, rights: str) -> None:
    guarded.permit(*rights.split())
    with pytest.raises(BadCredentials) as caught:
        await guarded.guard.meet()
    assert rights.split()[-1] in str(caught.value)
    assert "on KuCoin" in str(caught.value)
    assert guarded.refusal()
    assert guarded.told() == [], "who starts the bot reads it where it was started"
    assert guarded.desk.store.facts.get("key uid") is None


@story
async def test_a_key_kucoin_does_not_know_ends_the_start(guarded: Guarded) -> None:
    guarded.revoke()
    with pytest.raises(BadCredentials, match="400003"):
        await guarded.guard.meet()


@story
async def test_of_all_sets_of_rights_only_the_allowed_ones_trade(guarded: Guarded) -> None:
    guarded.permit("Spot")
    await guarded.guard.meet()
    for rights in chain.from_iterable(combinations(RIGHTS, size) for size in range(len(RIGHTS) + 1)):
        guarded.permit(*rights)
        await guarded.pass_time(EVERY)
        may = "Spot" in rights and "Transfer" not in rights
        assert (guarded.refusal() == "") == may, rights
        before = guarded.desk.posts
        if may:
            await guarded.desk.order("buy btc 1usdt")
        else:
            with pytest.raises(Refused):
                await guarded.desk.order("buy btc 1usdt")
        assert guarded.desk.posts - before == may


@story
async def test_what_the_settings_accept_may_trade_and_stands_among_the_verdicts(desk: Desk) -> None:
    guarded = Guarded(desk, accept=True)
    guarded.permit("Spot", "Futures", "Transfer")
    await guarded.guard.meet()
    assert guarded.refusal() == ""
    [seen] = guarded.guard.keys.seen
    assert [v.accepted for v in seen.verdicts] == [True]


@story
async def test_without_the_right_to_trade_it_looks_and_says_so(guarded: Guarded) -> None:
    guarded.permit("Futures")
    await guarded.guard.meet()
    assert "lacks the right Spot" in guarded.refusal()
    [told] = guarded.told()
    assert told.startswith("HELD the key lacks the right Spot")
    assert "-> add the right Spot" in told
    await guarded.pass_time(AWAY)
    guarded.restart()
    await guarded.guard.meet()
    assert guarded.told() == [], "once"
    await guarded.pass_time(AGAIN)
    guarded.restart()
    await guarded.guard.meet()
    assert guarded.told() == [told], "and after a while again"
    await guarded.pass_time(AGAIN)
    assert guarded.told() == []
    await guarded.pass_time(AGAIN)
    assert guarded.told() == [told]
    guarded.permit("Spot", "Futures")
    await guarded.pass_time(AWAY)
    assert guarded.refusal() == ""
    assert guarded.told() == ["key +Spot; FREE"]


FATES: list[tuple[str, Callable[[Guarded], object], str]] = [
    ("400003", lambda g: g.revoke(), "does not know this API key"),
    ("400004", lambda g: g.set(passphrase="another"), "passphrase"),
    ("400006", lambda g: g.set(ips=frozenset({"203.0.113.9"})), "from this address 127.0.0.1"),
    ("400007", lambda g: g.permit("Futures"), "lacks the right Spot"),
    ("rights", lambda g: g.permit("Spot", "Futures", "Transfer"), "may Transfer"),
]


@pytest.mark.parametrize(("name", "fate", "words"), FATES, ids=[name for name, _, _ in FATES])
@story
async def test_f28_a_key_lost_while_running_holds_orders_at_once_and_is_told_once(
    guarded: Guarded, name: str, fate: Callable[[Guarded], object], words: str
) -> None:
    await guarded.guard.meet()
    sound = guarded.desk.face.keys["key-one"]
    fate(guarded)
    if name == "rights":
        await guarded.pass_time(EVERY)
    else:
        with pytest.raises(BadCredentials, match=name):
            await guarded.exchange.orders.open_orders(Venue.SPOT)
        await guarded.pass_time(0)
    assert words in guarded.refusal()
    [told] = guarded.told()
    assert "HELD" in told
    assert words in told
    before = guarded.desk.posts
    with pytest.raises(Refused, match=words):
        await guarded.desk.order("buy btc 100usdt")
    for _ in range(5):
        await guarded.pass_time(AWAY)
    assert guarded.told() == []
    assert guarded.desk.posts == before
    rule = await guarded.desk.alert("BTC > 68000")
    guarded.desk.tick("68500")
    assert guarded.desk.fired() == [f"{rule.id}·1 68500 live"], "alerts go on"
    guarded.desk.forget_letters()

    guarded.desk.face.keys["key-one"] = sound
    await guarded.pass_time(AWAY)
    assert guarded.refusal() == ""
    assert guarded.told()[-1].endswith("FREE")
    for _ in range(3):
        await guarded.pass_time(EVERY)
    assert guarded.told() == []
    assert guarded.desk.state(await guarded.desk.order("buy btc 100usdt")) is TicketState.FILLED


@story
async def test_an_account_that_becomes_a_unified_one_holds_orders_until_it_is_none(guarded: Guarded) -> None:
    await guarded.guard.meet()
    guarded.desk.exchange.unified = True
    await guarded.pass_time(EVERY)
    assert "unified" in guarded.refusal()
    [told] = guarded.told()
    assert "HELD" in told
    guarded.desk.wire.broken.add(MODE)
    await guarded.pass_time(AWAY)
    assert "unified" in guarded.refusal(), "no answer changes nothing"
    guarded.desk.wire.broken.clear()
    guarded.desk.exchange.unified = False
    await guarded.pass_time(AWAY)
    assert guarded.refusal() == ""
    assert guarded.told()[-1].endswith("FREE")


@story
async def test_of_an_account_that_cannot_say_what_it_is_nothing_is_held(guarded: Guarded) -> None:
    guarded.desk.wire.broken.add(MODE)
    await guarded.guard.meet()
    assert guarded.refusal() == ""


@story
async def test_a_right_lost_between_card_and_tap_lets_nothing_leave(guarded: Guarded) -> None:
    await guarded.guard.meet()
    ticket = await guarded.desk.propose("buy btc 100usdt")
    guarded.permit("Spot", "Futures", "Transfer")
    await guarded.guard.look()
    with pytest.raises(Refused, match="may Transfer"):
        await guarded.desk.confirm(ticket)
    assert guarded.desk.posts == 0


@story
async def test_a_right_lost_between_tap_and_sending_lets_nothing_leave(guarded: Guarded) -> None:
    await guarded.guard.meet()
    ticket = await guarded.desk.confirm(await guarded.desk.propose("buy btc 100usdt"))
    guarded.permit("Spot", "Futures", "Transfer")
    await guarded.guard.look()
    await guarded.desk.trading.submit(ticket)
    assert guarded.desk.state(ticket) is TicketState.NOT_SENT
    assert guarded.desk.posts == 0


@story
async def test_an_order_refused_for_the_key_has_the_key_looked_at(guarded: Guarded) -> None:
    await guarded.guard.meet()
    ticket = await guarded.desk.confirm(await guarded.desk.propose("buy btc 100usdt"))
    guarded.permit("Futures")
    await guarded.desk.trading.submit(ticket)
    assert guarded.desk.state(ticket) is TicketState.REJECTED
    await guarded.pass_time(0)
    assert "lacks the right Spot" in guarded.refusal()


@story
async def test_a_kucoin_that_is_away_changes_nothing_and_is_asked_again_soon(guarded: Guarded) -> None:
    await guarded.guard.meet()
    guarded.desk.switch(Fault.UNAVAILABLE)
    await guarded.pass_time(EVERY)
    assert (guarded.refusal(), guarded.told()) == ("", [])
    guarded.permit("Futures")
    guarded.desk.faults.clear()
    asked = guarded.asked
    await guarded.pass_time(AWAY)
    assert guarded.asked == asked + 1
    assert "lacks the right Spot" in guarded.refusal()
    guarded.desk.switch(Fault.UNAVAILABLE)
    for _ in range(3):
        await guarded.pass_time(EVERY)
    assert "lacks the right Spot" in guarded.refusal(), "nor does it set free"


@story
async def test_a_kucoin_that_is_away_at_the_start_is_asked_again_until_it_answers(guarded: Guarded) -> None:
    guarded.desk.switch(Fault.UNAVAILABLE)
    await guarded.guard.meet()
    assert "not yet" in guarded.refusal()
    guarded.desk.faults.clear()
    await guarded.pass_time(AWAKE)
    assert guarded.refusal() == ""
    assert guarded.told() == []


@story
async def test_a_late_first_look_that_finds_a_bad_key_holds_it_and_tells(guarded: Guarded) -> None:
    guarded.desk.switch(Fault.UNAVAILABLE)
    await guarded.guard.meet()
    guarded.desk.faults.clear()
    guarded.permit("Spot", "Transfer")
    await guarded.pass_time(AWAKE)
    assert "may Transfer" in guarded.refusal()
    assert "HELD" in guarded.told()[0]


@story
async def test_it_looks_every_six_hours_and_not_between(guarded: Guarded) -> None:
    await guarded.guard.meet()
    assert timedelta(hours=6) == EVERY
    asked = guarded.asked
    for _ in range(5):
        await guarded.pass_time(timedelta(hours=1))
    assert guarded.asked == asked
    await guarded.pass_time(timedelta(hours=1))
    assert guarded.asked == asked + 1


@story
async def test_a_flood_of_refusals_asks_no_more_than_now_and_then(guarded: Guarded) -> None:
    guarded.permit("Spot")
    await guarded.guard.meet()
    asked = guarded.asked
    for _ in range(60):
        with pytest.raises(BadCredentials):
            await guarded.exchange.account.positions()
        await guarded.pass_time(1)
    assert 0 < guarded.asked - asked <= 60 / PAUSE.total_seconds() + 1
    assert (guarded.refusal(), guarded.told()) == ("", [])


@story
async def test_the_account_of_the_first_look_is_the_only_one_that_trades(guarded: Guarded) -> None:
    await guarded.guard.meet()
    guarded.set(uid=5)
    await guarded.pass_time(EVERY)
    assert "belongs to KuCoin account 5" in guarded.refusal()
    assert len(guarded.told()) == 1
    guarded.restart()
    with pytest.raises(BadCredentials, match="belongs to KuCoin account 5"):
        await guarded.guard.meet()
    guarded.set(uid=100_000_001)
    guarded.restart()
    await guarded.guard.meet()
    assert (guarded.refusal(), guarded.told()) == ("", ["FREE"])


@pytest.mark.parametrize(
    ("rights", "told"),
    [
        ("Spot Futures Earn", ["key +Earn", "key may Earn"]),
        ("Spot", ["key -Futures"]),
    ],
)
@story
async def test_rights_that_changed_are_told_to_the_owners_alone_and_once(
    guarded: Guarded, rights: str, told: list[str]
) -> None:
    await guarded.guard.meet()
    guarded.permit(*rights.split())
    guarded.restart()
    await guarded.guard.meet()
    assert guarded.desk.letters(BEN.id) == []
    [letter] = guarded.told()
    assert all(words in letter for words in told)
    await guarded.pass_time(EVERY)
    guarded.restart()
    await guarded.guard.meet()
    assert guarded.told() == []


@story
async def test_a_key_bound_to_no_address_is_warned_of_once_with_the_address_kucoin_sees(guarded: Guarded) -> None:
    guarded.set(ips=frozenset())
    await guarded.guard.meet()
    assert guarded.refusal() == ""
    [letter] = guarded.told()
    assert "works from any address" in letter
    assert "bind it to 127.0.0.1" in letter
    await guarded.pass_time(EVERY)
    assert guarded.told() == []


@story
async def test_an_address_that_cannot_be_asked_costs_no_verdict(guarded: Guarded) -> None:
    guarded.set(ips=frozenset())
    guarded.desk.wire.broken.add("GET /spot/api/v1/my-ip")
    await guarded.guard.meet()
    assert guarded.refusal() == ""
    assert "bind it to this host's address" in guarded.told()[0]


@story
async def test_of_two_keys_each_is_asked_and_either_can_hold(desk: Desk) -> None:
    guarded = Guarded(desk, keys=TWO)
    await guarded.guard.meet()
    assert [s.name for s in guarded.guard.keys.seen] == ["spot key", "futures key"]
    assert [v for s in guarded.guard.keys.seen for v in s.verdicts if v.gravity > Gravity.ADVICE] == []
    guarded.permit("Futures", "Transfer", key="key-two")
    await guarded.pass_time(EVERY)
    assert "the futures key may Transfer" in guarded.refusal()
    guarded.permit("Futures", key="key-two")
    await guarded.pass_time(AWAY)
    assert guarded.refusal() == ""
    guarded.revoke("key-two")
    await guarded.pass_time(EVERY)
    assert "does not know this API key" in guarded.refusal()


@story
async def test_two_keys_of_two_accounts_end_the_start(desk: Desk) -> None:
    guarded = Guarded(desk, keys=TWO)
    guarded.set(key="key-two", uid=8)
    with pytest.raises(BadCredentials, match="futures key belongs to KuCoin account 8"):
        await guarded.guard.meet()


@story
async def test_an_old_key_is_brought_to_mind_once_then_weekly_then_daily(guarded: Guarded) -> None:
    await guarded.guard.meet()
    reminders = []
    for day in range(1, 200):
        for _ in range(4):
            await guarded.pass_time(timedelta(hours=6))
        if letters := [letter for letter in guarded.told() if letter.startswith("key is ")]:
            assert len(letters) == 1
            reminders.append(day)
    weeks = list(range(90, 180, 7))
    assert [r for r in reminders if r < 180] == [60, *weeks]
    assert [r for r in reminders if r >= 180] == list(range(180, 200))


@story
async def test_the_bots_token_ages_from_the_day_it_was_first_seen_and_is_not_kept(desk: Desk) -> None:
    token = "7000001:canary-of-a-token"
    guarded = Guarded(desk, keys=(), token=token)
    await guarded.guard.meet()
    for _ in range(61):
        await guarded.pass_time(timedelta(days=1))
    assert [t.partition(" is ")[0] for t in guarded.told()] == ["Telegram token"]
    guarded.rules = replace(guarded.rules, token="7000001:another-token")
    guarded.restart()
    await guarded.guard.meet()
    await guarded.pass_time(timedelta(days=1))
    assert guarded.told() == []
    kept = desk.store.db.execute("SELECT group_concat(value) FROM facts").fetchone()[0]
    assert "canary" not in kept
    assert "7000001" not in kept


@story
async def test_the_hold_comes_before_it_is_written_down(guarded: Guarded) -> None:
    await guarded.guard.meet()
    guarded.permit("Futures")
    guarded.desk.store.db.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await guarded.guard.look()
    assert "lacks the right Spot" in guarded.refusal()


def exits(guarded: Guarded) -> str:
    try:
        guarded.guard.hold_exits()
    except Refused as error:
        return str(error)
    return ""


@story
async def test_what_only_closes_is_held_by_a_key_of_another_account_and_by_one_not_looked_at(guarded: Guarded) -> None:
    assert "not yet asked" in exits(guarded)
    await guarded.guard.look()
    assert exits(guarded) == ""
    guarded.set(uid=5)
    await guarded.guard.look()
    assert "belongs to KuCoin account 5" in exits(guarded)


@pytest.mark.parametrize("rights", [("Spot", "Futures", "Transfer"), ("Futures",), ("Spot", "Futures", "Anything")])
@story
async def test_a_right_too_many_or_too_few_does_not_keep_anybody_in_a_position(
    guarded: Guarded, rights: tuple[str, ...]
) -> None:
    await guarded.guard.look()
    guarded.permit(*rights)
    await guarded.guard.look()
    assert guarded.refusal()
    assert exits(guarded) == ""


@story
async def test_a_key_that_was_revoked_leaves_the_refusal_to_kucoin(guarded: Guarded) -> None:
    await guarded.guard.look()
    guarded.revoke()
    await guarded.guard.look()
    assert guarded.refusal()
    assert exits(guarded) == ""
