"""What a command still lacks, as it is asked: the choices that are offered, and how an answer is typed."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from chatbot.chat.messages import RUN, Choice, Question, Reply
from chatbot.chat.parsing_alerts import EXAMPLE
from chatbot.chat.views.markup import bold, code, example, html, lines, rate
from chatbot.core.market import Instrument, Venue
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.numbers import ceil_to, floor_to, plain, signed
from chatbot.core.orders import Side
from chatbot.core.symbols import HOME_QUOTE

Word = tuple[str, str]
"""What a button says, and what it adds to the line."""

_A_ROW = 4
_HUNDRED = Decimal(100)

_STYLES = {Side.BUY: ButtonStyle.SUCCESS, Side.SELL: ButtonStyle.DANGER}
_NEAR = (Decimal(1), Decimal(2), Decimal(5))
_LIMITS = (Decimal("0.5"), Decimal(1), Decimal(2))
_MOVES = ("3% 15m", "5% 1h", "10% 24h")
_FUNDING = (
    ("changes sign", "flip"),
    ("near its cap", "cap"),
    ("interval changes", "interval"),
    ("what I pay", "pay"),
    ("above 0.05 %", "> 0.05%"),
    ("below -0.05 %", "< -0.05%"),
)


def word_of(instrument: Instrument) -> Word:
    """A coin where that is enough, else the symbol."""
    short = instrument.venue is Venue.SPOT and instrument.quote == HOME_QUOTE
    name = instrument.base if short else str(instrument.symbol)
    return name, name


def coin(line: str, text: str, words: Iterable[Word], hint: str = "BTC") -> Question:
    choices = [Choice(text=label, line=f"{line} {word}") for label, word in words]
    return Question(text=lines(text), choices=_rows(choices), line=line, asks=line, prompt=lines(text), hint=hint)


def amount(side: Side, instrument: Instrument, line: str, amounts: Sequence[Word]) -> Question:
    text = html("{} {}: how much?", side.value.capitalize(), bold(instrument.symbol))
    hint = f"50{instrument.quote.lower()}, 0.001 or 25%"
    choices = _rows([Choice(text=label, line=f"{line} {word}") for label, word in amounts], 3)
    return Question(text=text, choices=choices, line=line, asks=line, prompt=text, hint=hint)


def kind(side: Side, instrument: Instrument, line: str, price: Decimal) -> Question:
    """At the market, or at a price of one's own: the last choice of an order."""
    _, _, order = line.partition(" ")
    text = lines(
        html("{} {}", side.value.capitalize(), code(order)),
        html("{} is at {} now.", instrument.symbol, instrument.show_price(price)),
    )
    row = (
        Choice(text="At the market", line=line, whole=True, style=_STYLES[side]),
        Choice(text="At my price…", line=f"{line} @"),
    )
    return Question(text=text, choices=(row,), line=line, asks="", prompt="", hint="")


def price(side: Side, instrument: Instrument, line: str, now: Decimal) -> Question:
    """`line` ends in @. What is offered is on the better side of the market."""
    sign = -1 if side is Side.BUY else 1
    steps = [(each * sign, instrument.round_price(now * (1 + each * sign / _HUNDRED))) for each in _LIMITS]
    choices = [
        Choice(text=f"{instrument.show_price(at)} ({signed(percent, 1)} %)", line=f"{line} {plain(at)}")
        for percent, at in steps
        if at > 0
    ]
    shown = instrument.show_price(now)
    return Question(
        text=html("{} at which price? {} is at {} now.", side.value.capitalize(), instrument.symbol, shown),
        choices=_rows(choices, 1),
        line=line,
        asks=line,
        prompt=html("{}, now {}. {} at which price?", instrument.symbol, shown, side.value.capitalize()),
        hint=_round(now, up=side is Side.SELL),
        at_once=True,
    )


def alert_kind(word: str) -> Question:
    """`word` is the coin, where one is known."""
    of = f" {word}" if word else ""
    row = (
        Choice(text="Price", line=f"/alert price?{of}"),
        Choice(text="% move", line=f"/alert move?{of}"),
        Choice(text="Funding", line=f"/alert funding{of}"),
    )
    about = f"What should I watch about {word}?" if word else "What should I watch?"
    return Question(
        text=lines(about, example(EXAMPLE)),
        choices=(row,),
        line=f"/alert{of}",
        asks=f"/alert{of}",
        prompt=lines(about),
        hint="> 68000" if word else "BTC > 68000",
    )


