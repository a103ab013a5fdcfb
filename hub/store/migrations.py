"""The database's tables, version by version; each list is one step, applied in one transaction."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        (
            "CREATE TABLE sessions (id TEXT PRIMARY KEY, charger TEXT NOT NULL, evse INTEGER NOT NULL,"
            " started TEXT NOT NULL, ended TEXT, body TEXT NOT NULL) WITHOUT ROWID"
        ),
        "CREATE INDEX sessions_by_start ON sessions (charger, started)",
        (
            "CREATE TABLE session_open (charger TEXT, evse INTEGER, body TEXT NOT NULL,"
            " PRIMARY KEY (charger, evse)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE limits (charger TEXT, evse INTEGER, source TEXT, body TEXT NOT NULL,"
            " PRIMARY KEY (charger, evse, source)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE station (charger TEXT, kind TEXT, key TEXT, body TEXT NOT NULL,"
            " PRIMARY KEY (charger, kind, key)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE outbox (charger TEXT, id INTEGER, body TEXT NOT NULL, attempts INTEGER NOT NULL,"
            " PRIMARY KEY (charger, id)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE dead_letters (charger TEXT, id INTEGER, body TEXT NOT NULL, reason TEXT NOT NULL,"
            " at TEXT NOT NULL, PRIMARY KEY (charger, id)) WITHOUT ROWID"
        ),
    ),
)
