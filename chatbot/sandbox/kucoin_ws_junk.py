"""What a broken feed throws at its listeners."""

from collections.abc import Sequence

FEED_HUGE_BYTES = 5 * 1024 * 1024

_TICKER = '{"type":"message","topic":"/market/ticker:BTC-USDT","subject":"trade.ticker","data":'
_SMALL: Sequence[str | bytes] = (
    "this is not JSON {",
    b"\x00\xff\xfe binary",
    "null",
    "[]",
    '"a string"',
    "17",
    "{}",
    '{"type":"surprise","data":{}}',
    '{"type":null,"topic":5}',
    '{"id":"nobody-asked","type":"ack"}',
    '{"id":"nobody-asked","type":"error","code":"500","data":null}',
    '{"type":"message"}',
    '{"type":"message","topic":"/nobody/asked:for","subject":"this","data":{"price":"1"}}',
    f"{_TICKER}null}}",
    f'{_TICKER}{{"price":null,"time":"soon","sequence":[]}}}}',
    f'{_TICKER}{{"price":"NaN","time":1772366400000,"sequence":"1"}}}}',
    f'{_TICKER}{{"price":"-1","time":1772366400000,"sequence":"1"}}}}',
    f'{_TICKER}{{"price":"1e999999","time":99999999999999999999,"sequence":"1"}}}}',
    "",
)


def junk(number: int) -> str | bytes:
    """One piece after the other, round and round; a huge one ends each round."""
    place = number % (len(_SMALL) + 1)
    if place < len(_SMALL):
        return _SMALL[place]
    return f'{{"type":"message","topic":"/market/ticker:BTC-USDT","data":"{"x" * FEED_HUGE_BYTES}"}}'
