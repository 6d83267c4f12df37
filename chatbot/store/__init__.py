"""SQLite through sqlite-utils: core values in, core values out.

One connection, one process, every commit flushed to the disk. Money is TEXT, moments are
ISO 8601 in UTC with a fixed number of digits, so that text order is time order. Nothing in
this room awaits, so a transaction can never be cut in two by another task.
"""

import chatbot.store.lean  # noqa: F401 - before any module of this room imports sqlite-utils
