"""How the bot is: at a glance, with all that is wrong, and every figure there is."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chatbot.chat.messages import Reply
from chatbot.chat.views import keys
from chatbot.chat.views.markup import REASON, Html, age, bold, clock, day_clock, html, lines, short
from chatbot.core.feed import Channel, StreamState
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button
from chatbot.core.times import in_words
from chatbot.services.dead_man import DeadManState
from chatbot.services.health import Health

_MODES = {
    TradingMode.OFF: "Trading is off.",
    TradingMode.PAPER: "Trading is on paper: the market's prices, no real money.",
    TradingMode.LIVE: "Trading is LIVE: real orders on KuCoin.",
}
_PRACTICE = "Trading is live on a KuCoin of this machine: nobody's real money."
DETAILS = "details"

_SILENT = "KuCoin does not answer"
_MILLISECOND = timedelta(milliseconds=1)
_MEGABYTE = 1_000_000


def glance(seen: Health) -> Reply:
    body = lines(
        *_trading(seen),
        html("Telegram {}, queue {}{}", _telegram(seen), seen.waiting, _undelivered(seen)),
        html("{}, {}", _kucoin(seen), _clock(seen)),
        *_feeds(seen),
        *keys.glance(seen.keys, _aged(seen.keys_seen_at, seen)),
        *_not_set(seen),
        *_unknown(seen),
        html("Up {}, db {}, {}", in_words(seen.read_at - seen.started_at), _size(seen), _kept(seen)),
    )
    return Reply(text=body, buttons=(_buttons("", Button(text="Details", action=f"status {DETAILS}")),))


def details(seen: Health) -> Reply:
    body = lines(
        *_trading(seen),
        html("Telegram {}, {}", _telegram(seen), _heard(seen)),
        html("messages waiting {}{}", seen.waiting, _undelivered(seen)),
        _kucoin(seen),
        html("{} against KuCoin's", _clock(seen)),
        *_streams(seen),
        html("alerts {}", seen.alerts),
        *keys.standing(seen.keys),
        _looked_at(seen),
        _dead_man(seen.dead_man, seen.read_at) if seen.dead_man is not None else None,
        *_unknown(seen),
        html("strangers turned away {}", seen.strangers),
        html("up {}, since {}", in_words(seen.read_at - seen.started_at), day_clock(seen.started_at)),
        html("database {}, {}", _size(seen), _kept(seen)),
    )
    return Reply(text=body, buttons=(_buttons(DETAILS, Button(text="Less", action="status")),))


def trading(mode: TradingMode, *, practice: bool) -> str:
    """`practice`: KuCoin is a sandbox on this machine."""
    return _PRACTICE if practice and mode is TradingMode.LIVE else _MODES[mode]


def _buttons(shown: str, other: Button) -> tuple[Button, ...]:
    return (Button(text="Refresh", action=f"status {shown}".strip()), other)


def _trading(seen: Health) -> Iterator[Html]:
    if seen.stop is not None:
        yield html("<b>STOPPED</b> by {} at {}", seen.stop.person, clock(seen.stop.at))
    yield html("<b>{}</b>", trading(seen.mode, practice=seen.practice))
    if seen.finding_out:
        yield html("<b>{}</b>", seen.finding_out)


def _telegram(seen: Health) -> str:
    return "does not answer" if seen.telegram_trip is None else f"ok {in_words(seen.telegram_trip)}"


def _heard(seen: Health) -> str:
    if seen.telegram_heard is None:
        return "not heard yet"
    return f"heard {in_words(seen.read_at - seen.telegram_heard)} ago"


def _kucoin(seen: Health) -> Html:
    if seen.round_trip is None:
        why = short(seen.kucoin.removesuffix("."), REASON)
        return bold(why) if why.startswith(_SILENT) else html("<b>{}</b>: {}", _SILENT, why)
    return html("KuCoin {}{} {}", seen.kucoin, "" if seen.kucoin == "ok" else ",", in_words(seen.round_trip))


def _clock(seen: Health) -> str:
    offset = f"clock {round(seen.clock_offset / _MILLISECOND):+d} ms"
    return f"{offset}{_aged(seen.clock_read_at, seen)}"


def _aged(read_at: datetime | None, seen: Health) -> str:
    """` (9 m old)`, to follow what was read then; empty while it is fresh."""
    old = None if read_at is None else age(read_at, seen.read_at)
    return "" if old is None else f" ({old})"


def _feeds(seen: Health) -> Iterator[Html]:
    """One line while all is well; each stream by name that is down."""
    if not seen.feeds:
        yield html("Feeds: nothing to listen for")
        return
    up = [f for f in seen.feeds if f.down_since is None]
    heard = [f.heard_at for f in up if f.heard_at is not None]
    oldest = f", oldest word {in_words(seen.read_at - min(heard))} ago" if heard else ""
    yield html("Feeds {} of {}{}", len(up), len(seen.feeds), oldest)
    yield from (_down(f) for f in seen.feeds if f.down_since is not None)


def _streams(seen: Health) -> Iterator[Html]:
    for feed in seen.feeds:
        if feed.down_since is not None:
            yield _down(feed)
            continue
        heard = "not heard yet" if feed.heard_at is None else f"heard {in_words(seen.read_at - feed.heard_at)} ago"
        begun = f", begun anew {feed.reconnects} times" if feed.reconnects else ""
        yield html("{} up, {} topics, {}{}", feed.stream.name, feed.topics, heard, begun)


def _down(state: StreamState) -> Html:
    instead = ", I ask for all prices instead" if state.stream.channel is Channel.PUBLIC else ""
    since = clock(state.down_since) if state.down_since is not None else Html("the start")
    reason = f": {short(state.reason.removesuffix('.'), REASON)}" if state.reason else ""
    return html("<b>{} down</b> since {}{}{}", state.stream.name, since, instead, reason)


def _looked_at(seen: Health) -> Html | None:
    if not seen.keys.seen or seen.keys_seen_at is None:
        return None
    return html("looked at {} ago", in_words(seen.read_at - seen.keys_seen_at))


def _not_set(seen: Health) -> Iterator[Html]:
    state = seen.dead_man
    if state is not None and (state.falls_at is None or state.falls_at <= seen.read_at or state.problem):
        yield _dead_man(state, seen.read_at)


def _dead_man(state: DeadManState, now: datetime) -> Html:
    names = ", ".join(state.symbols)
    if state.falls_at is None or state.falls_at <= now:
        standing = html("<b>dead man's switch NOT set</b> for {}", names)
    else:
        standing = html("dead man's switch on {}: falls in {} unless renewed", names, in_words(state.falls_at - now))
    return html("{}: {}", standing, short(state.problem, REASON)) if state.problem else standing


def _unknown(seen: Health) -> Iterator[Html]:
    if seen.unknown_orders:
        yield html("<b>orders of unknown fate {}</b>", seen.unknown_orders)


def _undelivered(seen: Health) -> Html:
    return html(", <b>not deliverable {}</b>", seen.undelivered) if seen.undelivered else Html("")


def _size(seen: Health) -> str:
    return f"{max(seen.disk.size / _MEGABYTE, 0.1):,.1f} MB"


def _kept(seen: Health) -> Html:
    """It is gone over at every start, too."""
    checked = max(seen.disk.examined_at or seen.started_at, seen.started_at)
    copied = seen.disk.backed_up_at
    backup = html("backup {} ago", in_words(seen.read_at - copied)) if copied is not None else Html("no backup known")
    return html("checked {} ago, {}", in_words(seen.read_at - checked), backup)
