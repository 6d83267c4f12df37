import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from chatbot.core.account import AccountKind, AccountMode, Balance, FuturesBalance, KeyInfo, Position
from chatbot.core.errors import BadCredentials, Unavailable
from chatbot.core.market import Instrument, Symbol, Venue
from chatbot.kucoin.account import Account
from chatbot.kucoin.rest import Rest
from tests.core.bounded import BTC

SPOT = {
    "GET /api/v1/user/api-key": "key",
    "GET /api/ua/v1/account/mode": "mode",
    "GET /api/v1/accounts": "accounts",
    "GET /api/v1/trade-fees": "spot-fees",
}
FUTURES = {
    "GET /api/v1/account-overview": "overview",
    "GET /api/v1/positions": "positions",
    "GET /api/v1/trade-fees": "futures-fee",
}


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def account(served: Callable[..., Rest], seen: list[httpx.Request]) -> Account:
    return Account(served(SPOT, Venue.SPOT, seen), served(FUTURES, Venue.FUTURES, seen))


def answering(served: Callable[..., Rest], route: str, said: str) -> Account:
    return Account(served({route: said}), served({route: said}, Venue.FUTURES))


def test_main_and_trade_are_told_apart_and_other_pockets_left_out(account: Account) -> None:
    balances = asyncio.run(account.balances())
    assert [(b.kind, b.currency) for b in balances] == [
        (AccountKind.MAIN, "USDT"),
        (AccountKind.TRADE, "USDT"),
        (AccountKind.TRADE, "SOL"),
    ]
    assert balances[1] == Balance(
        kind=AccountKind.TRADE,
        currency="USDT",
        total=Decimal("310.1"),
        available=Decimal("210.09999999"),
        held=Decimal("100.00000001"),
    )
    assert str(balances[2].total) == "0.12345678901234567890123"


def test_the_futures_pocket_is_asked_for_in_usdt_not_in_kucoins_default(
    account: Account, seen: list[httpx.Request]
) -> None:
    assert asyncio.run(account.futures_balance()) == FuturesBalance(
        currency="USDT",
        equity=Decimal("812.7430019"),
        available=Decimal("685.2390019"),
        position_margin=Decimal("120.004"),
        order_margin=Decimal("7.5"),
        unrealised_pnl=Decimal("-3.2057"),
    )
    assert dict(seen[-1].url.params) == {"currency": "USDT"}


def test_open_positions_only_with_the_sign_in_the_lots(account: Account) -> None:
    short, long = asyncio.run(account.positions())
    assert short == Position(
        symbol=Symbol("XBTUSDTM"),
        lots=Decimal(-12),
        entry_price=Decimal("97620.0"),
        mark_price=Decimal("97412.37"),
        liquidation_price=Decimal("116210.4"),
        value=Decimal("1168.94844"),
        unrealised_pnl=Decimal("2.49156"),
        currency="USDT",
        leverage=Decimal(5),
    )
    assert (long.symbol, long.lots) == ("SOLUSDTM", Decimal(3))
    assert long.liquidation_price is None


@pytest.mark.parametrize(
    ("said", "cross", "hedged"),
    [
        ('"crossMode":false,"marginMode":"ISOLATED","positionSide":"BOTH"', False, False),
        ('"crossMode":true,"marginMode":"CROSS","positionSide":"LONG"', True, True),
        ('"marginMode":"CROSS","positionSide":"SHORT"', True, True),
        ('"crossMode":true', True, False),
        ('"crossMode":false', False, False),
    ],
)
def test_a_position_names_its_margin_mode_and_whether_another_may_stand_beside_it(
    served: Callable[..., Rest], said: str, cross: bool, hedged: bool
) -> None:
    row = f'{{"symbol":"XBTUSDTM","isOpen":true,"currentQty":1,"settleCurrency":"USDT",{said}}}'
    account = answering(served, "GET /api/v1/positions", f'{{"code":"200000","data":[{row}]}}')
    (position,) = asyncio.run(account.positions())
    assert (position.cross, position.hedged) == (cross, hedged)


