-- Sums over prints, kept exact in the transaction that writes the prints, so that a query over
-- ninety days never scans them.

-- Prints by day, part of day and price cell. A cell starts at cell_low and is 0.01 dollars wide
-- below 100 dollars, 0.05 below 1000 and 0.50 from there.
CREATE TABLE trading.darkpool_level_cells (
    first_at          timestamptz,
    last_at           timestamptz,
    session_date      date     NOT NULL,
    prints            integer  NOT NULL,
    excluded_prints   integer  NOT NULL,
    canceled_prints   integer  NOT NULL,
    session           smallint NOT NULL,
    symbol            text     NOT NULL COLLATE "C",
    cell_low          numeric  NOT NULL,
    shares            numeric  NOT NULL,
    notional          numeric  NOT NULL,
    buy_notional      numeric  NOT NULL,
    sell_notional     numeric  NOT NULL,
    unknown_notional  numeric  NOT NULL,
    largest_notional  numeric  NOT NULL,
    excluded_shares   numeric  NOT NULL,
    excluded_notional numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date, session, cell_low),
    CONSTRAINT sums_are_possible CHECK (
        prints >= 0 AND excluded_prints >= 0 AND canceled_prints >= 0
        AND notional = buy_notional + sell_notional + unknown_notional
        AND largest_notional <= notional)
);
COMMENT ON TABLE trading.darkpool_level_cells IS 'Sums over prints by symbol, day, part of day and price cell.';
COMMENT ON COLUMN trading.darkpool_level_cells.prints IS 'Prints that may build a level. first_at, last_at, shares, all notionals and largest_notional are of these.';
COMMENT ON COLUMN trading.darkpool_level_cells.excluded_prints IS 'Prints kept out of levels for another reason than a cancel.';
COMMENT ON COLUMN trading.darkpool_level_cells.canceled_prints IS 'Prints that the vendor withdrew. In no sum.';

-- Prints by the minute in which they reached the tape. Cancelled ones are in no sum.
CREATE TABLE trading.darkpool_activity_minutes (
    session_date          date     NOT NULL,
    prints                integer  NOT NULL,
    minute                smallint NOT NULL,
    symbol                text     NOT NULL COLLATE "C",
    shares                numeric  NOT NULL,
    notional              numeric  NOT NULL,
    level_eligible_shares numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date, minute),
    CONSTRAINT sums_are_possible CHECK (
        minute BETWEEN 0 AND 1439 AND prints >= 0 AND shares >= level_eligible_shares)
);
COMMENT ON TABLE trading.darkpool_activity_minutes IS 'Sums over prints by symbol, day and minute of tape time.';
COMMENT ON COLUMN trading.darkpool_activity_minutes.minute IS 'Minutes since midnight in New York.';
