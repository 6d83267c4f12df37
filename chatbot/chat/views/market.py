"""Prices, watchlist and funding, as people read them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from chatbot.chat.messages import Reply
from chatbot.chat.views.hiding import peek
from chatbot.chat.views.markup import (
    NOT_IN_GROUPS,
    Html,
    age,
    bold,
    code,
    html,
    lines,
    percent,
    plain_text,
    rate,
    up_or_down,
)
from chatbot.core.account import Position
from chatbot.core.amounts import PLAIN, Amounts
from chatbot.core.funding import Payer, annualised, payer, payment
from chatbot.core.market import Contract, FundingRate, Instrument, Symbol
from chatbot.core.notices import Button, Buttons, ButtonStyle
from chatbot.core.numbers import money, places
from chatbot.core.times import in_minutes, in_words
from chatbot.services.market import FundingLook, Look

_FUNDING_ROWS = 10
_MINUTE = timedelta(minutes=1)


def price(look: Look, now: datetime, *, may_trade: bool, charts: bool) -> Reply:
    instrument = look.instrument
    body = lines(
        _headline(look),
        _range(look),
        _perpetual(look) if look.day is not None else _contract_only(look),
        _funding_line(look.contract, now),
        age(_priced_at(look), now) or "live",
    )
    return Reply(text=body, buttons=_price_buttons(instrument, look, may_trade=may_trade, charts=charts))


def prices(looks: Iterable[Look], gone: Iterable[Symbol], now: datetime, action: str) -> Reply:
    """Several at once: a line each."""
    rows = [_headline(look) for look in looks]
    missing = [html("{} is no longer listed", symbol) for symbol in gone]
    stamp = f"at {now:%H:%M:%S} UTC"
    return Reply(text=lines(*rows, *missing, stamp), buttons=((Button(text="Refresh", action=action),),))


def funding(
    look: FundingLook, position: Position | None, now: datetime, *, in_group: bool = False, hidden: bool = False
) -> Reply:
    """`hidden`: what the own position pays is told in a pop-up alone."""
    current, amounts = look.rate, Amounts(hidden=hidden)
    share = NOT_IN_GROUPS if in_group else _own_share(position, current, amounts)
    body = lines(
        html("<b>{}</b>  {}  {}", coin(look.instrument), rate(current.rate), payer(current.rate).value),
        html("settles in {}, every {}", in_minutes(current.next_at - now), in_words(current.interval)),
        _predicted(current),
        html("a year at this rate {}", percent(annualised(current.rate, current.interval))),
        _bounds(current),
        share,
        age(look.read_at, now),
    )
    peeks = ((peek(f"funding {look.instrument.symbol}"),),) if hidden and position is not None else ()
    return Reply(text=body, buttons=(*_funding_buttons(look.instrument), *peeks))


def share_in_short(positions: Iterable[Position], current: FundingRate) -> str:
    """For a pop-up: what the own positions in one contract pay at the next settlement."""
    told = [plain_text(_own_share(position, current, PLAIN)) for position in positions]
    return "\n".join(told) or plain_text(_own_share(None, current, PLAIN))


def fundings(
    looks: Iterable[FundingLook],
    positions: Mapping[Symbol, Position],
    now: datetime,
    title: str,
    *,
    hidden: bool = False,
) -> Reply:
    """A list: the watchlist's, or the highest of all."""
    amounts = Amounts(hidden=hidden)
    rows: list[str] = [_funding_row(look, positions.get(look.instrument.symbol), now, amounts) for look in looks]
    body = lines(bold(title), *(rows or ["No perpetual here. /watch a coin that has one."]))
    return Reply(text=body, buttons=((_top_button(),),))


def top_of(looks: tuple[FundingLook, ...]) -> tuple[FundingLook, ...]:
    """The rates furthest from zero, whoever pays."""
    return tuple(sorted(looks, key=lambda look: abs(look.rate.rate), reverse=True)[:_FUNDING_ROWS])


def watchlist(symbols: Iterable[Symbol]) -> Reply:
    rows = [code(s) for s in symbols]
    if not rows:
        return Reply(text=lines("Your watchlist is empty.", html("Example: {}", code("/watch BTC ETH"))))
    body = lines(bold(f"You watch {len(rows)}"), *rows)
    return Reply(text=body, buttons=((Button(text="Prices", action="price", style=ButtonStyle.PRIMARY),),))


def _headline(look: Look) -> Html:
    instrument = look.instrument
    last = look.day.last if look.day is not None else look.contract.last if look.contract is not None else None
    if last is None:
        return html("<b>{}</b>  no trade yet", instrument.symbol)
    change = look.day.change_rate if look.day is not None else _contract(look).change_rate
    shown = instrument.show_price(last)
    return html("<b>{}</b>  <b>{}</b>  {} {}, 24 h", instrument.symbol, shown, percent(change), up_or_down(change))


