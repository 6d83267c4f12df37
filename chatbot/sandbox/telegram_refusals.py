"""How the Bot API says no: one exception that carries code, description and parameters."""


class TelegramRefusal(Exception):
    """`code` is the HTTP status and the envelope's `error_code`; `description` is Telegram's sentence."""

    def __init__(
        self, code: int, description: str, *, retry_after: int | None = None, migrate_to: int | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to = migrate_to


def bad_request(reason: str) -> TelegramRefusal:
    return TelegramRefusal(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> TelegramRefusal:
    return TelegramRefusal(403, f"Forbidden: {reason}")


def conflict(reason: str) -> TelegramRefusal:
    return TelegramRefusal(409, f"Conflict: {reason}")


def too_many(retry_after: int) -> TelegramRefusal:
    return TelegramRefusal(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def migrated(new_chat_id: int) -> TelegramRefusal:
    reason = "Bad Request: group chat was upgraded to a supergroup chat"
    return TelegramRefusal(400, reason, migrate_to=new_chat_id)
