"""What the exchange itself bounds: the sizes, funds and steps of an instrument."""

from decimal import Decimal

from chatbot.core.errors import Refused
from chatbot.core.market import Instrument
from chatbot.core.numbers import plain, tidy


def check_size(instrument: Instrument, size: Decimal | None, funds: Decimal | None, worth: Decimal | None) -> None:
    """`worth` in the quote currency; None where it is not known yet.

    What an order comes to may be a part of what the account holds: that is not said aloud.
    """
    symbol, base, quote = instrument.symbol, instrument.base, instrument.quote
    if size is not None and not instrument.min_size <= size <= instrument.max_size:
        low, high = tidy(instrument.min_size, 8), tidy(instrument.max_size, 8)
        bounds = f"{symbol} orders are {low} to {high} {base}; this is"
        than = "less" if size < instrument.min_size else "more"
        raise Refused(f"{bounds} {tidy(size, 8)}.", aloud=f"{bounds} {than}.")
    if funds is not None and funds > instrument.max_funds:
        raise Refused(f"{symbol} takes at most {tidy(instrument.max_funds, 2)} {quote} at the market.")
    if worth is not None and worth < instrument.min_funds:
        start = f"{symbol} orders start at {tidy(instrument.min_funds, 8)} {quote}; this is"
        raise Refused(f"{start} {tidy(worth, 8)}.", aloud=f"{start} less.")


def less_than_a_step(instrument: Instrument, *, by_funds: bool) -> str:
    step = instrument.funds_increment if by_funds else instrument.size_increment
    unit = instrument.quote if by_funds else instrument.base
    return f"{instrument.symbol} trades in steps of {plain(step)} {unit}; that is less than one."
