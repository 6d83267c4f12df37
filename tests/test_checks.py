"""`chatbot check` looks at everything, finds each thing that is wrong, and says what to do about it."""

import asyncio
import dataclasses
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chatbot.checks import Finding, check_all
from chatbot.core.modes import TradingMode
from chatbot.core.times import utc_now
from chatbot.sandbox.faults import Fault
from chatbot.services.key_memory import UID
from chatbot.store.store import open_store
from tests.playground import Playground, sandbox_and_people


async def findings(ground: Playground, **changes: object) -> dict[str, Finding]:
    return {f.name: f for f in await check_all(ground.settings.model_copy(update=changes))}


def wrong(found: dict[str, Finding]) -> set[str]:
    """What is not right; each of them says what to do."""
    assert all(f.mend for f in found.values() if not f.ok), [str(f) for f in found.values() if not f.ok]
    return {name for name, f in found.items() if not f.ok}


def permit(ground: Playground, permissions: tuple[str, ...], *, bound: bool) -> None:
    keys = ground.sandbox.kucoin.keys
    for name, key in list(keys.items()):
        addresses = key.ips if bound else frozenset()
        keys[name] = dataclasses.replace(key, permissions=frozenset(permissions), ips=addresses)


def test_a_sound_installation_has_nothing_to_mend_and_shows_no_secret(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            open_store(ground.settings.database_path, utc_now).close()
            found = await findings(ground)
            assert wrong(found) == set()
            assert {"database", "Telegram", "clock", "KuCoin", "account", "key"} <= found.keys()
            assert found["Telegram"].found == "I am @kucoin_demo_bot"
            assert found["key"].found == "may Futures, General, Spot; bound to an address; version 3; account 1"
            assert [name for name in found if name.startswith("key ")] == ["key account"], "one line a thing"
            assert "sub-account" in found["key account"].mend
            assert found["TRADING_MODE"].found == "live"
            text = "\n".join(map(str, found.values()))
            assert not any(secret in text for secret in ground.settings.secrets())
            assert all(line.startswith("ok   ") for line in text.splitlines())

    asyncio.run(story())


@pytest.mark.parametrize(
    ("changes", "failing", "mend"),
    [
        ({"telegram_bot_token": SecretStr("1:nobody")}, {"Telegram"}, "TELEGRAM_BOT_TOKEN"),
        ({"telegram_api_url": "http://127.0.0.1:1"}, {"Telegram"}, "the network"),
        ({"kucoin_api_secret": SecretStr("wrong")}, {"key"}, "check the key"),
    ],
)
def test_what_is_refused_or_out_of_reach_is_found_and_the_rest_looked_at(
    tmp_path: Path, changes: dict[str, object], failing: set[str], mend: str
) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            found = await findings(ground, **changes)
            assert wrong(found) == failing
            assert all(mend in found[name].mend for name in failing)
            assert len(found) > 20

    asyncio.run(story())


@pytest.mark.parametrize(
    ("permissions", "bound", "failing", "mend"),
    [
        (("General", "Futures"), True, {"key rights"}, "add the right Spot"),
        (("General", "Spot", "Futures", "Transfer"), True, {"key rights"}, "take Transfer away"),
        (("General", "Spot", "Futures", "Earn"), True, {"key rights"}, "take Earn away"),
        (("General", "Spot", "Futures"), False, {"key address"}, "bind it to 127.0.0.1"),
        (("General", "Spot"), True, set(), ""),
    ],
)
def test_a_key_that_may_too_little_or_too_much_is_found(
    tmp_path: Path, permissions: tuple[str, ...], bound: bool, failing: set[str], mend: str
) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            permit(ground, permissions, bound=bound)
            found = await findings(ground)
            assert wrong(found) == failing
            assert all(mend in found[name].mend for name in failing)

    asyncio.run(story())


def test_an_old_key_of_another_version_and_account_is_found_and_an_accepted_right_is_shown(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            store = open_store(ground.settings.database_path, utc_now)
            store.facts.set(UID, "5")
            store.close()
            keys = ground.sandbox.kucoin.keys
            for name, key in list(keys.items()):
                rights, old = key.permissions | {"Transfer"}, utc_now() - timedelta(days=100)
                keys[name] = dataclasses.replace(key, version=2, created_at=old, permissions=rights, is_master=False)
            found = await findings(ground, kucoin_accept_transfer_right=True)
            assert wrong(found) == {"key rights", "key version", "key account", "key age"}
            assert "KUCOIN_ACCEPT_TRANSFER_RIGHT" in found["key rights"].found
            assert "account 1" in found["key account"].found
            assert "100 days" in found["key age"].found

    asyncio.run(story())


def test_two_keys_are_looked_at_apart(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            own = {
                "kucoin_futures_api_key": "f",
                "kucoin_futures_api_secret": "s",
                "kucoin_futures_api_passphrase": "p",
            }
            [key] = ground.sandbox.kucoin.keys.values()
            futures = dataclasses.replace(
                key, key="f", secret="s", passphrase="p", permissions=frozenset({"General"}), uid=2, is_master=False
            )
            ground.sandbox.kucoin.keys["f"] = futures
            found = await findings(ground, **{name: SecretStr(text) for name, text in own.items()})
            assert {"spot key", "futures key"} <= found.keys()
            assert wrong(found) == {"futures key rights", "futures key account"}

    asyncio.run(story())


def test_a_unified_account_and_a_closed_exchange_are_found(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.exchange.unified = True
            ground.sandbox.faults.switch(Fault.MAINTENANCE, on=True)
            assert wrong(await findings(ground)) == {"account", "KuCoin"}

    asyncio.run(story())


def test_a_clock_that_is_off_is_measured_and_no_problem(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.faults.switch(Fault.CLOCK_AHEAD, on=True)
            found = await findings(ground)
            assert found["clock"].ok
            assert found["clock"].found.startswith("this host is -1")
            assert found["key"].ok

    asyncio.run(story())


def test_a_webhook_that_somebody_set_is_shown_by_its_host_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            ground.sandbox.telegram.webhook = f"https://elsewhere.example/{ground.sandbox.access.token}"
            found = await findings(ground)
            assert wrong(found) == {"Telegram"}
            assert "elsewhere.example" in found["Telegram"].found
            assert ground.sandbox.access.token not in found["Telegram"].found

    asyncio.run(story())


def test_on_paper_and_off_no_account_is_asked_for_and_nothing_is_left_behind(tmp_path: Path) -> None:
    async def story() -> None:
        nobody: dict[str, Any] = {"kucoin_api_key": None, "kucoin_api_secret": None, "kucoin_api_passphrase": None}
        async with sandbox_and_people(tmp_path, **nobody) as ground:
            for mode in (TradingMode.PAPER, TradingMode.OFF):
                found = await findings(ground, trading_mode=mode)
                assert wrong(found) == set()
                assert not {"account", "key", "spot key", "futures key"} & found.keys()

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_found(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            for mode in (TradingMode.LIVE, TradingMode.PAPER):
                found = await findings(ground, database_path=tmp_path / "nowhere" / "a.db", trading_mode=mode)
                assert wrong(found) == {"database"}
                assert str(tmp_path / "nowhere") in found["database"].mend

    asyncio.run(story())


@pytest.mark.parametrize("state", ["garbage", "newer", "foreign", "open to others", "fresh"])
def test_the_database_is_looked_at_and_left_as_it_is(tmp_path: Path, state: str) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path) as ground:
            path = ground.settings.database_path
            store = open_store(path, utc_now)
            if state == "newer":
                store.db.execute("PRAGMA user_version = 99")
            if state == "foreign":
                store.db.execute("PRAGMA user_version = 0")
            store.close()
            if state == "garbage":
                path.write_bytes(b"garbage" * 1000)
            path.chmod(0o644 if state == "open to others" else 0o600)
            before = path.read_bytes()
            found = await findings(ground)
            assert wrong(found) == (set() if state == "fresh" else {"database"})
            assert path.read_bytes() == before
            assert stat.S_IMODE(path.stat().st_mode) == (0o644 if state == "open to others" else 0o600)

    asyncio.run(story())


def test_a_damaged_paper_account_is_found(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox_and_people(tmp_path, trading_mode=TradingMode.PAPER) as ground:
            ground.settings.database_path.with_suffix(".paper.json").write_text("{")
            found = await findings(ground)
            assert wrong(found) == {"paper account"}

    asyncio.run(story())
