"""What the bot knows and decides: pure values and functions of them.

Nothing in this room awaits, reads a clock, touches a file or imports anything but
the standard library. Every price, size and rate is a `Decimal`; every moment is
an aware UTC datetime, handed in by whoever asks.
"""
