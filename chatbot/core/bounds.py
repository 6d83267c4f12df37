"""What the exchange itself bounds: the sizes, funds and steps of an instrument."""

from decimal import Decimal

from chatbot.core.errors import Refused
from chatbot.core.market import Instrument
from chatbot.core.numbers import plain, tidy


def check_size(instrument: Instrument, size: Decimal | None, funds: Decimal | None, worth: Decimal | None) -> None:
    """`worth` in the quote currency; None where it is not known yet."""
    symbol, base, quote = instrument.symbol, instrument.base, instrument.quote
    if size is not None and not instrument.min_size <= size <= instrument.max_size:
        low, high = plain(instrument.min_size), plain(instrument.max_size)
        raise Refused(f"{symbol} orders are {low} to {high} {base}; this is {plain(size)}.")
    if funds is not None and funds > instrument.max_funds:
        raise Refused(f"{symbol} takes at most {tidy(instrument.max_funds, 2)} {quote} at the market.")
    if worth is not None and worth < instrument.min_funds:
        low = plain(instrument.min_funds)
        raise Refused(f"{symbol} orders start at {low} {quote}; this is {tidy(worth, 8)}.")


def less_than_a_step(instrument: Instrument, *, by_funds: bool) -> str:
    step = instrument.funds_increment if by_funds else instrument.size_increment
    unit = instrument.quote if by_funds else instrument.base
    return f"{instrument.symbol} trades in steps of {plain(step)} {unit}; that is less than one."
