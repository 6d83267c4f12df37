"""A client that goes by the subject and by what fields are there, as general exchange libraries do."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

from chatbot.core.feed import Channel
from chatbot.core.market import Venue
from chatbot.core.orders import OrderType, Side
from chatbot.sandbox.accounts import Pocket
from chatbot.sandbox.orders import OrderRequest
from tests.sandbox.listener import listening, still
from tests.sandbox.worlds import BTC, PERP, Clock, Json

STATUSES = {"open": "open", "received": "open", "match": "open", "update": "open", "filled": "closed"}


@dataclass(slots=True)
class Reader:
    """One book of prices, orders, money and positions, whatever the topic was."""

    prices: dict[str, tuple[Decimal | None, Decimal, Decimal]] = field(default_factory=dict)
    orders: dict[str, tuple[str, str, Decimal, int]] = field(default_factory=dict)
    money: dict[tuple[str, str], tuple[Decimal, Decimal]] = field(default_factory=dict)
    positions: dict[str, Decimal] = field(default_factory=dict)

    def reads(self, message: dict[str, Json]) -> None:
        data, subject = message["data"], message["subject"]
        if "bestBid" in data or "bestBidPrice" in data:
            self._ticker(message["topic"].partition(":")[2], subject, data)
        elif subject in ("orderChange", "symbolOrderChange"):
            millis = int(str(data["orderTime"])[:13])
            status = STATUSES.get(data["type"], "canceled")
            filled = Decimal(data.get("filledSize", "0"))
            self.orders[data["orderId"]] = data["clientOid"], status, filled, millis
        elif subject == "account.balance":
            pocket, _, event = data["relationEvent"].partition(".")
            assert event in ("hold", "setted", "transfer", "deposit", "withdraw_done")
            self.money[pocket, data["currency"]] = Decimal(data["available"]), Decimal(data["hold"])
        elif subject == "position.change" and "changeReason" in data:
            self.positions[data["symbol"]] = Decimal(data["currentQty"])

    def _ticker(self, name: str, subject: str, data: Json) -> None:
        price = Decimal(data["price"]) if "price" in data else None
        bid, ask = data.get("bestBid", data.get("bestBidPrice")), data.get("bestAsk", data.get("bestAskPrice"))
        self.prices[subject if name == "all" else name] = price, Decimal(bid), Decimal(ask)
        assert int(data["time"] if "time" in data else str(data["ts"])[:13]) > 1_700_000_000_000


def test_prices_orders_money_and_positions_come_together() -> None:
    async def main() -> None:
        clock, reader = Clock(), Reader()
        async with (
            still(clock) as sandbox,
            listening(sandbox, Venue.SPOT) as prices,
            listening(sandbox, Venue.FUTURES) as marks,
            listening(sandbox, Venue.SPOT, Channel.PRIVATE) as spot,
            listening(sandbox, Venue.FUTURES, Channel.PRIVATE) as futures,
        ):
            await prices.subscribes("/market/ticker:all")
            await marks.subscribes(f"/contractMarket/tickerV2:{PERP}")
            for topic in ("/spotMarket/tradeOrdersV2", "/account/balance"):
                await spot.subscribes(topic, private=True)
            for topic in ("/contractMarket/tradeOrders", "/contract/positionAll"):
                await futures.subscribes(topic, private=True)
            buy: Json = {"client_oid": "one", "symbol": BTC, "side": Side.BUY, "type": OrderType.LIMIT}
            buy |= {"price": Decimal(67_000), "size": Decimal("0.001")}
            resting = sandbox.exchange.place(Venue.SPOT, OrderRequest(**buy))
            future = buy | {
                "symbol": PERP,
                "price": None,
                "size": Decimal(2),
                "leverage": Decimal(5),
                "type": OrderType.MARKET,
            }
            filled = sandbox.exchange.place(Venue.FUTURES, OrderRequest(**future))
            sandbox.sockets.pump()
            for listener in (prices, marks, spot, futures):
                for message in await listener.told():
                    reader.reads(message)
            millis = int(clock().timestamp() * 1000)
            assert reader.orders == {
                resting.id: ("one", "open", Decimal(0), millis),
                filled.id: ("one", "closed", Decimal(2), millis),
            }
            wallet = sandbox.exchange.accounts.wallet(Pocket.TRADE, "USDT")
            assert reader.money == {("trade", "USDT"): (wallet.available, wallet.held)}
            assert reader.positions == {PERP: Decimal(52)}
            assert reader.prices[BTC][0] == Decimal("67412.3")
            assert reader.prices[PERP][0] is None

    asyncio.run(main())