def test_no_positions_may_be_an_empty_answer_but_no_balances_may_not(served: Callable[..., Rest]) -> None:
    empty = '{"code":"200000","data":null}'
    assert asyncio.run(answering(served, "GET /api/v1/positions", empty).positions()) == ()
    with pytest.raises(Unavailable):
        asyncio.run(answering(served, "GET /api/v1/accounts", empty).balances())


def test_one_unreadable_pocket_is_no_answer_rather_than_a_smaller_balance(served: Callable[..., Rest]) -> None:
    said = '{"code":"200000","data":[{"currency":"BTC","type":"trade","balance":"x","available":"0","holds":"0"}]}'
    with pytest.raises(Unavailable):
        asyncio.run(answering(served, "GET /api/v1/accounts", said).balances())


def test_what_kucoin_says_of_the_key(account: Account) -> None:
    assert asyncio.run(account.key_info()) == KeyInfo(
        permissions=frozenset({"General", "Spot", "Futures"}),
        ip_bound=True,
        version=3,
        uid="700700700",
        master=False,
        created_at=datetime(2025, 12, 11, 5, 48, 20, tzinfo=UTC),
    )


@pytest.mark.parametrize("listed", ["", '"ipWhitelist":null,', '"ipWhitelist":"",', '"ipWhitelist":" ",'])
def test_a_key_any_address_may_use_is_not_bound(served: Callable[..., Rest], listed: str) -> None:
    said = f'{{"code":"200000","data":{{{listed}"permission":"General","createdAt":1765432100000}}}}'
    assert not asyncio.run(answering(served, "GET /api/v1/user/api-key", said).key_info()).ip_bound


def test_the_futures_key_is_asked_about_on_the_spot_host_in_its_own_name(
    served: Callable[..., Rest], seen: list[httpx.Request]
) -> None:
    account = Account(served(SPOT, Venue.SPOT, seen), served(FUTURES, Venue.FUTURES, seen, key="futures-key"))
    asyncio.run(account.key_info(Venue.FUTURES))
    assert seen[-1].url.path == "/prefix/api/v1/user/api-key"
    assert seen[-1].headers["KC-API-KEY"] == "futures-key"
    asyncio.run(account.key_info())
    assert seen[-1].headers["KC-API-KEY"] == "the-key"


def test_a_unified_account_is_known_as_one(account: Account) -> None:
    assert asyncio.run(account.mode()) is AccountMode.UNIFIED


@pytest.mark.parametrize(
    "said",
    [
        '{"code":"400007","msg":"Access denied"}',
        '{"code":"404000","msg":"no such path"}',
        '{"code":"200000","data":{}}',
        '{"code":"500000","msg":"error"}',
        '{"code":"200000","data":{"selfAccountMode":"CLASSIC"}}',
    ],
)
def test_the_probe_of_the_mode_is_no_gate(
    served: Callable[..., Rest], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="chatbot.kucoin.account"):
        account = answering(served, "GET /api/ua/v1/account/mode", said)
        assert asyncio.run(account.mode()) is (AccountMode.CLASSIC if "CLASSIC" in said else None)
    assert bool(caplog.records) == ("CLASSIC" not in said)


def instrument(symbol: str, venue: Venue) -> Instrument:
    return replace(BTC, symbol=Symbol(symbol), venue=venue)


def test_the_accounts_own_fee_on_either_venue(account: Account) -> None:
    assert asyncio.run(account.taker_fee_rate(instrument("SOL-USDT", Venue.SPOT))) == Decimal("0.0008")
    assert asyncio.run(account.taker_fee_rate(instrument("XBTUSDTM", Venue.FUTURES))) == Decimal("0.00055")


