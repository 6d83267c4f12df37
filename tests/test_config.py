"""The environment becomes one value, or one list of everything that is wrong with it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as untimed
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from chatbot.config import Settings, SettingsError, describe, read_settings, setting_names
from chatbot.core.modes import TradingMode
from chatbot.core.people import Role
from chatbot.logs import LogFormat, LogLevel
from chatbot.sources import SECRETS

TOKEN = "123456:canary-token"
LEAST = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_OWNERS": "7"}
KEYS = {
    "KUCOIN_API_KEY": "canary-key",
    "KUCOIN_API_SECRET": "canary-secret",
    "KUCOIN_API_PASSPHRASE": "canary passphrase",
}
ENOUGH = {"TELEGRAM_TRADERS": "8", "TOTP_SECRET": "JBSWY3DPEHPK3PXP"}
"""What some settings need beside them to mean anything."""

NOWHERE = Path("/nonexistent")
EXAMPLE = Path(__file__).parents[1] / ".env.example"


def read(**more: str) -> Settings:
    return read_settings(LEAST | more, NOWHERE)


def refusals(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ, NOWHERE)
    assert caught.value.__context__ is None, "a chained ValidationError would carry the values along"
    assert str(caught.value).split("\n") == list(caught.value.lines)
    return list(caught.value.lines)


def test_a_token_and_an_owner_are_enough_and_the_rest_is_careful() -> None:
    settings = read()
    assert settings.telegram_bot_token.get_secret_value() == TOKEN
    assert settings.telegram_owners == {7}
    assert settings.telegram_traders == settings.telegram_viewers == settings.telegram_groups == frozenset()
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert (settings.kucoin_spot_url, settings.kucoin_futures_url) == (
        "https://api.kucoin.com",
        "https://api-futures.kucoin.com",
    )
    assert settings.trading_mode is TradingMode.PAPER
    assert settings.order_symbols is None
    assert (settings.order_max_notional, settings.daily_max_notional) == (Decimal(100), Decimal(500))
    assert (settings.order_confirm_seconds, settings.order_max_drift) == (timedelta(minutes=1), Decimal("0.5"))
    assert (settings.order_approval_above, settings.totp_secret) == (None, None)
    assert (settings.order_totp_above, settings.order_max_per_minute) == (Decimal(0), 10)
    assert settings.database_path == NOWHERE / "chatbot.db"
    assert settings.timezone == ZoneInfo("UTC")
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.TEXT)
    assert settings.health_port is None
    assert settings.kucoin_api_key_version == 3
    assert settings.kucoin_api_key is None
    assert settings.kucoin_accept_transfer_right is False


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("TELEGRAM_TRADERS", " 1, 22 ,333", frozenset({1, 22, 333})),
        ("TELEGRAM_GROUPS", "-100123,-5", frozenset({-100123, -5})),
        ("TELEGRAM_API_URL", "https://bots.example.org/api/", "https://bots.example.org/api"),
        ("TELEGRAM_API_URL", "http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("KUCOIN_SPOT_URL", "http://localhost:8002/", "http://localhost:8002"),
        ("KUCOIN_FUTURES_URL", "http://[::1]:8002", "http://[::1]:8002"),
        ("KUCOIN_API_KEY_VERSION", "2", 2),
        ("KUCOIN_ACCEPT_TRANSFER_RIGHT", "Yes", True),
        ("KUCOIN_ACCEPT_TRANSFER_RIGHT", "no", False),
        ("TRADING_MODE", "Off", TradingMode.OFF),
        ("ORDER_SYMBOLS", "*", None),
        ("ORDER_SYMBOLS", "btc-usdt, XBTUSDTM", frozenset({"BTC-USDT", "XBTUSDTM"})),
        ("ORDER_MAX_NOTIONAL", "0.000000000001", Decimal("0.000000000001")),
        ("DAILY_MAX_NOTIONAL", "999999999999.5", Decimal("999999999999.5")),
        ("ORDER_CONFIRM_SECONDS", "5", timedelta(seconds=5)),
        ("ORDER_CONFIRM_SECONDS", "600", timedelta(seconds=600)),
        ("ORDER_MAX_DRIFT", "50", Decimal(50)),
        ("ORDER_MAX_PER_MINUTE", "1", 1),
        ("ORDER_MAX_PER_MINUTE", "600", 600),
        ("DATABASE_PATH", "data/bot.db", NOWHERE / "data/bot.db"),
        ("DATABASE_PATH", "/var/lib/chatbot/bot.db", Path("/var/lib/chatbot/bot.db")),
        ("TIMEZONE", "Europe/Berlin", ZoneInfo("Europe/Berlin")),
        ("LOG_LEVEL", "debug", LogLevel.DEBUG),
        ("LOG_FORMAT", "json", LogFormat.JSON),
        ("HEALTH_PORT", "1", 1),
        ("HEALTH_PORT", "65535", 65535),
    ],
)
def test_well_formed_settings_become_values(name: str, text: str, value: object) -> None:
    assert getattr(read(**{name: text}), name.lower()) == value


HOSTILE_NUMBERS = (
    *("NaN", "Infinity", "1e3", "1e-9", "-1", "+1", "1_000", "0x10", "1,5", "1.000,5", "١٢", "１２"),
    *(".5", "5.", "0", "0.0", "1000000000000", "0.0000000000001"),
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("ORDER_MAX_NOTIONAL", text) for text in [*HOSTILE_NUMBERS, "1 000", "9" * 10_000]),
        *(("DAILY_MAX_NOTIONAL", text) for text in HOSTILE_NUMBERS),
        *(("ORDER_MAX_DRIFT", text) for text in [*HOSTILE_NUMBERS, "50.01", "0.5%"]),
        *(("ORDER_APPROVAL_ABOVE", text) for text in [*HOSTILE_NUMBERS, "none"]),
        *(("ORDER_TOTP_ABOVE", text) for text in [t for t in HOSTILE_NUMBERS if t not in ("0", "0.0")]),
        *(("ORDER_MAX_PER_MINUTE", text) for text in ["0", "601", "-1", "10.0", "1e1", "００１", "ten"]),
        *(("TOTP_SECRET", text) for text in ["JBSWY3DPEHPK3PX", "JBSWY3DPEHPK3PX1", "JBSWY3DPEHPK3PXP!", "A" * 129]),
        *(("ORDER_CONFIRM_SECONDS", text) for text in ["4", "601", "60.0", "-60", "６０", "1e2", "60s"]),
        *(("TELEGRAM_OWNERS", text) for text in ["0", "-1", "1;2", "1,,2", "1,", "@anna", "1.0", "٧", "9" * 17]),
        *(("TELEGRAM_TRADERS", text) for text in ["anna", "-100123"]),
        *(("TELEGRAM_GROUPS", text) for text in ["100123", "-0", "- 5", "@group"]),
        *(("TELEGRAM_BOT_TOKEN", text) for text in ["token", "123456", "123456:", "x:abc", "123:a b", "12:a\n"]),
        *(("KUCOIN_API_KEY_VERSION", text) for text in ["1", "4", "3.0", "v3"]),
        *(("KUCOIN_ACCEPT_TRANSFER_RIGHT", text) for text in ["1", "true", "on", "yes please", "y"]),
        *(("TRADING_MODE", text) for text in ["on", "true", "live,paper", "ﬂive"]),
        *(("ORDER_SYMBOLS", text) for text in ["*,BTC-USDT", "BTC/USDT", "BTC USDT", "ВТС-USDT", "ßBTC", ","]),
        *(("TIMEZONE", text) for text in ["Berlin/Europe", "Europe", "../etc/passwd", "/etc/passwd", "UTC\0"]),
        *(("LOG_LEVEL", text) for text in ["loud", "20", "ınfo"]),
        *(("LOG_FORMAT", text) for text in ["yaml"]),
        *(
            ("HEALTH_PORT", text)
            for text in ["0", "65536", "09417", "-1", "８０８０", "0.0.0.0:80", "none", "9" * 9999]
        ),
        *(("DATABASE_PATH", text) for text in ["a\0b", "a\nb"]),
    ],
)
def test_an_ill_formed_setting_is_refused_in_one_line_that_works_when_followed(name: str, text: str) -> None:
    [line] = refusals(LEAST | {name: text})
    assert line.startswith(f"{name}: expected ")
    example = line.partition(f"for example {name}=")[2]
    read_settings(LEAST | ENOUGH | {name: example}, NOWHERE)


@pytest.mark.parametrize(
    "text",
    [
        "http://api.kucoin.com",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "ftp://api.kucoin.com",
        "api.kucoin.com",
        "https://",
        "https:///path",
        "https://user:word@api.kucoin.com",
        "https://api.kucoin.com@example.org",
        "https://api.kucoin.com?x=1",
        "https://api.kucoin.com/?",
        "https://api.kucoin.com#x",
        "https://api.kucoin.com:99999",
        "https://api.kucoin.com:0",
        "https://[::1",
        "https://api.kuсoin.com",  # a Cyrillic letter
        "https://api.kucoin.com\\@example.org",
        "https://api kucoin.com",
    ],
)
def test_an_address_must_be_encrypted_and_hold_nothing_but_a_place(text: str) -> None:
    for name in ("KUCOIN_SPOT_URL", "KUCOIN_FUTURES_URL", "TELEGRAM_API_URL"):
        [line] = refusals(LEAST | {name: text})
        assert line.startswith(f"{name}: expected an https address")


def test_every_setting_offers_an_example_that_reads() -> None:
    for name, field in Settings.model_fields.items():
        assert field.examples
        assert field.description
        given = LEAST | ENOUGH | KEYS | {key.replace("API", "FUTURES_API"): text for key, text in KEYS.items()}
        read_settings(given | {name.upper(): field.examples[0]}, NOWHERE)


def test_everything_wrong_is_said_at_once() -> None:
    wrong = {
        "TELEGRAM_BOT_TOKEN_FILE": "missing",
        "KUCOIN_API_KEY": "k",
        "KUCOIN_FUTURES_API_SECRET": "s",
        "TRADING_MODE": "on",
        "ORDER_MAX_NOTIONL": "5",
        "ORDER_MAX_DRIFT": "99",
    }
    lines = refusals(wrong)
    assert [line.partition(":")[0] for line in lines] == [
        "ORDER_MAX_NOTIONL",
        "TELEGRAM_BOT_TOKEN",
        "KUCOIN_API_SECRET, KUCOIN_API_PASSPHRASE",
        "KUCOIN_FUTURES_API_KEY, KUCOIN_FUTURES_API_PASSPHRASE",
        "TELEGRAM_OWNERS",
        "TRADING_MODE",
        "ORDER_MAX_DRIFT",
    ]


def test_no_owner_and_no_token_mean_no_start() -> None:
    assert [line.split(";")[0] for line in refusals({})] == [
        "TELEGRAM_BOT_TOKEN: required",
        "TELEGRAM_OWNERS: required",
    ]
    assert refusals(LEAST | {"TELEGRAM_OWNERS": "", "TELEGRAM_TRADERS": "1"})


def test_live_needs_the_whole_key() -> None:
    assert read(**KEYS, TRADING_MODE="live").trading_mode is TradingMode.LIVE
    [line] = refusals(LEAST | {"TRADING_MODE": "LIVE"})
    assert line.startswith("TRADING_MODE: live needs KUCOIN_API_KEY")


@pytest.mark.parametrize("mode", ["off", "paper", "live"])
@pytest.mark.parametrize("missing", sorted(KEYS))
def test_a_key_given_in_part_is_refused_in_every_mode(mode: str, missing: str) -> None:
    for prefix in ("KUCOIN_", "KUCOIN_FUTURES_"):
        part = {name.replace("KUCOIN_", prefix): text for name, text in KEYS.items() if name != missing}
        whole = KEYS if prefix != "KUCOIN_" else {}
        [line] = refusals(LEAST | whole | part | {"TRADING_MODE": mode})
        assert line.startswith(f"{missing.replace('KUCOIN_', prefix)}: missing")


def test_the_highest_role_counts_and_a_stranger_has_none() -> None:
    settings = read(TELEGRAM_OWNERS="1", TELEGRAM_TRADERS="1,2", TELEGRAM_VIEWERS="1,2,3")
    assert [settings.role_of(person) for person in (1, 2, 3, 4)] == [Role.OWNER, Role.TRADER, Role.VIEWER, None]


def test_settings_cannot_be_changed() -> None:
    settings = read()
    with pytest.raises(ValidationError):
        settings.trading_mode = TradingMode.LIVE  # type: ignore[misc]
    with pytest.raises(ValidationError):
        del settings.telegram_owners
    assert settings.trading_mode is TradingMode.PAPER
    assert hash(settings) == hash(read())


def test_no_secret_shows_in_any_text_made_of_the_settings() -> None:
    settings = read(**KEYS)
    shown = repr(settings) + str(settings) + f"{settings}" + settings.model_dump_json() + json.dumps(describe(settings))
    assert "canary" not in shown
    assert sorted(settings.secrets()) == sorted([TOKEN, *KEYS.values()])


@pytest.mark.parametrize("name", setting_names())
def test_a_secret_pasted_into_the_wrong_setting_is_not_repeated(name: str) -> None:
    canary = "canary\tcanary"
    lines = refusals(LEAST | KEYS | {name: canary})
    assert any(line.startswith(f"{name}: expected") for line in lines)
    assert "canary" not in str(lines)


def test_even_the_error_we_never_show_holds_no_value_in_its_text() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"telegram_bot_token": "canary", "telegram_owners": "canary", "canary_name": "canary"})
    assert "input_value" not in str(caught.value)
    assert "canary" not in str(caught.value).replace("canary_name", "")


def test_the_secret_settings_are_those_the_sources_know() -> None:
    secret = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret == set(SECRETS)


def test_a_description_says_of_a_secret_only_whether_it_is_set() -> None:
    shown = dict(describe(read(**KEYS)))
    assert set(shown) == set(setting_names())
    assert shown["KUCOIN_API_SECRET"] == shown["TELEGRAM_BOT_TOKEN"] == "set"
    assert shown["KUCOIN_FUTURES_API_KEY"] == "not set"


money = st.decimals(min_value=Decimal("0.0001"), max_value=50, places=4).map(str)
ids = st.sets(st.integers(1, 10**15), min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))


@untimed(deadline=None)
@given(
    texts=st.fixed_dictionaries(
        {"TELEGRAM_OWNERS": ids},
        optional={
            "TELEGRAM_TRADERS": ids,
            "TELEGRAM_GROUPS": st.integers(1, 10**15).map(lambda number: f"-{number}"),
            "ORDER_SYMBOLS": st.sampled_from(["*", "BTC-USDT", "btc-usdt,ETH-USDT"]),
            "ORDER_MAX_NOTIONAL": money,
            "ORDER_MAX_DRIFT": money,
            "ORDER_CONFIRM_SECONDS": st.integers(5, 600).map(str),
            "TRADING_MODE": st.sampled_from(["off", "paper"]),
            "TIMEZONE": st.sampled_from(["UTC", "Asia/Tokyo"]),
            "LOG_LEVEL": st.sampled_from(["DEBUG", "ERROR"]),
            "HEALTH_PORT": st.integers(1, 65535).map(str),
        },
    )
)
def test_what_is_described_reads_back_as_the_same_settings(texts: dict[str, str]) -> None:
    settings = read(**texts)
    described = {name: text for name, text in describe(settings) if name not in SECRETS}
    assert read(**described) == settings


@untimed(deadline=None)
@given(text=st.text(max_size=20) | st.from_regex(r"[0-9]{0,13}\.?[0-9]{0,13}", fullmatch=True))
def test_any_text_for_money_is_a_positive_number_or_a_refusal(text: str) -> None:
    try:
        settings = read(ORDER_MAX_NOTIONAL=text)
    except SettingsError:
        return
    assert settings.order_max_notional == Decimal(text.strip() or "100") > 0


def _example_lines() -> dict[str, str]:
    """Every setting of the example, commented out or not, with its text."""
    lines = (line.removeprefix("#") for line in EXAMPLE.read_text().split("\n"))
    return dict(line.split("=", 1) for line in lines if "=" in line and line.partition("=")[0].isupper())


def test_the_example_names_every_setting_once_and_no_other() -> None:
    names = [line.lstrip("#").partition("=")[0] for line in EXAMPLE.read_text().split("\n") if "=" in line]
    assert sorted(name for name in names if name.isupper()) == sorted(setting_names())


def test_the_example_shows_the_defaults_and_starts_once_the_two_blanks_are_filled(tmp_path: Path) -> None:
    by_default = dict(describe(read_settings(LEAST, tmp_path)))
    shown = _example_lines()
    assert {name: text for name, text in shown.items() if name not in LEAST and name not in SECRETS} == {
        name: "chatbot.db" if name == "DATABASE_PATH" else text
        for name, text in by_default.items()
        if name not in LEAST and name not in SECRETS
    }
    assert not any(shown[name] for name in [*SECRETS, *LEAST])
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    assert read_settings(LEAST, tmp_path) == read_settings(LEAST, tmp_path / "elsewhere").model_copy(
        update={"database_path": tmp_path / "chatbot.db"}
    )


def test_secrets_are_wrapped_from_the_first_moment() -> None:
    assert isinstance(read(**KEYS).kucoin_api_secret, SecretStr)


PAIR = {"TELEGRAM_OWNERS": "7", "TELEGRAM_TRADERS": "7,8"}


@pytest.mark.parametrize("people", [{}, {"TELEGRAM_TRADERS": "7"}, {"TELEGRAM_VIEWERS": "8"}])
def test_an_approval_needs_somebody_else_who_may_trade(people: dict[str, str]) -> None:
    (line,) = refusals(LEAST | people | {"ORDER_APPROVAL_ABOVE": "50"})
    assert line == (
        "ORDER_APPROVAL_ABOVE: nobody could approve; it needs two people in TELEGRAM_OWNERS and TELEGRAM_TRADERS"
    )
    assert read(**PAIR, ORDER_APPROVAL_ABOVE="50").order_approval_above == Decimal(50)


def test_an_approval_above_what_one_order_may_be_would_never_be_asked_for() -> None:
    (line,) = refusals(LEAST | PAIR | {"ORDER_APPROVAL_ABOVE": "100"})
    assert line == "ORDER_APPROVAL_ABOVE: must be below ORDER_MAX_NOTIONAL, or nothing would ever need it"
    assert read(**PAIR, ORDER_APPROVAL_ABOVE="100", ORDER_MAX_NOTIONAL="100.5").order_approval_above == Decimal(100)


def test_a_limit_for_codes_without_their_secret_is_refused() -> None:
    (line,) = refusals(LEAST | {"ORDER_TOTP_ABOVE": "50"})
    assert line == "ORDER_TOTP_ABOVE: means nothing without TOTP_SECRET"


def test_the_secret_of_the_codes_is_read_as_apps_show_it() -> None:
    secret = read(TOTP_SECRET="jbsw y3dp ehpk 3pxp", ORDER_TOTP_ABOVE="0").totp_secret
    assert secret is not None
    assert secret.get_secret_value() == "JBSWY3DPEHPK3PXP"


def test_a_misspelt_setting_of_the_codes_is_noticed() -> None:
    (line,) = refusals(LEAST | {"TOTP_SECRETS": "JBSWY3DPEHPK3PXP"})
    assert line == "TOTP_SECRETS: no such setting (in the environment); did you mean TOTP_SECRET?"
