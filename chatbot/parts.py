"""A part of the chat: the commands, buttons and clockwork of one capability, and what all parts stand on."""

from collections.abc import Callable, Coroutine

from chatbot.alerting import Alerting
from chatbot.chat.approving import Erase
from chatbot.chat.charts import Busy
from chatbot.chat.messages import Command, Dialogue, Verb
from chatbot.config import Settings
from chatbot.connecting import Kucoin
from chatbot.core.times import Now
from chatbot.core.values import frozen
from chatbot.jobs import Job
from chatbot.services.amounts import Reading
from chatbot.services.cancelling import Cancelling
from chatbot.services.closing import Closing
from chatbot.services.colleagues import Colleagues
from chatbot.services.health import Checkup, Ping
from chatbot.services.key_guard import KeyGuard
from chatbot.services.killswitch import KillSwitch
from chatbot.services.manners import Manners
from chatbot.services.market import Markets
from chatbot.services.passing import Guards
from chatbot.services.people import Watchlists
from chatbot.services.portfolio import Portfolio
from chatbot.services.readiness import Readiness
from chatbot.services.reconcile import Reconciler
from chatbot.services.trading import Trading
from chatbot.store.store import Store


@frozen
class Services:
    markets: Markets
    portfolio: Portfolio
    reconciler: Reconciler
    readiness: Readiness
    trading: Trading
    cancelling: Cancelling
    killswitch: KillSwitch
    guards: Guards
    closing: Closing
    colleagues: Colleagues
    watchlists: Watchlists
    checkup: Checkup
    guard: KeyGuard
    alerting: Alerting
    reading: Reading
    manners: Manners


@frozen
class Floor:
    """`erase` takes a message out of a chat, where it may; `busy` shows in a chat that a picture is on its way.

    `ping` tells how long Telegram takes to answer, None where it does not.
    """

    settings: Settings
    store: Store
    kucoin: Kucoin
    services: Services
    now: Now
    erase: Erase
    busy: Busy
    ping: Ping


@frozen
class Part:
    """`jobs` run on the clock, `watchmen` from the start until the stop. At most one part has a `dialogue`."""

    commands: tuple[Command, ...] = ()
    verbs: tuple[Verb, ...] = ()
    jobs: tuple[Job, ...] = ()
    watchmen: tuple[Callable[[], Coroutine[None, None, None]], ...] = ()
    dialogue: Dialogue | None = None
