"""What owners read while KuCoin does not answer, and when it does again."""

from datetime import datetime, timedelta

from chatbot.chat.views.markup import Html, bold, day_clock, html, lines
from chatbot.core.times import in_words


def away(since: datetime) -> Html:
    return lines(
        bold(html("KuCoin has not answered since {}.", day_clock(since))),
        "No order can be placed or looked up, and /kill reaches nothing there. I keep trying.",
    )


def back(span: timedelta) -> Html:
    return html("KuCoin answers again, after {}.", in_words(span))