def alert_price(instrument: Instrument, word: str, now: Decimal) -> Question:
    ups, downs = ([f"{sign}{each}" for each in _NEAR] for sign in "+-")
    rows = tuple(
        tuple(Choice(text=f"{each} %", line=f"/alert {word} {mark} {each}%") for each in some)
        for mark, some in ((">", ups), ("<", downs))
    )
    shown = html("{} price, now {}.", word, instrument.show_price(now))
    line = f"/alert price? {word}"
    return Question(
        text=html("{} Tap how far from there, or type a level.", shown),
        choices=rows,
        line=line,
        asks=line,
        prompt=html("{} Which level?", shown),
        hint=f"{_round(now, up=True)} or +1%",
        at_once=True,
    )


def alert_move(instrument: Instrument, word: str, now: Decimal) -> Question:
    rows = tuple(
        tuple(Choice(text=_spaced(f"{sign}{each}"), line=f"/alert {word} {sign}{each}") for each in _MOVES)
        for sign in "+-"
    )
    line = f"/alert move? {word}"
    return Question(
        text=html("{}, now {}. Which move, within how long?", word, instrument.show_price(now)),
        choices=rows,
        line=line,
        asks=line,
        prompt=html("{}: which move, within how long?", word),
        hint="+5% 1h",
    )


def alert_funding(word: str, now: Decimal) -> Question:
    line = f"/alert funding {word}"
    return Question(
        text=html("{} funding, now {}. Tell you when it …", word, rate(now)),
        choices=_rows([Choice(text=label, line=f"{line} {what}") for label, what in _FUNDING], 2),
        line=line,
        asks=line,
        prompt=html("{} funding, now {}. Which rate?", word, rate(now)),
        hint="> 0.05%",
    )


def about(instrument: Instrument, *, may_trade: bool, charts: bool) -> Reply:
    """What can be asked about a symbol that somebody typed and nothing else."""
    word, _ = word_of(instrument)
    first = [Button(text="Price", action=f"{RUN} /price {word}"), Button(text="Alert", action=f"{RUN} /alert {word}")]
    if charts:
        first.append(Button(text="Chart", action=f"{RUN} /chart {word}"))
    second = [Button(text="Watch", action=f"{RUN} /watch {word}")]
    if may_trade and instrument.venue is Venue.SPOT:
        second = [
            Button(text="Buy", action=f"{RUN} /buy {word}", style=ButtonStyle.SUCCESS),
            Button(text="Sell", action=f"{RUN} /sell {word}", style=ButtonStyle.DANGER),
            *second,
        ]
    return Reply(text=lines(bold(instrument.symbol)), buttons=(tuple(first), tuple(second)))


def about_several(instruments: Iterable[Instrument]) -> Reply:
    """As `about`, for names of coins and nothing else."""
    names = list(dict.fromkeys(word_of(each)[0] for each in instruments))
    line = " ".join(names)
    buttons = (
        Button(text="Prices", action=f"{RUN} /price {line}"),
        Button(text="Watch", action=f"{RUN} /watch {line}"),
    )
    return Reply(text=lines(bold(", ".join(names))), buttons=(buttons,))


def runs(line: str, words: Iterable[Word]) -> Buttons:
    """Buttons that stand under an answer, for more of the same: each is the line with its word."""
    every = [Button(text=label, action=f"{RUN} {line} {word}") for label, word in words]
    return tuple(tuple(every[n : n + _A_ROW]) for n in range(0, len(every), _A_ROW))


def _rows(choices: Sequence[Choice], width: int = _A_ROW) -> tuple[tuple[Choice, ...], ...]:
    return tuple(tuple(choices[n : n + width]) for n in range(0, len(choices), width))


def _round(value: Decimal, *, up: bool) -> str:
    """A number of two digits next to this one, as somebody might say it: 67,412.3 is near 68000."""
    if not value:
        return "1"
    step = Decimal(1).scaleb(value.adjusted() - 1)
    return plain(ceil_to(value, step) if up else floor_to(value, step))


def _spaced(move: str) -> str:
    """`+5% 1h` as `+5 %, 1h`."""
    return move.replace("% ", " %, ")
