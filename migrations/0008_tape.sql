-- The consolidated tape, reduced. Trades themselves are not kept: their sums by minute and by
-- price are, and each large off-exchange trade is.
--
-- These tables stay apart from darkpool_trades and its sums: two vendors report the same trades,
-- and what is in one place only cannot be counted twice.
--
-- 90 sessions of every US stock are some hundred million rows, so rows are narrow, the natural key
-- is the only index, and months are partitions: letting go of one leaves nothing to vacuum. A
-- partition holds the trading days of a month.

CREATE TABLE trading.tape_minutes (
    session_date date     NOT NULL,
    lit_trades   integer  NOT NULL,
    off_trades   integer  NOT NULL,
    minute       smallint NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    lit_shares   numeric  NOT NULL,
    lit_notional numeric  NOT NULL,
    off_shares   numeric  NOT NULL,
    off_notional numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date, minute),
    CONSTRAINT sums_are_possible CHECK (
        minute BETWEEN 0 AND 1439 AND lit_trades >= 0 AND off_trades >= 0
        AND lit_shares >= 0 AND lit_shares < 1e15 AND lit_notional >= 0 AND lit_notional < 1e18
        AND off_shares >= 0 AND off_shares < 1e15 AND off_notional >= 0 AND off_notional < 1e18)
) PARTITION BY RANGE (session_date);
COMMENT ON TABLE trading.tape_minutes IS 'What the tape counts of a symbol in a minute, on exchanges (lit) and off them.';
COMMENT ON COLUMN trading.tape_minutes.session_date IS 'Trading day in New York.';
COMMENT ON COLUMN trading.tape_minutes.minute IS 'Minutes since midnight in New York, by the time of the tape.';
COMMENT ON COLUMN trading.tape_minutes.lit_notional IS 'Price times size in dollars, exact.';

CREATE TABLE trading.tape_apart (
    session_date    date     NOT NULL,
    trades          integer  NOT NULL,
    reasons         integer  NOT NULL,
    minute          smallint NOT NULL,
    is_off_exchange boolean  NOT NULL,
    symbol          text     NOT NULL COLLATE "C",
    shares          numeric  NOT NULL,
    notional        numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date, minute, is_off_exchange, reasons),
    CONSTRAINT sums_are_possible CHECK (
        minute BETWEEN 0 AND 1439 AND reasons BETWEEN 1 AND 32767 AND trades >= 0
        AND shares >= 0 AND shares < 1e15 AND notional >= 0 AND notional < 1e18)
) PARTITION BY RANGE (session_date);
COMMENT ON TABLE trading.tape_apart IS 'Trades of a minute whose price nobody could trade at. Cancels and repeats are only here; the others are in tape_minutes as well.';
COMMENT ON COLUMN trading.tape_apart.reasons IS 'The bits of darkpool_trades.reasons that keep a price out of levels.';

-- A cell starts at cell_low and is as wide as one of darkpool_level_cells.
CREATE TABLE trading.tape_cells (
    session_date date     NOT NULL,
    lit_trades   integer  NOT NULL,
    off_trades   integer  NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    cell_low     numeric(20, 8) NOT NULL,
    lit_shares   numeric  NOT NULL,
    lit_notional numeric  NOT NULL,
    off_shares   numeric  NOT NULL,
    off_notional numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date, cell_low),
    CONSTRAINT sums_are_possible CHECK (
        cell_low >= 0 AND cell_low < 1e12 AND lit_trades >= 0 AND off_trades >= 0
        AND lit_shares >= 0 AND lit_shares < 1e15 AND lit_notional >= 0 AND lit_notional < 1e18
        AND off_shares >= 0 AND off_shares < 1e15 AND off_notional >= 0 AND off_notional < 1e18)
) PARTITION BY RANGE (session_date);
COMMENT ON TABLE trading.tape_cells IS 'Trades that may build a level, by symbol, day and price cell.';