def _contract(look: Look) -> Contract:
    if look.contract is None:
        raise ValueError("a look has a day or a contract")
    return look.contract


def _range(look: Look) -> Html | None:
    high = look.day.high if look.day is not None else _contract(look).high
    low = look.day.low if look.day is not None else _contract(look).low
    if high is None or low is None:
        return None
    show = look.instrument.show_price
    return html("high {}   low {}", show(high), show(low))


def _perpetual(look: Look) -> Html | None:
    contract, day = look.contract, look.day
    if contract is None or day is None or contract.mark is None:
        return None
    basis = html("   basis {}", percent((contract.mark - day.last) / day.last)) if day.last else Html("")
    return html("Perp mark {}{}", _mark(look.instrument, contract.mark), basis)


def _mark(instrument: Instrument, mark: Decimal) -> str:
    """Mark prices come with more digits than anybody trades in."""
    step = instrument.price_increment
    return instrument.show_price(mark.quantize(step) if places(mark) > places(step) else mark)


def _contract_only(look: Look) -> Html | None:
    contract = _contract(look)
    if contract.mark is None or contract.index is None:
        return None
    return html("mark {}   index {}", _mark(look.instrument, contract.mark), _mark(look.instrument, contract.index))


def _funding_line(contract: Contract | None, now: datetime) -> Html | None:
    if contract is None or contract.funding is None:
        return None
    current = contract.funding
    left = in_minutes(current.next_at - now)
    return html("Funding {}, {}\n  settles in {}", rate(current.rate), payer(current.rate).value, left)


def _priced_at(look: Look) -> datetime:
    return look.day.time if look.day is not None else _contract(look).time


def _predicted(current: FundingRate) -> Html:
    if current.predicted is None:
        return html("predicted: KuCoin gives none now")
    return html("predicted next {}, {}", rate(current.predicted), payer(current.predicted).value)


def _bounds(current: FundingRate) -> Html | None:
    if current.cap is None or current.floor is None:
        return None
    return html("cap {}   floor {}", rate(current.cap), rate(current.floor))


def _own_share(position: Position | None, current: FundingRate, amounts: Amounts) -> Html:
    if position is None:
        return html("you hold no position")
    return html(
        "your {} of {} {}: {}",
        "long" if position.lots > 0 else "short",
        amounts.of(money(position.value, position.currency)),
        position.currency,
        bold(_share_in_words(payment(position, current.rate), position.currency, amounts)),
    )


def _share_in_words(amount: Decimal, currency: str, amounts: Amounts) -> str:
    if not amount:
        return "nothing settles"
    return f"you {'receive' if amount > 0 else 'pay'} {amounts.of(money(abs(amount), currency))} {currency}"


def _funding_row(look: FundingLook, position: Position | None, now: datetime, amounts: Amounts) -> Html:
    current = look.rate
    share = payment(position, current.rate) if position is not None else None
    whose = payer(current.rate).value if current.rate else Payer.NOBODY.value
    note = whose if share is None or position is None else _share_in_words(share, position.currency, amounts)
    left = current.next_at - now
    when = f"in {in_minutes(max(left, _MINUTE))}, every {in_words(current.interval)}"
    return html("<b>{}</b>  {}\n  {}, {}", coin(look.instrument), rate(current.rate), note, when)


def coin(instrument: Instrument) -> str:
    """The coin's own name where that is clear, else the contract's."""
    return instrument.base if instrument.quote == "USDT" else instrument.symbol


def _price_buttons(instrument: Instrument, look: Look, *, may_trade: bool, charts: bool) -> Buttons:
    rows = [[Button(text="Refresh", action=f"price {instrument.symbol}")]]
    if look.contract is not None and look.contract.funding is not None:
        rows[0].append(Button(text="Funding", action=f"funding {look.contract.symbol}"))
    rows[0].append(Button(text="Alert", action=f"alert price {coin(instrument) if look.day else instrument.symbol}"))
    if charts:
        rows[0].append(Button(text="Chart", action=f"chart {instrument.symbol}"))
    if may_trade and look.day is not None:
        rows.append([
            Button(text="Buy", action=f"buy {instrument.symbol}", style=ButtonStyle.SUCCESS),
            Button(text="Sell", action=f"sell {instrument.symbol}", style=ButtonStyle.DANGER),
        ])  # fmt: skip
    return tuple(map(tuple, rows))


def _funding_buttons(instrument: Instrument) -> Buttons:
    alert = Button(text="Alert", action=f"alert funding {coin(instrument)}")
    return ((Button(text="Refresh", action=f"funding {instrument.symbol}"), _top_button(), alert),)


def _top_button() -> Button:
    return Button(text="Top list", action="funding top")
