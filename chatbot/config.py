"""The environment as one frozen, validated value, read once.

`read_settings` is pure in what it is handed: an environment and a directory. It reports
everything that is wrong at once, naming settings and never a value: a token pasted into
the wrong line must not come back in a message.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from chatbot import readers
from chatbot.core.modes import TradingMode
from chatbot.core.numbers import plain
from chatbot.core.people import Role
from chatbot.logs import LogFormat, LogLevel
from chatbot.sources import SECRETS, gather

People = Annotated[frozenset[int], BeforeValidator(readers.people)]
Url = Annotated[str, BeforeValidator(readers.url)]
Money = Annotated[Decimal, BeforeValidator(readers.money)]
Secret = Annotated[SecretStr | None, BeforeValidator(readers.secret)]
HeaderSecret = Annotated[SecretStr | None, BeforeValidator(readers.header_secret)]

_KUCOIN = ("KUCOIN_API_KEY", "KUCOIN_API_SECRET", "KUCOIN_API_PASSPHRASE")
_FUTURES = ("KUCOIN_FUTURES_API_KEY", "KUCOIN_FUTURES_API_SECRET", "KUCOIN_FUTURES_API_PASSPHRASE")


class SettingsError(Exception):
    """`lines` name everything that is wrong, one setting a line, without a single value."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Settings(BaseModel):
    """Every setting, under its own name in lower case; `read_settings` makes the only ones.

    A field's description is what a refusal says was expected, its example the line that works.
    `order_symbols` None allows every symbol; `order_max_drift` is in percent; a missing futures
    key means the spot one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    telegram_bot_token: Annotated[SecretStr, BeforeValidator(readers.bot_token)] = Field(
        description="the token @BotFather gave you", examples=["123456789:AAbbCC-ddEE"]
    )
    telegram_api_url: Url = Field(
        "https://api.telegram.org", description="an https address", examples=["https://api.telegram.org"]
    )
    telegram_owners: People = Field(
        description="numeric Telegram ids, at least one, separated by commas", examples=["123456789"]
    )
    telegram_traders: People = Field(
        frozenset(), description="numeric Telegram ids, separated by commas", examples=["123456789,987654321"]
    )
    telegram_viewers: People = Field(
        frozenset(), description="numeric Telegram ids, separated by commas", examples=["123456789,987654321"]
    )
    telegram_groups: Annotated[frozenset[int], BeforeValidator(readers.groups)] = Field(
        frozenset(), description="numeric group ids, which begin with a minus", examples=["-1001234567890"]
    )
    kucoin_api_key: HeaderSecret = Field(None, description="the key as KuCoin shows it", examples=["6f1d2c3b4a"])
    kucoin_api_secret: Secret = Field(None, description="the secret as KuCoin showed it", examples=["1a2b-3c4d"])
    kucoin_api_passphrase: Secret = Field(None, description="the passphrase you chose", examples=["my-passphrase"])
    kucoin_futures_api_key: HeaderSecret = Field(
        None, description="the key as KuCoin shows it", examples=["6f1d2c3b4a"]
    )
    kucoin_futures_api_secret: Secret = Field(
        None, description="the secret as KuCoin showed it", examples=["1a2b-3c4d"]
    )
    kucoin_futures_api_passphrase: Secret = Field(
        None, description="the passphrase you chose", examples=["my-passphrase"]
    )
    kucoin_api_key_version: Annotated[int, BeforeValidator(readers.key_version)] = Field(
        3, description="2 or 3", examples=["3"]
    )
    kucoin_accept_transfer_right: Annotated[bool, BeforeValidator(readers.yes_or_no)] = Field(
        default=False, description="yes or no", examples=["no"]
    )
    kucoin_spot_url: Url = Field(
        "https://api.kucoin.com", description="an https address", examples=["https://api.kucoin.com"]
    )
    kucoin_futures_url: Url = Field(
        "https://api-futures.kucoin.com", description="an https address", examples=["https://api-futures.kucoin.com"]
    )
    trading_mode: Annotated[TradingMode, BeforeValidator(readers.one_of(TradingMode))] = Field(
        TradingMode.PAPER, description="off, paper or live", examples=["paper"]
    )
    order_symbols: Annotated[frozenset[str] | None, BeforeValidator(readers.symbols)] = Field(
        None, description="KuCoin's symbols, separated by commas, or * for all", examples=["BTC-USDT,ETH-USDT"]
    )
    order_max_notional: Money = Field(
        Decimal(100), description="a number of USDT above 0, digits with a point", examples=["100"]
    )
    daily_max_notional: Money = Field(
        Decimal(500), description="a number of USDT above 0, digits with a point", examples=["500"]
    )
    order_confirm_seconds: Annotated[timedelta, BeforeValidator(readers.confirm_time)] = Field(
        timedelta(seconds=60), description="whole seconds from 5 to 600", examples=["60"]
    )
    order_max_drift: Annotated[Decimal, BeforeValidator(readers.drift)] = Field(
        Decimal("0.5"), description="a percentage above 0 and up to 50, digits with a point", examples=["0.5"]
    )
    order_max_per_minute: Annotated[int, BeforeValidator(readers.per_minute)] = Field(
        10, description="a whole number of orders from 1 to 600", examples=["10"]
    )
    order_approval_above: Money | None = Field(
        None, description="a number of USDT above 0, digits with a point", examples=["50"]
    )
    totp_secret: Annotated[SecretStr | None, BeforeValidator(readers.base32_secret)] = Field(
        None, description="16 to 128 letters A to Z and digits 2 to 7 (base32)", examples=["JBSWY3DPEHPK3PXP"]
    )
    order_totp_above: Annotated[Decimal, BeforeValidator(readers.money_or_nothing)] = Field(
        Decimal(0), description="a number of USDT, digits with a point", examples=["0"]
    )
    order_dead_man_symbols: Annotated[frozenset[str], BeforeValidator(readers.spot_symbols)] = Field(
        frozenset(), description="up to 50 of KuCoin's spot symbols, separated by commas", examples=["BTC-USDT"]
    )
    order_dead_man_seconds: Annotated[timedelta, BeforeValidator(readers.dead_man_time)] = Field(
        timedelta(seconds=90), description="whole seconds from 60 to 86400", examples=["90"]
    )
    database_path: Annotated[Path, BeforeValidator(readers.path)] = Field(
        Path("chatbot.db"), description="the path of a file", examples=["chatbot.db"]
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(readers.zone)] = Field(
        ZoneInfo("UTC"), description="a time zone's name", examples=["Europe/Berlin"]
    )
    log_level: Annotated[LogLevel, BeforeValidator(readers.one_of(LogLevel))] = Field(
        LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR", examples=["INFO"]
    )
    log_format: Annotated[LogFormat, BeforeValidator(readers.one_of(LogFormat))] = Field(
        LogFormat.TEXT, description="text or json", examples=["text"]
    )
    health_port: Annotated[int | None, BeforeValidator(readers.port)] = Field(
        None, description="a port from 1 to 65535", examples=["9417"]
    )

    @property
    def practice(self) -> bool:
        """Whether KuCoin is a sandbox on this machine: what is live there is nobody's money."""
        return all(map(readers.on_this_machine, (self.kucoin_spot_url, self.kucoin_futures_url)))

    def role_of(self, user_id: int) -> Role | None:
        """The highest role the settings give this Telegram id; None for a stranger."""
        roles = (
            (Role.OWNER, self.telegram_owners),
            (Role.TRADER, self.telegram_traders),
            (Role.VIEWER, self.telegram_viewers),
        )
        return next((role for role, people in roles if user_id in people), None)

    def secrets(self) -> tuple[str, ...]:
        """Every secret in the clear, for whoever must keep them out of what is written."""
        return tuple(value.get_secret_value() for _, value in self if isinstance(value, SecretStr))


