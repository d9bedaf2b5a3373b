-- What a straddle opportunity is made of: days as they traded with what adjusts them, option chains
-- as they were quoted, and the opportunities themselves with their evidence.

-- Days are never adjusted here. An adjustment depends on the day from which one looks back.
CREATE TABLE trading.market_data (
    received_at  timestamptz NOT NULL,
    trades       bigint,
    session_date date     NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    open         numeric(20, 8) NOT NULL,
    high         numeric(20, 8) NOT NULL,
    low          numeric(20, 8) NOT NULL,
    close        numeric(20, 8) NOT NULL,
    vwap         numeric(20, 8),
    volume       numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND trades >= 0 AND volume >= 0 AND volume < 1e15 AND vwap > 0 AND vwap < 1e12),
    CONSTRAINT prices_agree CHECK (
        low > 0 AND high < 1e12 AND low <= least(open, close) AND high >= greatest(open, close))
);
COMMENT ON TABLE trading.market_data IS 'Days of stocks as they traded: not adjusted for splits or dividends.';
COMMENT ON COLUMN trading.market_data.volume IS 'Shares; fractions exist.';

-- Announcements are withdrawn and corrected. A row that a later list leaves out stays, and says so.
CREATE TABLE trading.splits (
    received_at    timestamptz NOT NULL,
    withdrawn_at   timestamptz,
    execution_date date     NOT NULL,
    symbol         text     NOT NULL COLLATE "C",
    from_shares    numeric  NOT NULL,
    to_shares      numeric  NOT NULL,
    PRIMARY KEY (symbol, execution_date, from_shares, to_shares),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND from_shares > 0 AND from_shares < 1e12 AND to_shares > 0 AND to_shares < 1e12)
);
COMMENT ON TABLE trading.splits IS 'So many old shares became so many new ones.';
COMMENT ON COLUMN trading.splits.execution_date IS 'The first day that trades in new shares.';
COMMENT ON COLUMN trading.splits.withdrawn_at IS 'When a later list no longer had it; null while it stands.';

-- A stock can pay two dividends on one day, an ordinary and a special one, so the amount is part of
-- the key.
CREATE TABLE trading.dividends (
    received_at  timestamptz NOT NULL,
    withdrawn_at timestamptz,
    ex_date      date     NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    currency     text     NOT NULL COLLATE "C",
    cash         numeric  NOT NULL,
    PRIMARY KEY (symbol, ex_date, currency, cash),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND cash >= 0 AND cash < 1e12 AND currency ~ '^[A-Z]{3}$')
);
COMMENT ON TABLE trading.dividends IS 'Cash dividends a share.';
COMMENT ON COLUMN trading.dividends.ex_date IS 'The first day that trades without it.';
COMMENT ON COLUMN trading.dividends.withdrawn_at IS 'When a later list no longer had it; null while it stands.';

