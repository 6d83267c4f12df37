"""Why an alert has not fired, and whether it works at all."""

from datetime import datetime

from chatbot.chat.messages import Reply
from chatbot.chat.views import alert_phrases as phrases
from chatbot.chat.views.alert_rules import ALL, delete, muted_line, question_line, state_line
from chatbot.chat.views.markup import Html, age, bold, clock, html, lines, rate
from chatbot.core.alerts import AlertRule, AlertState
from chatbot.core.notices import Button, Buttons
from chatbot.core.wishes import FeedHealth, Standing, Why


def why(seen: Why) -> Reply:
    standing = seen.standing
    shown, instrument = standing.rule, standing.instrument
    body = lines(
        question_line(standing),
        _last(standing, seen.now),
        state_line(shown, instrument, seen.now),
        muted_line(standing),
        _fired(seen),
        _source(seen) if shown.alive else None,
        bold(_verdict(seen)),
    )
    return Reply(text=body, buttons=_buttons(shown))


def _buttons(shown: AlertRule) -> Buttons:
    if not shown.alive:
        return ((ALL,),)
    return (
        (
            Button(text="Refresh", action=f"why {shown.id}"),
            Button(text=f"Card of {shown.name}", action=f"rule {shown.id}"),
        ),
        (delete(shown), ALL),
    )


def _last(standing: Standing, now: datetime) -> Html:
    if standing.last is None:
        return html("no {} seen yet", "rate" if standing.rule.question.kind.funding else "price")
    if standing.rule.question.kind.funding:
        return html("rate {}", rate(standing.last))
    old = age(standing.last_at, now) if standing.last_at is not None else None
    return html("last {}{}", phrases.price(standing.last, standing.instrument), f", {old}" if old else ", just now")


def _fired(seen: Why) -> Html:
    shown, last = seen.standing.rule, seen.last_firing
    if last is None:
        return html("has not fired yet")
    times = "once" if shown.fired == 1 else f"{shown.fired:,} times"
    days = (seen.now - last.at).days
    ago = f", {days} d ago" if days else ""
    return html("fired {}, last at {}{}{}", times, clock(last.at), ago, ", told late" if last.late else "")


def _source(seen: Why) -> Html:
    if seen.standing.rule.question.kind.funding:
        return html("rates: asked for once a minute")
    if seen.feed is FeedHealth.BLIND:
        since = html(" since {}", clock(seen.blind_since)) if seen.blind_since is not None else ""
        return html("prices: none{}", since)
    return html("prices: {}", "live" if seen.feed is FeedHealth.LIVE else "asked for, as the feed is down")


_OVER = {
    AlertState.DONE: "It was to tell this once, and did.",
    AlertState.ENDED: "Its time is over.",
    AlertState.DELETED: "It was deleted.",
    AlertState.GONE: "It cannot fire any more: KuCoin no longer lists its symbol.",
}


def _verdict(seen: Why) -> str:
    """Is it working?"""
    shown = seen.standing.rule
    if not shown.alive:
        return _OVER[shown.state]
    if shown.state is AlertState.PAUSED:
        return "Not working: it was paused. Resume it from its card."
    if seen.feed is FeedHealth.BLIND:
        return "Not working now: what crosses meanwhile is found and told as soon as prices are back."
    if shown.state is AlertState.ARMED:
        return f"Working: it tells when {phrases.asks(shown.question, seen.standing.instrument)}."
    return "Working: it rests, as said above."