def read_settings(environ: Mapping[str, str], directory: Path) -> Settings:
    """Relative paths, and `.env`, are looked for in `directory`. Raises SettingsError with all that is wrong."""
    gathered = gather(environ, directory, setting_names())
    given = frozenset(gathered.texts) | gathered.broken
    lines = [*gathered.problems, *_contradictions(given, gathered.texts)]
    try:
        settings = Settings.model_validate({name.lower(): text for name, text in gathered.texts.items()})
    except ValidationError as error:
        failed = (str(detail["loc"][0]).upper() for detail in error.errors(include_input=False))
        lines += [_expected(name, given=name in given) for name in failed if name not in gathered.broken]
    else:
        lines += _nonsense(settings)
        if not lines:
            return settings.model_copy(update={"database_path": directory / settings.database_path})
    raise SettingsError(tuple(lines))


def setting_names() -> tuple[str, ...]:
    """As they are written in the environment, secrets by their first name."""
    return tuple(name.upper() for name in Settings.model_fields)


def describe(settings: Settings) -> list[tuple[str, str]]:
    """Each setting as it would be written; of a secret, only whether it is set."""
    return [(name.upper(), _shown(name.upper(), value)) for name, value in settings]


def _expected(name: str, *, given: bool) -> str:
    field = Settings.model_fields[name.lower()]
    needed = "expected" if given else "required;"
    return f"{name}: {needed} {field.description}, for example {name}={(field.examples or [''])[0]}"


def _contradictions(given: frozenset[str], texts: Mapping[str, str]) -> Iterator[str]:
    """What no single setting can know. `given` counts settings whose text could not be had."""
    for trio in (_KUCOIN, _FUTURES):
        missing = [name for name in trio if name not in given]
        if 0 < len(missing) < len(trio):
            yield f"{', '.join(missing)}: missing; {', '.join(trio)} come together"
    if texts.get("TRADING_MODE", "").lower() == TradingMode.LIVE.value and not given & set(_KUCOIN):
        yield f"TRADING_MODE: live needs {', '.join(_KUCOIN)}; without them, for example TRADING_MODE=paper"


def _nonsense(settings: Settings) -> Iterator[str]:
    """What is well formed and would never do anything."""
    above = settings.order_approval_above
    if above is not None and len(settings.telegram_owners | settings.telegram_traders) < 2:
        yield "ORDER_APPROVAL_ABOVE: nobody could approve; it needs two people in TELEGRAM_OWNERS and TELEGRAM_TRADERS"
    elif above is not None and above >= settings.order_max_notional:
        yield "ORDER_APPROVAL_ABOVE: must be below ORDER_MAX_NOTIONAL, or nothing would ever need it"
    if settings.order_totp_above and settings.totp_secret is None:
        yield "ORDER_TOTP_ABOVE: means nothing without TOTP_SECRET"


def _shown(name: str, value: object) -> str:
    if name in SECRETS:
        return "not set" if value is None else "set"
    match value:
        case None:
            return "*" if name == "ORDER_SYMBOLS" else ""
        case frozenset():
            return ",".join(str(item) for item in sorted(value))
        case bool():
            return {True: "yes", False: "no"}[value]
        case Decimal():
            return plain(value)
        case timedelta():
            return str(int(value.total_seconds()))
        case Enum():
            return str(value.name if isinstance(value, LogLevel) else value.value)
    return str(value)
