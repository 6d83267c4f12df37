"""The part of the chat that asks back: wizards for what a command lacks, buttons for a coin's bare name."""

from chatbot.charting import installed
from chatbot.chat.alert_steps import AlertSteps
from chatbot.chat.coins import Allowed, Coins, CoinSteps
from chatbot.chat.messages import Dialogue
from chatbot.chat.order_steps import OrderSteps
from chatbot.core.modes import TradingMode
from chatbot.parts import Floor, Part


def wizards_part(floor: Floor) -> Part:
    services, settings = floor.services, floor.settings
    markets, watchlists, portfolio = services.markets, services.watchlists, services.portfolio
    trades = settings.trading_mode is not TradingMode.OFF
    coins = Coins(markets=markets, watchlists=watchlists, portfolio=portfolio)
    simple = CoinSteps(
        coins=coins, markets=markets, watchlists=watchlists, allowed=Allowed(charts=installed(), trades=trades)
    )
    orders = OrderSteps(
        coins=coins,
        markets=markets,
        portfolio=portfolio,
        trading=services.trading,
        most=settings.order_max_notional,
    )
    alerts = AlertSteps(coins=coins, markets=markets)
    return Part(dialogue=Dialogue(steps={**simple.steps, **orders.steps, **alerts.steps}, plain=simple.plain))
