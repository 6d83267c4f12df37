"""What is written about a run: one line an event, in UTC, to stderr, and never a secret."""

from enum import Enum, IntEnum


class LogLevel(IntEnum):
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class LogFormat(Enum):
    TEXT = "text"
    JSON = "json"
