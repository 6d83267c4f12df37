"""The part of the chat that answers with pictures: there where matplotlib is installed (the extra `charts`)."""

import importlib.util
from functools import partial

from chatbot.chat.charts import ChartHandlers
from chatbot.chat.easel import Easel
from chatbot.chat.messages import Verb
from chatbot.chat.table import read
from chatbot.core.people import Role
from chatbot.jobs import Job
from chatbot.parts import Floor, Part
from chatbot.services.charts import Charts

_IDLE = 300.0
"""Seconds without a picture after which the process that draws them ends."""

_USAGE = "[SYMBOL] [1m 5m 15m 1h 4h 1d 1w]"


def installed() -> bool:
    """Whether charts can be drawn here; looked up, not imported."""
    return importlib.util.find_spec("matplotlib") is not None


def charts_part(floor: Floor) -> Part:
    services = floor.services
    easel = Easel() if installed() else None
    handlers = ChartHandlers(
        charts=Charts(exchange=floor.kucoin.exchange, markets=services.markets, store=floor.store, now=floor.now),
        easel=easel,
        watchlists=services.watchlists,
        zone=services.manners.zone_of,
        busy=floor.busy,
    )
    commands = (read("chart", handlers.chart, _USAGE, "/chart BTC 4h", "a picture of the price"),)
    verbs = (
        Verb(name="chart", role=Role.VIEWER, handle=handlers.chart_tap),
        Verb(name="rechart", role=Role.VIEWER, handle=handlers.rechart_tap),
    )
    if easel is None:
        return Part(commands=commands, verbs=verbs)
    rest = Job(name="let the painter rest", every=60, run=partial(easel.rest, _IDLE))
    return Part(commands=commands, verbs=verbs, jobs=(rest,), watchmen=(easel.run,))