CREATE TABLE trading.tape_prints (
    reported_at  timestamptz NOT NULL,
    executed_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    updated_at   timestamptz,
    identity     bigint   NOT NULL,
    sequence     bigint   NOT NULL,
    session_date date     NOT NULL,
    trf_id       integer,
    correction   integer  NOT NULL,
    reasons      integer  NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    price        numeric(20, 8) NOT NULL,
    size         numeric(20, 8) NOT NULL,
    trade_id     text     NOT NULL COLLATE "C",
    conditions   text     NOT NULL COLLATE "C",
    PRIMARY KEY (symbol, session_date, identity),
    CONSTRAINT times_are_real CHECK (
        reported_at >= '1990-01-01Z' AND reported_at < '2100-01-01Z'
        AND executed_at >= '1990-01-01Z' AND executed_at < '2100-01-01Z'
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'),
    CONSTRAINT numbers_are_positive CHECK (price > 0 AND price < 1e12 AND size > 0 AND size < 1e12),
    CONSTRAINT codes_are_known CHECK (
        reasons BETWEEN 0 AND 32767 AND trf_id BETWEEN 0 AND 65535 AND correction BETWEEN 0 AND 65535
        AND conditions ~ '^([0-9]{1,5}(,[0-9]{1,5}){0,7})?$')
) PARTITION BY RANGE (session_date);
COMMENT ON TABLE trading.tape_prints IS 'Off-exchange trades of at least the floor that tape_books names, one row each.';
COMMENT ON COLUMN trading.tape_prints.reported_at IS 'When the trade reached the tape.';
COMMENT ON COLUMN trading.tape_prints.executed_at IS 'When it happened, where the vendor tells; else reported_at.';
COMMENT ON COLUMN trading.tape_prints.received_at IS 'When Undertow received it for the first time.';
COMMENT ON COLUMN trading.tape_prints.updated_at IS 'When a later delivery changed the row last; null if none did.';
COMMENT ON COLUMN trading.tape_prints.identity IS 'Stable hash of venue, facility and trade_id: with symbol and session_date the natural key.';
COMMENT ON COLUMN trading.tape_prints.sequence IS 'The tape''s running number.';
COMMENT ON COLUMN trading.tape_prints.trf_id IS 'The reporting facility, where the vendor tells.';
COMMENT ON COLUMN trading.tape_prints.correction IS 'The vendor''s correction code; 0 for none.';
COMMENT ON COLUMN trading.tape_prints.reasons IS 'As in darkpool_trades.';
COMMENT ON COLUMN trading.tape_prints.conditions IS 'The vendor''s sale conditions, as numbers with commas between.';

-- How far the tape of a symbol and day was read, and how. The second index serves the question
-- for all symbols of a day.
CREATE TABLE trading.tape_books (
    complete_to  timestamptz NOT NULL,
    trades       bigint   NOT NULL,
    session_date date     NOT NULL,
    is_whole     boolean  NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    source       text     NOT NULL COLLATE "C",
    prints_floor numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date),
    CONSTRAINT row_is_real CHECK (
        complete_to >= '1990-01-01Z' AND complete_to < '2100-01-01Z'
        AND trades >= 0 AND prints_floor >= 0 AND prints_floor < 1e18
        AND source IN ('stream', 'rest', 'flat_file'))
);
CREATE INDEX tape_books_by_day ON trading.tape_books (session_date, symbol);
COMMENT ON TABLE trading.tape_books IS 'What is stored of the tape of a symbol and day. Goes when the minutes of its month go.';
COMMENT ON COLUMN trading.tape_books.complete_to IS 'Everything that the tape reported before this is counted.';
COMMENT ON COLUMN trading.tape_books.trades IS 'Trades that the tape counts, on exchanges and off them.';
COMMENT ON COLUMN trading.tape_books.is_whole IS 'The day was read from its first trade to its last in one go.';
COMMENT ON COLUMN trading.tape_books.source IS 'Where the newest part came from: the stream, REST or a flat file.';
COMMENT ON COLUMN trading.tape_books.prints_floor IS 'From how many dollars off-exchange trades are in tape_prints.';

-- What was usual by the end of each minute, over the sessions before a day. Statistics, so floats.
CREATE TABLE trading.tape_baselines (
    computed_at  timestamptz NOT NULL,
    session_date date     NOT NULL,
    sessions     integer  NOT NULL,
    first_minute smallint NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    mean         double precision[] NOT NULL,
    low          double precision[] NOT NULL,
    high         double precision[] NOT NULL,
    PRIMARY KEY (symbol, session_date),
    CONSTRAINT row_is_real CHECK (
        computed_at >= '1990-01-01Z' AND computed_at < '2100-01-01Z' AND sessions >= 0
        AND first_minute >= 0 AND first_minute + cardinality(mean) <= 1440
        AND cardinality(low) = cardinality(mean) AND cardinality(high) = cardinality(mean))
);
COMMENT ON TABLE trading.tape_baselines IS 'Off-exchange shares up to the end of each minute, over past sessions: mean, 10th and 90th percentile.';
COMMENT ON COLUMN trading.tape_baselines.session_date IS 'The day that is compared; the sessions are from before it.';
COMMENT ON COLUMN trading.tape_baselines.first_minute IS 'The minute of the first figure, since midnight in New York.';

