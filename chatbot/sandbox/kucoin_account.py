"""The account endpoints of both hosts: balances, fees, the key itself."""

from chatbot.core.market import Venue
from chatbot.core.numbers import plain
from chatbot.core.times import to_millis
from chatbot.sandbox.accounts import Pocket, Wallet
from chatbot.sandbox.book import maker_rate
from chatbot.sandbox.kucoin_auth import GENERAL, ApiKey
from chatbot.sandbox.kucoin_calls import Call, Row, private
from chatbot.sandbox.kucoin_pools import Pool
from chatbot.sandbox.refusals import Refusal

_MAX_SYMBOLS = 10


def accounts(call: Call) -> list[Row]:
    currency, kind = call.query.get("currency"), call.query.get("type")
    return [
        {"id": number, "currency": name, "type": pocket.value, **_amounts(wallet)}
        for number, pocket, name, wallet in _spot_wallets(call)
        if currency in (None, "", name) and kind in (None, "", pocket.value)
    ]


def account(call: Call) -> Row:
    for number, _, currency, wallet in _spot_wallets(call):
        if number == call.path["accountId"]:
            return {"currency": currency, **_amounts(wallet)}
    raise Refusal("400100", "The account does not exist.")


def _spot_wallets(call: Call) -> list[tuple[str, Pocket, str, Wallet]]:
    """With their ids: eleven digits made of pocket and currency, the same in every run."""
    rows = [row for row in call.exchange.accounts.items() if row[0] is not Pocket.FUTURES]
    return [(account_id(pocket, currency), pocket, currency, wallet) for pocket, currency, wallet in rows]


def account_id(pocket: Pocket, currency: str) -> str:
    number = int.from_bytes(f"{pocket.value[0]}{currency}".encode(), "big")
    return str(10_000_000_000 + number % 89_999_999_999)


def _amounts(wallet: Wallet) -> Row:
    return {"balance": plain(wallet.total), "available": plain(wallet.available), "holds": plain(wallet.held)}


def api_key(call: Call) -> Row:
    key = _key(call)
    row: Row = {
        "remark": "sandbox",
        "apiKey": key.key,
        "apiVersion": key.version,
        "permission": ",".join(sorted(key.permissions, key=lambda name: (name != GENERAL, name))),
        "createdAt": to_millis(key.created_at),
        "uid": key.uid,
        "isMaster": key.is_master,
    }
    if key.ips:
        row["ipWhitelist"] = ",".join(_masked(ip) for ip in sorted(key.ips))
    return row


def _masked(ip: str) -> str:
    head, _, rest = ip.partition(".")
    return f"{head}.**.{rest.rpartition('.')[2]}" if rest else ip


def _key(call: Call) -> ApiKey:
    if call.key is None:
        raise Refusal("400001", "Please check the header of your request", 400)
    return call.key


def user_info(_: Call) -> Row:
    subs = ("subQuantity", "spotSubQuantity", "marginSubQuantity", "futuresSubQuantity", "optionSubQuantity")
    kinds = ("max", "maxDefault", "maxSpot", "maxMargin", "maxFutures", "maxOption")
    return {"level": 0, **dict.fromkeys(subs, 0), **{f"{kind}SubQuantity": 5 for kind in kinds}}


def hf_opened(_: Call) -> bool:
    return True


def account_mode(call: Call) -> Row:
    mode = "UNIFIED" if call.exchange.unified else "CLASSIC"
    return {"selfAccountMode": mode, "unifiedSubAccount": [], "classicSubAccount": []}


def base_fee(_: Call) -> Row:
    return {"takerFeeRate": "0.001", "makerFeeRate": "0.001"}


def spot_fees(call: Call) -> list[Row]:
    names = call.need("symbols").split(",")
    if len(names) > _MAX_SYMBOLS:
        raise Refusal("400100", f"At most {_MAX_SYMBOLS} symbols.")
    return [_fee(call, Venue.SPOT, name) for name in names]


def futures_fees(call: Call) -> Row:
    return _fee(call, Venue.FUTURES, call.need("symbol"))


def _fee(call: Call, venue: Venue, symbol: str) -> Row:
    instrument = call.instrument(venue, symbol)
    if instrument is None:
        raise Refusal("900001" if venue is Venue.SPOT else "200003", "symbol not exists")
    taker, maker = instrument.taker_fee_rate, maker_rate(instrument)
    return {"symbol": symbol, "takerFeeRate": plain(taker), "makerFeeRate": plain(maker)}


SPOT_ACCOUNT = (
    private("GET /api/v1/accounts", 5, accounts, Pool.MANAGEMENT, GENERAL),
    private("GET /api/v1/accounts/{accountId}", 5, account, Pool.MANAGEMENT, GENERAL),
    private("GET /api/v1/user/api-key", 20, api_key, Pool.MANAGEMENT, GENERAL),
    private("GET /api/v2/user-info", 20, user_info, Pool.MANAGEMENT, GENERAL),
    private("GET /api/ua/v1/account/mode", 30, account_mode, Pool.MANAGEMENT, GENERAL),
    private("GET /api/v1/hf/accounts/opened", 30, hf_opened, Pool.SPOT, GENERAL),
    private("GET /api/v1/base-fee", 3, base_fee, Pool.SPOT, GENERAL),
    private("GET /api/v1/trade-fees", 3, spot_fees, Pool.SPOT, GENERAL),
)
FUTURES_ACCOUNT = (private("GET /api/v1/trade-fees", 3, futures_fees, Pool.FUTURES, GENERAL),)
