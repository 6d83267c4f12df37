"""Money that moved without the bot: deposits, withdrawals, funding that was settled."""

from chatbot.chat.views.markup import Html, bold, clock, html, lines, rate
from chatbot.core.feed import FundingSettled, MoneyMoved
from chatbot.core.numbers import money


def moved(news: MoneyMoved) -> Html:
    """A withdrawal nobody made is the moment to act: the bot itself has no way to make one."""
    amount = f"{money(abs(news.change), news.currency)} {news.currency}"
    if news.change >= 0:
        return html("{} arrived on KuCoin at {}.", bold(amount), clock(news.at))
    return lines(
        html("<b>{} left KuCoin</b> at {}.", amount, clock(news.at)),
        "I cannot withdraw. If it was none of you, act on KuCoin now.",
    )


def settled(news: FundingSettled) -> Html:
    amount = f"{money(abs(news.fee), news.currency)} {news.currency}"
    what = "nothing was paid" if not news.fee else f"{'received' if news.fee > 0 else 'paid'} {amount}"
    where = f"{news.symbol} " if news.symbol is not None else ""
    return html("{}funding settled at {}: <b>{}</b>, rate {}", where, clock(news.at), what, rate(news.rate))