-- Where each stock stands against its own past. The key begins with the day, because all stocks of
-- a day are asked for.
CREATE TABLE trading.stock_positions (
    as_of         timestamptz NOT NULL,
    ratio         double precision,
    session_date  date     NOT NULL,
    sessions      integer  NOT NULL,
    symbol        text     NOT NULL COLLATE "C",
    off_shares    numeric  NOT NULL,
    off_notional  numeric  NOT NULL,
    lit_shares    numeric  NOT NULL,
    baseline_mean numeric,
    PRIMARY KEY (session_date, symbol),
    CONSTRAINT row_is_real CHECK (
        as_of >= '1990-01-01Z' AND as_of < '2100-01-01Z' AND sessions >= 0
        AND ratio >= 0 AND ratio < 'Infinity'
        AND off_shares >= 0 AND off_shares < 1e15 AND off_notional >= 0 AND off_notional < 1e18
        AND lit_shares >= 0 AND lit_shares < 1e15
        AND baseline_mean >= 0 AND baseline_mean < 1e15)
);
COMMENT ON TABLE trading.stock_positions IS 'The tape of each stock from the start of a day to as_of, against past sessions up to the same minute.';
COMMENT ON COLUMN trading.stock_positions.baseline_mean IS 'Mean off-exchange shares of the past sessions; null while they are too few.';
COMMENT ON COLUMN trading.stock_positions.ratio IS 'off_shares over baseline_mean: 4 is four times the mean.';
COMMENT ON COLUMN trading.stock_positions.sessions IS 'How many past sessions there are.';

-- The stocks whose tape is collected. They are many more than those that are shown all day.
CREATE TABLE trading.tape_watch_list (
    added_at timestamptz NOT NULL,
    "position" integer   NOT NULL,
    symbol   text        PRIMARY KEY COLLATE "C"
);

-- Flat files that were or are being imported.
CREATE TABLE trading.tape_imports (
    size_bytes   bigint      NOT NULL,
    modified_at  timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    session_date date,
    symbols_done integer     NOT NULL,
    file_name    text        PRIMARY KEY COLLATE "C",
    CONSTRAINT row_is_real CHECK (
        modified_at > '-infinity' AND modified_at < 'infinity'
        AND finished_at > '-infinity' AND finished_at < 'infinity'
        AND size_bytes >= 0 AND symbols_done >= 0)
);
COMMENT ON COLUMN trading.tape_imports.symbols_done IS 'Runs of one ticker that are stored, in the order of the file.';
COMMENT ON COLUMN trading.tape_imports.changed_at IS 'When this row was written last.';

INSERT INTO trading.retention (table_name, keep_days) VALUES
    ('tape_minutes', 200), ('tape_apart', 200), ('tape_cells', 200), ('tape_prints', 365),
    ('tape_baselines', 30), ('stock_positions', NULL);

-- The new kinds of slot.
ALTER TABLE trading.collection_slots
    DROP CONSTRAINT codes_are_known,
    ADD CONSTRAINT codes_are_known CHECK (
        kind IN ('prints', 'bars', 'option_trades', 'flow_alerts', 'flow_strikes', 'flow_expiries',
                 'net_premium', 'tide', 'volatility', 'term_structure', 'gamma', 'contracts',
                 'price_volumes', 'tape', 'day_bars', 'chain', 'corporate_actions')
        AND state IN ('stored', 'empty', 'failed', 'skipped'));
ALTER TABLE trading.collector_watermarks
    DROP CONSTRAINT codes_are_known,
    ADD CONSTRAINT codes_are_known CHECK (
        kind IN ('prints', 'bars', 'option_trades', 'flow_alerts', 'flow_strikes', 'flow_expiries',
                 'net_premium', 'tide', 'volatility', 'term_structure', 'gamma', 'contracts',
                 'price_volumes', 'tape', 'day_bars', 'chain', 'corporate_actions'));