-- Chains as a vendor showed them at a moment. The evidence of opportunities rests on them.
CREATE TABLE trading.chain_quotes (
    taken_at              timestamptz NOT NULL,
    received_at           timestamptz NOT NULL,
    quote_at              timestamptz,
    volume                bigint,
    open_interest         bigint,
    implied_volatility    double precision,
    delta                 double precision,
    gamma                 double precision,
    theta                 double precision,
    vega                  double precision,
    expiry                date     NOT NULL,
    shares_per_contract   integer  NOT NULL,
    is_put                boolean  NOT NULL,
    is_adjusted           boolean  NOT NULL,
    underlying_is_delayed boolean,
    symbol                text     NOT NULL COLLATE "C",
    root                  text     NOT NULL COLLATE "C",
    strike                numeric(20, 8) NOT NULL,
    bid                   numeric(20, 8),
    ask                   numeric(20, 8),
    last_price            numeric(20, 8),
    day_close             numeric(20, 8),
    underlying_price      numeric(20, 8),
    PRIMARY KEY (symbol, taken_at, expiry, strike, is_put, root),
    CONSTRAINT times_are_real CHECK (
        taken_at >= '1990-01-01Z' AND taken_at < '2100-01-01Z'
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND quote_at >= '1990-01-01Z' AND quote_at < '2100-01-01Z'),
    CONSTRAINT prices_are_positive CHECK (
        strike > 0 AND strike < 1e12 AND bid > 0 AND bid < 1e12 AND ask > 0 AND ask < 1e12
        AND last_price > 0 AND last_price < 1e12 AND day_close > 0 AND day_close < 1e12
        AND underlying_price > 0 AND underlying_price < 1e12),
    CONSTRAINT counts_are_possible CHECK (
        shares_per_contract > 0 AND volume BETWEEN 0 AND 1000000000000
        AND open_interest BETWEEN 0 AND 1000000000000),
    CONSTRAINT greeks_are_numbers CHECK (
        implied_volatility >= 0 AND implied_volatility < 'Infinity'
        AND delta > '-Infinity' AND delta < 'Infinity' AND gamma > '-Infinity' AND gamma < 'Infinity'
        AND theta > '-Infinity' AND theta < 'Infinity' AND vega > '-Infinity' AND vega < 'Infinity')
) PARTITION BY RANGE (taken_at);
COMMENT ON TABLE trading.chain_quotes IS 'Option chains as a vendor showed them. A month of taken_at in each partition; what the plan leaves out is null.';
COMMENT ON COLUMN trading.chain_quotes.taken_at IS 'The moment of the chain: the same for all its contracts, however many pages it took.';
COMMENT ON COLUMN trading.chain_quotes.quote_at IS 'When the quote was made.';
COMMENT ON COLUMN trading.chain_quotes.is_adjusted IS 'Delivers other things than shares, after a corporate action.';
COMMENT ON COLUMN trading.chain_quotes.implied_volatility IS 'As a fraction: 0.25 is 25 %.';
COMMENT ON COLUMN trading.chain_quotes.theta IS 'Dollars a day.';
COMMENT ON COLUMN trading.chain_quotes.vega IS 'Dollars a volatility point.';

-- One row for each opportunity as it stands, or for each candidate that a gate holds back.
CREATE TABLE trading.trading_opportunities (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_at     timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    session_date date        NOT NULL,
    symbol       text        NOT NULL COLLATE "C",
    state        text        NOT NULL COLLATE "C",
    reason       text,
    evidence     jsonb       NOT NULL,
    CONSTRAINT times_are_real CHECK (
        first_at >= '1990-01-01Z' AND first_at <= changed_at AND changed_at < '2100-01-01Z'),
    CONSTRAINT codes_are_known CHECK (state IN ('new', 'updated', 'gone', 'expired', 'rejected')),
    CONSTRAINT rejection_has_a_reason CHECK (state <> 'rejected' OR reason IS NOT NULL)
);
CREATE UNIQUE INDEX one_is_open ON trading.trading_opportunities (session_date, symbol)
    WHERE state IN ('new', 'updated', 'rejected');
CREATE INDEX trading_opportunities_by_symbol
    ON trading.trading_opportunities (symbol, session_date, id);
COMMENT ON TABLE trading.trading_opportunities IS 'Straddle opportunities as they stand. Gone and expired ones are over; the same stock may come up again.';
COMMENT ON COLUMN trading.trading_opportunities.reason IS 'The gate that holds it back, or why it is over.';
COMMENT ON COLUMN trading.trading_opportunities.evidence IS 'Every input value of the newest assessment, enough to work it out again.';

CREATE TABLE trading.opportunity_changes (
    at             timestamptz NOT NULL,
    opportunity_id bigint      NOT NULL REFERENCES trading.trading_opportunities (id),
    state          text        NOT NULL COLLATE "C",
    reason         text,
    evidence       jsonb       NOT NULL,
    PRIMARY KEY (opportunity_id, at),
    CONSTRAINT times_are_real CHECK (at >= '1990-01-01Z' AND at < '2100-01-01Z'),
    CONSTRAINT codes_are_known CHECK (state IN ('new', 'updated', 'gone', 'expired', 'rejected')),
    CONSTRAINT rejection_has_a_reason CHECK (state <> 'rejected' OR reason IS NOT NULL)
);
COMMENT ON TABLE trading.opportunity_changes IS 'All that ever happened to an opportunity, each with its evidence. Rows are never changed.';

-- The record is worth nothing if it can be touched up.
CREATE FUNCTION trading.refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON trading.opportunity_changes
    FOR EACH ROW EXECUTE FUNCTION trading.refuse_change();

INSERT INTO trading.retention (table_name, keep_days) VALUES
    ('market_data', NULL), ('chain_quotes', 60);
