"""Core values → what people read. Pure, and the only place with markup."""
