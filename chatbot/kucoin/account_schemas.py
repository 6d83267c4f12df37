"""The wire models of balances, positions, fees and keys, and their way into core."""

from decimal import Decimal

from chatbot.core.account import AccountKind, AccountMode, Balance, FuturesBalance, KeyInfo, Position
from chatbot.core.funding import FundingPaid
from chatbot.core.market import Symbol
from chatbot.kucoin.schemas import Field, MaybeNumber, MaybePrice, Moment, Name, Number, Wire, spelled


class SpotAccount(Wire):
    """One pocket of one currency. `type` is left as text: margin and isolated pockets are in the list too."""

    currency: Name
    type: str
    balance: Number
    available: Number
    holds: Number

    def to_core(self) -> Balance | None:
        """None for a pocket that is neither Main nor Trade."""
        kind = {"main": AccountKind.MAIN, "trade": AccountKind.TRADE}.get(self.type)
        if kind is None:
            return None
        return Balance(kind=kind, currency=self.currency, total=self.balance, available=self.available, held=self.holds)


class Overview(Wire):
    currency: Name
    account_equity: Number
    available_balance: Number
    position_margin: Number
    order_margin: Number
    risk_ratio: MaybeNumber = None
    unrealised_pnl: Number = Field(validation_alias=spelled("unrealisedPNL", "unrealisedPnl"))

    def to_core(self) -> FuturesBalance:
        return FuturesBalance(
            currency=self.currency,
            equity=self.account_equity,
            available=self.available_balance,
            position_margin=self.position_margin,
            order_margin=self.order_margin,
            unrealised_pnl=self.unrealised_pnl,
        )


class FuturesPosition(Wire):
    symbol: Name
    is_open: bool
    current_qty: Number
    avg_entry_price: MaybeNumber = None
    mark_price: MaybeNumber = None
    mark_value: MaybeNumber = None
    liquidation_price: MaybeNumber = None
    unrealised_pnl: MaybeNumber = None
    settle_currency: Name
    cross_mode: bool = False
    margin_mode: str | None = None
    position_side: str | None = None
    leverage: MaybePrice = None

    def to_core(self) -> Position | None:
        """None when nothing is held: KuCoin lists closed positions for a while."""
        if not self.is_open or not self.current_qty:
            return None
        return Position(
            symbol=Symbol(self.symbol),
            lots=self.current_qty,
            entry_price=self.avg_entry_price or _ZERO,
            mark_price=self.mark_price or _ZERO,
            liquidation_price=self.liquidation_price or None,
            value=abs(self.mark_value or _ZERO),
            unrealised_pnl=self.unrealised_pnl or _ZERO,
            currency=self.settle_currency,
            cross=self.margin_mode == "CROSS" if self.margin_mode else self.cross_mode,
            hedged=self.position_side in ("LONG", "SHORT"),
            leverage=self.leverage,
        )


_ZERO = Decimal(0)


class FundingPayment(Wire):
    """A row of the private funding history: below zero was paid."""

    id: Name
    time_point: Moment
    funding: Number
    settle_currency: Name

    def to_core(self) -> FundingPaid:
        return FundingPaid(at=self.time_point, amount=self.funding, currency=self.settle_currency)


class FundingPage(Wire):
    data_list: list[object] | None = None
    has_more: bool = False


class ApiKey(Wire):
    """`ipWhitelist` is absent, null or empty for a key that any address may use."""

    permission: str
    ip_whitelist: str | None = None
    api_version: int = 0
    uid: str = ""
    is_master: bool = False
    created_at: Moment

    def to_core(self) -> KeyInfo:
        return KeyInfo(
            permissions=frozenset(filter(None, (word.strip() for word in self.permission.split(",")))),
            ip_bound=bool((self.ip_whitelist or "").strip()),
            version=self.api_version,
            uid=self.uid,
            master=self.is_master,
            created_at=self.created_at,
        )


class Mode(Wire):
    self_account_mode: str

    def to_core(self) -> AccountMode:
        """Whatever is not CLASSIC answers our calls differently."""
        return AccountMode.CLASSIC if self.self_account_mode == "CLASSIC" else AccountMode.UNIFIED


class Fee(Wire):
    symbol: Name
    taker_fee_rate: Number
