-- What belongs to the application rather than to the market.

-- Real and simulated data never share a database: one row says which this is.
CREATE TABLE trading.database_identity (
    only_row   boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    created_at timestamptz NOT NULL DEFAULT now(),
    seed       text,
    kind       text        NOT NULL COLLATE "C",
    CONSTRAINT seed_is_of_a_simulation CHECK (
        (kind = 'real' AND seed IS NULL) OR (kind = 'simulated' AND seed IS NOT NULL AND seed ~ '^[0-9]{1,20}$'))
);

CREATE TABLE trading.watch_list (
    added_at timestamptz NOT NULL,
    "position" integer   NOT NULL,
    symbol   text        PRIMARY KEY COLLATE "C"
);

CREATE TABLE trading.system_log (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    level   text        NOT NULL COLLATE "C",
    area    text        NOT NULL COLLATE "C",
    message text        NOT NULL,
    detail  jsonb,
    CONSTRAINT codes_are_known CHECK (level IN ('info', 'warning', 'error'))
);
