"""The tables, one migration a release. A migration and the record of it commit together."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

VERSION = 2
"""Raised with every migration, which writes it; a database of a higher version is refused, never guessed at."""

migrations = Migrations("chatbot")

# A strict TEXT column turns a float into text before any check sees it; ANY keeps it a float, to be refused.
_DIGITS = "typeof({0}) = 'text' AND ltrim({0}, '-') GLOB '[0-9]*' AND ltrim({0}, '-') NOT GLOB '*[^0-9.]*'"
_MONEY = f"ANY NOT NULL CHECK ({_DIGITS})"
_MAYBE_MONEY = f"ANY CHECK ({{0}} IS NULL OR ({_DIGITS} AND {{0}} NOT GLOB '-*'))"
_MAYBE_SIGNED = f"ANY CHECK ({{0}} IS NULL OR ({_DIGITS}))"

_FIRST = (
    """CREATE TABLE strangers (
        person_id INTEGER PRIMARY KEY, name TEXT NOT NULL, first_seen_at TEXT NOT NULL, knocks INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE watchlist (
        id INTEGER PRIMARY KEY AUTOINCREMENT, person_id INTEGER NOT NULL, symbol TEXT NOT NULL,
        UNIQUE (person_id, symbol)
    ) STRICT""",
    f"""CREATE TABLE tickets (
        id INTEGER PRIMARY KEY AUTOINCREMENT, update_id INTEGER NOT NULL UNIQUE,
        client_oid TEXT NOT NULL UNIQUE, state TEXT NOT NULL, asked TEXT NOT NULL,
        person_id INTEGER NOT NULL, person TEXT NOT NULL, chat_id INTEGER NOT NULL, card_id INTEGER,
        symbol TEXT NOT NULL, venue TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL,
        size {_MAYBE_MONEY.format("size")}, funds {_MAYBE_MONEY.format("funds")},
        price {_MAYBE_MONEY.format("price")},
        notional {_MONEY.format("notional")}, shown_price {_MONEY.format("shown_price")},
        about_size {_MONEY.format("about_size")}, about_funds {_MONEY.format("about_funds")},
        about_fee {_MONEY.format("about_fee")},
        free_after {_MONEY.format("free_after")}, budget_after {_MONEY.format("budget_after")},
        proposed_at TEXT NOT NULL, expires_at TEXT NOT NULL, submitted_at TEXT, ended_at TEXT,
        order_id TEXT NOT NULL DEFAULT '',
        filled_size {_MONEY.format("filled_size")}, filled_funds {_MONEY.format("filled_funds")},
        fee {_MONEY.format("fee")}, fee_currency TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX tickets_by_state ON tickets (state, expires_at)",
    "CREATE INDEX tickets_by_day ON tickets (submitted_at)",
    """CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT, ticket_id INTEGER NOT NULL REFERENCES tickets (id),
        at TEXT NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL, detail TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX journal_by_ticket ON journal (ticket_id)",
    """CREATE TABLE stops (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, person TEXT NOT NULL,
        report TEXT NOT NULL DEFAULT '{}', swept_at TEXT, chat_id INTEGER NOT NULL, card_id INTEGER,
        resumed_at TEXT, resumed_by TEXT, reason TEXT
    ) STRICT""",
    """CREATE TABLE inbox (
        update_id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
        ended_at TEXT
    ) STRICT""",
    "CREATE INDEX inbox_waiting ON inbox (update_id) WHERE state = 'pending'",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, dedupe TEXT UNIQUE,
        lane INTEGER NOT NULL, chat_id INTEGER NOT NULL, thread_id INTEGER,
        text TEXT NOT NULL, buttons TEXT NOT NULL, subject TEXT, subject_id INTEGER NOT NULL,
        edits INTEGER REFERENCES outbox (id), follows INTEGER REFERENCES outbox (id), reply_to INTEGER,
        silent INTEGER NOT NULL, protected INTEGER NOT NULL, pinned INTEGER NOT NULL,
        asks TEXT NOT NULL, hint TEXT NOT NULL,
        state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, repeat INTEGER NOT NULL DEFAULT 0,
        message_id INTEGER, made_at TEXT NOT NULL, sent_at TEXT, problem TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX outbox_waiting ON outbox (lane, id) WHERE state = 'pending'",
    "CREATE INDEX outbox_messages ON outbox (chat_id, message_id) WHERE asks != ''",
    "CREATE INDEX outbox_edits ON outbox (edits) WHERE edits IS NOT NULL",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, person TEXT NOT NULL, what TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT""",
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    "CREATE TRIGGER audit_is_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
)


@migrations(name="1_first_tables")
def first_tables(db: Database) -> None:
    for statement in _FIRST:
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")


_SECOND = (
    # A rule is alive while `ended_at` is NULL. `watch` is the index of levels on the disk: nothing is decided on it.
    f"""CREATE TABLE alerts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, symbol TEXT NOT NULL, venue TEXT NOT NULL,
        direction TEXT, level {_MONEY.format("level")}, window_seconds INTEGER,
        person_id INTEGER NOT NULL, person TEXT NOT NULL, chat_id INTEGER NOT NULL, thread_id INTEGER,
        every_seconds INTEGER, until TEXT, note TEXT NOT NULL, order_line TEXT NOT NULL,
        state TEXT NOT NULL, arms INTEGER NOT NULL, armed_at TEXT NOT NULL, eligible_at TEXT,
        fired INTEGER NOT NULL, fired_at TEXT, created_at TEXT NOT NULL, ended_at TEXT,
        watch REAL CHECK (watch BETWEEN -1e300 AND 1e300), watch_rising INTEGER,
        CHECK ((ended_at IS NULL) = (state IN ('armed', 'cooling', 'waiting', 'paused')))
    ) STRICT""",
    """CREATE UNIQUE INDEX alerts_alone ON alerts
        (person_id, symbol, kind, ifnull(direction, ''), level, ifnull(window_seconds, 0)) WHERE ended_at IS NULL""",
    # A column that a query names has to be in the index, or every row is looked up beside it.
    """CREATE INDEX alerts_price_book ON alerts (kind, symbol, watch, watch_rising)
        WHERE kind = 'price' AND watch NOT NULL""",
    """CREATE INDEX alerts_move_book ON alerts (kind, symbol, window_seconds, direction, watch, watch_rising)
        WHERE kind = 'move' AND watch NOT NULL""",
    """CREATE INDEX alerts_windows ON alerts (symbol, window_seconds)
        WHERE kind = 'move' AND state IN ('armed', 'cooling', 'waiting', 'paused', 'done')""",
    "CREATE INDEX alerts_alive ON alerts (kind, symbol, ended_at, chat_id) WHERE ended_at IS NULL",
    "CREATE INDEX alerts_paused ON alerts (symbol, kind, chat_id) WHERE state = 'paused'",
    "CREATE INDEX alerts_cooling ON alerts (eligible_at) WHERE state = 'cooling'",
    "CREATE INDEX alerts_until ON alerts (until) WHERE ended_at IS NULL AND until NOT NULL",
    "CREATE INDEX alerts_ended ON alerts (ended_at) WHERE ended_at NOT NULL",
    # `letter_id` may outlive its letter, and keeps nobody from clearing the outbox. `outcome` is what somebody
    # did about it, in the words of the chat.
    f"""CREATE TABLE firings (
        id INTEGER PRIMARY KEY AUTOINCREMENT, rule_id INTEGER NOT NULL REFERENCES alerts (id),
        occasion TEXT NOT NULL, number INTEGER NOT NULL, source TEXT NOT NULL, value {_MONEY.format("value")},
        at TEXT NOT NULL, told_at TEXT NOT NULL, settles_at TEXT, detail TEXT NOT NULL,
        letter_id INTEGER, ticket_owed INTEGER NOT NULL, ticket_id INTEGER REFERENCES tickets (id),
        muted INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT '',
        UNIQUE (rule_id, occasion)
    ) STRICT""",
    "CREATE INDEX firings_by_time ON firings (told_at)",
    "CREATE INDEX firings_owed ON firings (id) WHERE ticket_owed = 1",
    "CREATE TABLE audited (symbol TEXT PRIMARY KEY, venue TEXT NOT NULL, until TEXT NOT NULL) STRICT",
    """CREATE TABLE blind (
        id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, since TEXT NOT NULL, told_at TEXT, ended_at TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX blind_standing ON blind (stream) WHERE ended_at IS NULL",
    f"""CREATE TABLE funding_seen (
        symbol TEXT PRIMARY KEY, settles_at TEXT NOT NULL, rate {_MONEY.format("rate")},
        predicted {_MAYBE_SIGNED.format("predicted")}, interval_seconds INTEGER NOT NULL
    ) STRICT""",
    # What waits in the outbox, found without looking at what does not leave: by urgency, and by chat.
    "DROP INDEX outbox_waiting",
    "CREATE INDEX outbox_waiting ON outbox (lane, id, chat_id) WHERE state = 'pending'",
    "CREATE INDEX outbox_by_chat ON outbox (chat_id, lane, id) WHERE state = 'pending'",
    "CREATE INDEX outbox_held ON outbox (chat_id) WHERE state = 'held'",
    "CREATE INDEX outbox_cards ON outbox (subject, subject_id) WHERE subject NOTNULL",
    "CREATE INDEX outbox_follows ON outbox (follows) WHERE follows NOTNULL",
    "CREATE TABLE closed_chats (chat_id INTEGER PRIMARY KEY, since TEXT NOT NULL, reason TEXT NOT NULL) STRICT",
    "CREATE TABLE moved_chats (old_id INTEGER PRIMARY KEY, new_id INTEGER NOT NULL) STRICT",
    # The updates that killed and resumed: handled again after a crash, they do nothing a second time.
    """CREATE TABLE stop_updates (
        update_id INTEGER PRIMARY KEY, stop_id INTEGER NOT NULL REFERENCES stops (id), at TEXT NOT NULL
    ) STRICT""",
    "ALTER TABLE stops ADD COLUMN cause TEXT NOT NULL DEFAULT ''",
    # The end of a card's time by the host's own clock, in microseconds since the start that `boot` names.
    "ALTER TABLE tickets ADD COLUMN boot TEXT",
    "ALTER TABLE tickets ADD COLUMN boot_expires INTEGER",
    "ALTER TABLE tickets ADD COLUMN missing_since TEXT",
    # What the card says of the market, and what a ticket waits for besides its tap.
    f"ALTER TABLE tickets ADD COLUMN market {_MAYBE_MONEY.format('market')}",
    f"ALTER TABLE tickets ADD COLUMN distance {_MAYBE_SIGNED.format('distance')}",
    f"ALTER TABLE tickets ADD COLUMN slippage {_MAYBE_MONEY.format('slippage')}",
    "ALTER TABLE tickets ADD COLUMN awaits TEXT NOT NULL DEFAULT 'tap'",
    f"ALTER TABLE tickets ADD COLUMN warned {_MAYBE_MONEY.format('warned')}",
    "ALTER TABLE tickets ADD COLUMN approver_id INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tickets ADD COLUMN approver TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL) STRICT",
    "ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT ''",
    # What people set for themselves, in the words of `core.preferences`; times of day as 22:00.
    f"""CREATE TABLE preferences (
        person_id INTEGER PRIMARY KEY, zone TEXT, quiet_since TEXT, quiet_until TEXT, digest_at TEXT,
        volumes TEXT NOT NULL, hides_amounts INTEGER NOT NULL, currency TEXT NOT NULL,
        pays_above {_MAYBE_MONEY.format("pays_above")}
    ) STRICT""",
    """CREATE TABLE mutes (
        person_id INTEGER NOT NULL, symbol TEXT NOT NULL, PRIMARY KEY (person_id, symbol)
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE outbox ADD COLUMN kind TEXT",
    # Numbers are never used twice: the buttons of one that is over open no other.
    "ALTER TABLE outbox ADD COLUMN wizard INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE wizards (
        id INTEGER PRIMARY KEY AUTOINCREMENT, person_id INTEGER NOT NULL, person TEXT NOT NULL,
        chat_id INTEGER NOT NULL, message_id INTEGER, card_id INTEGER, prompt_id INTEGER,
        asks TEXT NOT NULL, hint TEXT NOT NULL, misses INTEGER NOT NULL, expires_at TEXT NOT NULL,
        UNIQUE (person_id, chat_id)
    ) STRICT""",
    # When and how an order may trade: a stop order's trigger, IOC and FOK, post-only.
    f"ALTER TABLE tickets ADD COLUMN trigger_price {_MAYBE_MONEY.format('trigger_price')}",
    "ALTER TABLE tickets ADD COLUMN in_force TEXT NOT NULL DEFAULT 'GTC'",
    "ALTER TABLE tickets ADD COLUMN post_only INTEGER NOT NULL DEFAULT 0",
    # The nearest rung of the way to its liquidation that was told of a position.
    f"""CREATE TABLE rungs (
        symbol TEXT NOT NULL, side TEXT NOT NULL, rung {_MONEY.format("rung")}, told_at TEXT NOT NULL,
        PRIMARY KEY (symbol, side)
    ) STRICT, WITHOUT ROWID""",
    # Orders that somebody made elsewhere; one that has ended stays for as long as lists may still show it.
    """CREATE TABLE elsewhere (
        order_id TEXT PRIMARY KEY, symbol TEXT NOT NULL, venue TEXT NOT NULL, at TEXT NOT NULL, ended INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # The digest that tells of a letter which was held in quiet hours, and on the digest's own letter.
    "ALTER TABLE outbox ADD COLUMN digest INTEGER",
    "CREATE INDEX outbox_quiet ON outbox (chat_id, id) WHERE state = 'quiet'",
    "CREATE INDEX outbox_by_digest ON outbox (digest, id) WHERE digest NOTNULL",
    f"""CREATE TABLE digests (
        id INTEGER PRIMARY KEY AUTOINCREMENT, person_id INTEGER NOT NULL, mode TEXT NOT NULL, due_at TEXT,
        told_at TEXT NOT NULL, equity {_MAYBE_SIGNED.format("equity")},
        shown TEXT NOT NULL DEFAULT '', hidden TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX digests_by_person ON digests (person_id, id)",
    "CREATE TABLE digest_readers (person_id INTEGER PRIMARY KEY, person TEXT NOT NULL, settled TEXT) STRICT",
    """CREATE TABLE complaints (
        name TEXT PRIMARY KEY, since TEXT NOT NULL, told_at TEXT NOT NULL, times INTEGER NOT NULL
    ) STRICT""",
    # `outbox.picture` outlives its picture, which is gone once it was sent: that a message has one stays known.
    "CREATE TABLE pictures (id INTEGER PRIMARY KEY AUTOINCREMENT, png BLOB NOT NULL, made_at TEXT NOT NULL) STRICT",
    "ALTER TABLE outbox ADD COLUMN picture INTEGER",
    # Where in a group news of a kind go; no `thread_id` is the group at large.
    """CREATE TABLE routes (
        chat_id INTEGER NOT NULL, kind TEXT NOT NULL, thread_id INTEGER, person TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (chat_id, kind)
    ) STRICT, WITHOUT ROWID""",
)


@migrations(name="2_alerts")
def alerts(db: Database) -> None:
    for statement in _SECOND:
        db.execute(statement)
    db.execute("PRAGMA user_version = 2")
