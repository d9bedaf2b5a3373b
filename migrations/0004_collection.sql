-- What the collectors did, could not do, and were told to do.

-- One row for each stretch of market time that a collector was to fetch. A slot ends in exactly
-- one state; only a success replaces a failure.
CREATE TABLE trading.collection_slots (
    slot_start   timestamptz NOT NULL,
    slot_end     timestamptz NOT NULL,
    finished_at  timestamptz NOT NULL,
    session_date date        NOT NULL,
    vendor       trading.vendor NOT NULL,
    delivered    integer     NOT NULL,
    rejected     integer     NOT NULL,
    gap          boolean     NOT NULL,
    kind         text        NOT NULL COLLATE "C",
    symbol       text        NOT NULL COLLATE "C",
    state        text        NOT NULL COLLATE "C",
    reason       text,
    PRIMARY KEY (vendor, kind, symbol, session_date, slot_start),
    CONSTRAINT slot_has_length CHECK (
        slot_start < slot_end AND slot_start >= '1990-01-01Z' AND slot_end < '2100-01-01Z'),
    CONSTRAINT counts_are_possible CHECK (delivered >= 0 AND rejected >= 0),
    CONSTRAINT codes_are_known CHECK (
        kind IN ('prints', 'bars') AND state IN ('stored', 'empty', 'failed', 'skipped')),
    CONSTRAINT failure_has_a_reason CHECK (
        (state IN ('stored', 'empty') AND NOT gap) OR reason IS NOT NULL)
);
COMMENT ON COLUMN trading.collection_slots.gap IS 'The slot was read, but the vendor could not give all of it.';

-- How far a collector has read, in tape time. Moves forward only.
CREATE TABLE trading.collector_watermarks (
    reported_to  timestamptz NOT NULL,
    session_date date        NOT NULL,
    vendor       trading.vendor NOT NULL,
    kind         text        NOT NULL COLLATE "C",
    symbol       text        NOT NULL COLLATE "C",
    PRIMARY KEY (vendor, kind, symbol, session_date),
    CONSTRAINT times_are_real CHECK (reported_to >= '1990-01-01Z' AND reported_to < '2100-01-01Z'),
    CONSTRAINT codes_are_known CHECK (kind IN ('prints', 'bars'))
);

-- Answers that could not be read, word for word. The same text is kept once and counted.
CREATE TABLE trading.quarantine (
    first_received_at timestamptz NOT NULL,
    last_received_at  timestamptz NOT NULL,
    seen              bigint      NOT NULL,
    vendor            trading.vendor NOT NULL,
    raw_hash          bytea       NOT NULL,
    kind              text        NOT NULL COLLATE "C",
    symbol            text        COLLATE "C",
    reason            text        NOT NULL,
    raw               text        NOT NULL,
    PRIMARY KEY (vendor, kind, raw_hash)
);
COMMENT ON COLUMN trading.quarantine.raw_hash IS 'SHA-256 of raw.';

-- What a vendor said about its limits, so that a restart does not forget it.
CREATE TABLE trading.vendor_budget (
    updated_at timestamptz NOT NULL,
    vendor     trading.vendor PRIMARY KEY,
    state      jsonb       NOT NULL
);

CREATE TABLE trading.backfill_jobs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    finished_at timestamptz,
    from_date   date        NOT NULL,
    to_date     date        NOT NULL,
    vendor      trading.vendor NOT NULL,
    reread      boolean     NOT NULL,
    state       text        NOT NULL COLLATE "C",
    symbols     text[]      NOT NULL,
    progress    jsonb       NOT NULL,
    message     text,
    CONSTRAINT range_is_possible CHECK (from_date <= to_date AND cardinality(symbols) BETWEEN 1 AND 1000),
    CONSTRAINT codes_are_known CHECK (
        state IN ('waiting', 'running', 'paused', 'done', 'stopped', 'failed'))
);
COMMENT ON COLUMN trading.backfill_jobs.reread IS 'Asks again for sessions that are complete, to pick up cancels and corrections.';