def test_the_fee_of_another_symbol_is_not_taken_for_it(account: Account) -> None:
    for venue in Venue:
        with pytest.raises(Unavailable, match="no fee for AAVE"):
            asyncio.run(account.taker_fee_rate(instrument("AAVE", venue)))


def test_without_a_key_nothing_is_asked(served: Callable[..., Rest], seen: list[httpx.Request]) -> None:
    rest = served(SPOT, Venue.SPOT, seen, key="")
    with pytest.raises(BadCredentials, match="No KuCoin API key"):
        asyncio.run(Account(rest, rest).balances())
    assert seen == []


def paying(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response], pages: list[str], seen: list[httpx.Request]
) -> Account:
    """Answers with these pages, the last one again and again."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("timestamp"):
            return reply('{"code":"200000","data":1771234567000}')
        assert request.url.path.endswith("/api/v1/funding-history")
        seen.append(request)
        return reply(f'{{"code":"200000","data":{pages[min(len(seen), len(pages)) - 1]}}}')

    rest = connect(answer, Venue.FUTURES)
    return Account(rest, rest)


def paid(number: int, hours: int, amount: str) -> str:
    millis = int((SINCE + timedelta(hours=hours)).timestamp() * 1000)
    return (
        f'{{"id":{number},"symbol":"XBTUSDTM","timePoint":{millis},"fundingRate":6.41E-4,"markPrice":87139.92,'
        f'"positionQty":1,"funding":{amount},"settleCurrency":"USDT","marginMode":"ISOLATED"}}'
    )


SINCE = datetime(2026, 2, 9, tzinfo=UTC)
XBT = Symbol("XBTUSDTM")


def test_what_positions_paid_is_read_to_the_last_page_and_each_settlement_once(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response], seen: list[httpx.Request]
) -> None:
    pages = [
        f'{{"dataList":[{paid(3, 16, "-0.05585669")},{paid(2, 8, "1.5E-3")}],"hasMore":true}}',
        f'{{"dataList":[{paid(2, 8, "1.5E-3")},{paid(1, -8, "-9")}],"hasMore":false}}',
    ]
    found = asyncio.run(paying(connect, reply, pages, seen).funding_paid(XBT, SINCE))
    assert [(p.at - SINCE, p.amount, p.currency) for p in found] == [
        (timedelta(hours=16), Decimal("-0.05585669"), "USDT"),
        (timedelta(hours=8), Decimal("0.0015"), "USDT"),
    ]
    asked = [dict(request.url.params) for request in seen]
    assert asked[0] == {"symbol": "XBTUSDTM", "startAt": "1770595200000", "maxCount": "100"}
    assert asked[1]["endAt"] == str(1770595200000 + 8 * 3_600_000)


@pytest.mark.parametrize(
    "page",
    [
        '{"dataList":null,"hasMore":false}',
        '{"dataList":[],"hasMore":true}',
        '{"hasMore":false}',
    ],
)
def test_nothing_paid_is_no_error(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response], seen: list[httpx.Request], page: str
) -> None:
    assert asyncio.run(paying(connect, reply, [page], seen).funding_paid(XBT, SINCE)) == ()


@pytest.mark.parametrize("page", ["null", "[]", '{"dataList":[{"id":1}],"hasMore":false}', '{"dataList":7}'])
def test_a_history_that_cannot_be_read_is_no_zero(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response], seen: list[httpx.Request], page: str
) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(paying(connect, reply, [page], seen).funding_paid(XBT, SINCE))


def test_a_history_without_end_is_given_up(
    connect: Callable[..., Rest], reply: Callable[..., httpx.Response], seen: list[httpx.Request]
) -> None:
    pages = [f'{{"dataList":[{paid(n, 100 - n, "1")}],"hasMore":true}}' for n in range(30)]
    with pytest.raises(Unavailable, match="does not end"):
        asyncio.run(paying(connect, reply, pages, seen).funding_paid(XBT, SINCE))
    assert len(seen) == 20
