"""The desk's morning, as a group reads it."""

from chatbot.chat.views.markup import Html, bold, html, lines
from chatbot.services.desk_digest import DeskMorning
from chatbot.services.health import Health


def morning(told: DeskMorning) -> Html:
    return lines(
        bold(f"Morning, desk. {told.day:%A} {told.day.day} {told.day:%B}"),
        html("Since yesterday: {} sent, {} filled", _orders(told.sent), told.filled),
        html("Alerts of this group: {}", told.alerts),
        *_wrong(told.health),
    )


def _orders(count: int) -> str:
    return "1 order" if count == 1 else f"{count} orders"


def _wrong(seen: Health) -> list[Html]:
    """One line while all is well."""
    down = [feed.stream.name for feed in seen.feeds if feed.down_since is not None]
    troubles = [
        html("<b>Trading is stopped</b> by {}", seen.stop.person) if seen.stop is not None else None,
        bold("KuCoin does not answer") if seen.round_trip is None else None,
        bold(f"Down: {', '.join(down)}") if down else None,
        bold("Orders are held by the key") if seen.keys.held else None,
        html("<b>{} messages not deliverable</b>", seen.undelivered) if seen.undelivered else None,
    ]
    found = [trouble for trouble in troubles if trouble is not None]
    return [*found, html("/status tells more.")] if found else [html("Feeds ok, key ok, KuCoin ok")]
