"""What people type and read.

An update passes one gate, becomes a Message or a Tap, and a handler answers it with a
Reply; Telegram's own types stay in `bot.py` and `sender.py`. Errors become words in one
place, `words.py`; markup is made in `views/` alone.
"""
