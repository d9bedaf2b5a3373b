-- The options market: trades and alerts one by one, and a vendor's own sums of it.
--
-- Columns go from wide to narrow and the natural key is the only index, as with prints. Prices
-- are bounded by their type, NUMERIC(20, 8); a CHECK adds only what the type lets through.

-- Makes the partitions of one table that hold the months of both instants and every month
-- between. Partitions are named after the table and the month.
CREATE FUNCTION trading.ensure_partitions(parent text, first_at timestamptz, last_at timestamptz)
RETURNS integer
LANGUAGE plpgsql
SET timezone = 'UTC'
SET client_min_messages = 'warning'
AS $$
DECLARE
    month_at timestamptz := date_trunc('month', first_at);
    next_at timestamptz;
    partition text;
    made integer := 0;
BEGIN
    IF first_at < '1990-01-01Z' OR last_at >= '2100-01-01Z' OR last_at < first_at THEN
        RAISE EXCEPTION 'no partitions from % to %', first_at, last_at;
    END IF;
    WHILE month_at <= last_at LOOP
        next_at := month_at + interval '1 month';
        partition := parent || '_' || to_char(month_at, 'YYYY_MM');
        IF to_regclass(format('trading.%I', partition)) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE trading.%I PARTITION OF trading.%I FOR VALUES FROM (%L) TO (%L)',
                partition, parent, month_at, next_at);
            made := made + 1;
        END IF;
        month_at := next_at;
    END LOOP;
    RETURN made;
END
$$;

-- The first form, which knew one table.
CREATE OR REPLACE FUNCTION trading.ensure_partitions(first_at timestamptz, last_at timestamptz)
RETURNS integer
LANGUAGE sql
AS $$ SELECT trading.ensure_partitions('darkpool_trades', first_at, last_at) $$;

-- Detaches and drops the partitions of a table that end at or before an instant. Returns how many
-- there were, and where the newest of them ended.
CREATE FUNCTION trading.drop_partitions(
    parent text, before timestamptz, OUT dropped integer, OUT dropped_to timestamptz)
LANGUAGE plpgsql
SET timezone = 'UTC'
AS $$
DECLARE
    partition text;
    ends_at timestamptz;
BEGIN
    dropped := 0;
    FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = format('trading.%I', parent)::regclass ORDER BY c.relname
    LOOP
        ends_at := to_timestamp(right(partition, 7), 'YYYY_MM') + interval '1 month';
        IF ends_at <= before THEN
            EXECUTE format('ALTER TABLE trading.%I DETACH PARTITION trading.%I', parent, partition);
            EXECUTE format('DROP TABLE trading.%I', partition);
            dropped := dropped + 1;
            dropped_to := greatest(dropped_to, ends_at);
        END IF;
    END LOOP;
END
$$;

-- Trades, and the alerts that a vendor makes of several. Sums are taken of trades only: what an
-- alert counts was delivered as trades too.
CREATE TABLE trading.options_flow (
    executed_at        timestamptz NOT NULL,
    received_at        timestamptz NOT NULL,
    id                 uuid        NOT NULL,
    size               bigint      NOT NULL,
    open_interest      bigint,
    day_volume         bigint,
    implied_volatility double precision,
    delta              double precision,
    gamma              double precision,
    updated_at         timestamptz,
    trades             bigint,
    first_trade_at     timestamptz,
    last_trade_at      timestamptz,
    session_date       date        NOT NULL,
    expiry             date        NOT NULL,
    vendor             trading.vendor NOT NULL,
    flags              integer     NOT NULL,
    multiplier         smallint    NOT NULL,
    session            smallint    NOT NULL,
    side_state         smallint    NOT NULL,
    is_alert           boolean     NOT NULL,
    is_put             boolean     NOT NULL,
    symbol             text        NOT NULL COLLATE "C",
    root               text        NOT NULL COLLATE "C",
    strike             numeric(20, 8) NOT NULL,
    premium            numeric     NOT NULL,
    price              numeric(20, 8),
    bid                numeric(20, 8),
    ask                numeric(20, 8),
    underlying_price   numeric(20, 8),
    ask_premium        numeric,
    bid_premium        numeric,
    condition          text,
    exchange           text,
    rule               text,
    PRIMARY KEY (symbol, executed_at, id),
    CONSTRAINT times_are_real CHECK (
        executed_at >= '1990-01-01Z' AND executed_at < '2100-01-01Z'
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'),
    CONSTRAINT prices_are_positive CHECK (
        strike > 0 AND strike < 1e12 AND price > 0 AND price < 1e12
        AND bid > 0 AND bid < 1e12 AND ask > 0 AND ask < 1e12
        AND underlying_price > 0 AND underlying_price < 1e12),
    CONSTRAINT premiums_are_possible CHECK (
        premium >= 0 AND premium < 1e12 AND ask_premium >= 0 AND ask_premium < 1e12
        AND bid_premium >= 0 AND bid_premium < 1e12),
    CONSTRAINT quote_is_whole CHECK ((bid IS NULL) = (ask IS NULL)),
    CONSTRAINT span_is_whole CHECK ((first_trade_at IS NULL) = (last_trade_at IS NULL)),
    CONSTRAINT counts_are_possible CHECK (
        size BETWEEN 1 AND 1000000000 AND multiplier > 0
        AND open_interest BETWEEN 0 AND 1000000000000 AND day_volume BETWEEN 0 AND 1000000000000),
    CONSTRAINT greeks_are_numbers CHECK (
        implied_volatility >= 0 AND implied_volatility < 'Infinity'
        AND delta > '-Infinity' AND delta < 'Infinity' AND gamma > '-Infinity' AND gamma < 'Infinity'),
    CONSTRAINT codes_are_known CHECK (
        session BETWEEN 0 AND 3 AND side_state BETWEEN 1 AND 14 AND flags BETWEEN 0 AND 2047),
    CONSTRAINT kind_has_its_columns CHECK (
        CASE WHEN is_alert THEN trades IS NOT NULL ELSE trades IS NULL AND price IS NOT NULL END)
) PARTITION BY RANGE (executed_at);

COMMENT ON TABLE trading.options_flow IS 'Option trades and alerts. A month of execution time in each partition.';
COMMENT ON COLUMN trading.options_flow.executed_at IS 'When the trade happened; when the vendor made the alert.';
COMMENT ON COLUMN trading.options_flow.received_at IS 'When Undertow received this row for the first time, over whichever channel.';
COMMENT ON COLUMN trading.options_flow.id IS 'The vendor''s id: with symbol and executed_at the natural key.';
COMMENT ON COLUMN trading.options_flow.size IS 'Contracts; of an alert, of all its trades.';
COMMENT ON COLUMN trading.options_flow.open_interest IS 'Contracts open at the start of the day.';
COMMENT ON COLUMN trading.options_flow.day_volume IS 'Contracts traded that day, this trade included.';
COMMENT ON COLUMN trading.options_flow.implied_volatility IS 'As a fraction: 0.25 is 25 %.';
COMMENT ON COLUMN trading.options_flow.delta IS 'Dollars an option gains when the share gains one.';
COMMENT ON COLUMN trading.options_flow.gamma IS 'Change of delta when the share gains a dollar.';
COMMENT ON COLUMN trading.options_flow.updated_at IS 'When a later delivery changed the row last; null if none did.';
COMMENT ON COLUMN trading.options_flow.trades IS 'Trades of an alert; null for a trade.';
COMMENT ON COLUMN trading.options_flow.first_trade_at IS 'First trade of an alert.';
COMMENT ON COLUMN trading.options_flow.last_trade_at IS 'Last trade of an alert.';
COMMENT ON COLUMN trading.options_flow.session_date IS 'Trading day in New York.';
COMMENT ON COLUMN trading.options_flow.flags IS 'What is known of it, as bits: 1 sweep, 2 floor, 4 cross, 8 multi-leg, 16 with stock, 32 auction, 64 late, 128 cancelled, 256 extended hours, 512 all opening, 1024 unknown code.';
COMMENT ON COLUMN trading.options_flow.multiplier IS 'Shares a contract.';
COMMENT ON COLUMN trading.options_flow.session IS 'Part of the day: 0 closed, 1 pre-market, 2 regular, 3 post-market.';
COMMENT ON COLUMN trading.options_flow.side_state IS '1 above ask, 2 ask, 3 near ask, 4 mid, 5 near bid, 6 bid, 7 below bid; no side: 10 no quote, 11 locked, 12 crossed, 13 late. Of an alert: 3 more premium at the ask, 5 at the bid, 4 as much, 10 not told.';
COMMENT ON COLUMN trading.options_flow.symbol IS 'The underlying.';
COMMENT ON COLUMN trading.options_flow.root IS 'The contract''s class: SPXW for SPX''s weekly options.';
COMMENT ON COLUMN trading.options_flow.strike IS 'Dollars a share.';
COMMENT ON COLUMN trading.options_flow.premium IS 'Price times size times multiplier in dollars, exact; of an alert as delivered.';
COMMENT ON COLUMN trading.options_flow.price IS 'Dollars a share.';
COMMENT ON COLUMN trading.options_flow.ask_premium IS 'Dollars of an alert''s trades on the ask side.';
COMMENT ON COLUMN trading.options_flow.bid_premium IS 'Dollars of an alert''s trades on the bid side.';
COMMENT ON COLUMN trading.options_flow.rule IS 'The vendor''s rule that made the alert.';

-- A vendor's sums over a session so far, by strike and by expiry. Cumulative: the newest delivery
-- is the value.
CREATE TABLE trading.flow_by_strike (
    received_at      timestamptz NOT NULL,
    call_volume      bigint   NOT NULL,
    call_ask_volume  bigint   NOT NULL,
    call_bid_volume  bigint   NOT NULL,
    call_trades      bigint   NOT NULL,
    put_volume       bigint   NOT NULL,
    put_ask_volume   bigint   NOT NULL,
    put_bid_volume   bigint   NOT NULL,
    put_trades       bigint   NOT NULL,
    session_date     date     NOT NULL,
    symbol           text     NOT NULL COLLATE "C",
    strike           numeric(20, 8) NOT NULL,
    call_premium     numeric  NOT NULL,
    call_ask_premium numeric  NOT NULL,
    call_bid_premium numeric  NOT NULL,
    put_premium      numeric  NOT NULL,
    put_ask_premium  numeric  NOT NULL,
    put_bid_premium  numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date, strike),
    CONSTRAINT row_is_real CHECK (
        strike > 0 AND strike < 1e12
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z')
);
COMMENT ON TABLE trading.flow_by_strike IS 'A vendor''s sums over all expiries of a strike, from the open to received_at. Dollars, contracts.';

CREATE TABLE trading.flow_by_expiry (
    received_at      timestamptz NOT NULL,
    call_volume      bigint   NOT NULL,
    call_ask_volume  bigint   NOT NULL,
    call_bid_volume  bigint   NOT NULL,
    call_trades      bigint   NOT NULL,
    put_volume       bigint   NOT NULL,
    put_ask_volume   bigint   NOT NULL,
    put_bid_volume   bigint   NOT NULL,
    put_trades       bigint   NOT NULL,
    session_date     date     NOT NULL,
    expiry           date     NOT NULL,
    symbol           text     NOT NULL COLLATE "C",
    call_premium     numeric  NOT NULL,
    call_ask_premium numeric  NOT NULL,
    call_bid_premium numeric  NOT NULL,
    put_premium      numeric  NOT NULL,
    put_ask_premium  numeric  NOT NULL,
    put_bid_premium  numeric  NOT NULL,
    PRIMARY KEY (symbol, session_date, expiry),
    CONSTRAINT row_is_real CHECK (received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z')
);
COMMENT ON TABLE trading.flow_by_expiry IS 'A vendor''s sums over all strikes of an expiry, from the open to received_at. Dollars, contracts.';

CREATE TABLE trading.net_premium_ticks (
    at               timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    call_volume      bigint,
    put_volume       bigint,
    session_date     date     NOT NULL,
    symbol           text     NOT NULL COLLATE "C",
    net_call_premium numeric  NOT NULL,
    net_put_premium  numeric  NOT NULL,
    net_delta        numeric,
    PRIMARY KEY (symbol, at),
    CONSTRAINT row_is_real CHECK (
        at >= '1990-01-01Z' AND at < '2100-01-01Z'
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z')
);
COMMENT ON TABLE trading.net_premium_ticks IS 'Net premium by minute, all trades of every size, as a vendor counts it. Not cumulative.';
COMMENT ON COLUMN trading.net_premium_ticks.net_call_premium IS 'Calls bought less calls sold, dollars.';
COMMENT ON COLUMN trading.net_premium_ticks.net_put_premium IS 'Puts bought less puts sold, dollars.';
COMMENT ON COLUMN trading.net_premium_ticks.net_delta IS 'Delta of what was bought less what was sold, shares.';

CREATE TABLE trading.market_tide (
    at               timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    net_volume       bigint,
    session_date     date     NOT NULL,
    scope            text     NOT NULL COLLATE "C",
    net_call_premium numeric  NOT NULL,
    net_put_premium  numeric  NOT NULL,
    PRIMARY KEY (scope, at),
    CONSTRAINT row_is_real CHECK (
        at >= '1990-01-01Z' AND at < '2100-01-01Z'
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z')
);
COMMENT ON TABLE trading.market_tide IS 'Net premium of a market from the open to each instant. Cumulative: rows are never added up.';
COMMENT ON COLUMN trading.market_tide.scope IS 'Empty for the whole market; else the fund whose holdings are counted.';

CREATE TABLE trading.volatility_days (
    received_at     timestamptz NOT NULL,
    implied         double precision,
    vendor_rank     double precision,
    vendor_realized double precision,
    session_date    date     NOT NULL,
    symbol          text     NOT NULL COLLATE "C",
    close           numeric(20, 8),
    PRIMARY KEY (symbol, session_date),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND close > 0 AND close < 1e12
        AND implied > '-Infinity' AND implied < 'Infinity'
        AND vendor_rank > '-Infinity' AND vendor_rank < 'Infinity'
        AND vendor_realized > '-Infinity' AND vendor_realized < 'Infinity')
);
COMMENT ON TABLE trading.volatility_days IS 'Volatility by day. Several answers of a vendor fill one row; what one leaves out it does not erase.';
COMMENT ON COLUMN trading.volatility_days.implied IS 'Implied volatility of about thirty days, as a fraction.';
COMMENT ON COLUMN trading.volatility_days.vendor_rank IS 'The vendor''s rank over a year, 0 to 100.';
COMMENT ON COLUMN trading.volatility_days.vendor_realized IS 'Realised volatility of the days that follow, as a fraction.';

CREATE TABLE trading.term_structure (
    received_at  timestamptz NOT NULL,
    implied      double precision NOT NULL,
    session_date date     NOT NULL,
    expiry       date     NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    implied_move numeric,
    PRIMARY KEY (symbol, session_date, expiry),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND implied > '-Infinity' AND implied < 'Infinity')
);
COMMENT ON TABLE trading.term_structure IS 'Implied volatility by day and expiry, as a fraction.';
COMMENT ON COLUMN trading.term_structure.implied_move IS 'The move that a straddle''s price implies, dollars a share.';

CREATE TABLE trading.gamma_by_strike (
    received_at  timestamptz NOT NULL,
    call_gamma   double precision NOT NULL,
    put_gamma    double precision NOT NULL,
    call_delta   double precision,
    put_delta    double precision,
    session_date date     NOT NULL,
    symbol       text     NOT NULL COLLATE "C",
    strike       numeric(20, 8) NOT NULL,
    PRIMARY KEY (symbol, session_date, strike),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND strike > 0 AND strike < 1e12
        AND call_gamma > '-Infinity' AND call_gamma < 'Infinity'
        AND put_gamma > '-Infinity' AND put_gamma < 'Infinity'
        AND call_delta > '-Infinity' AND call_delta < 'Infinity'
        AND put_delta > '-Infinity' AND put_delta < 'Infinity')
);
COMMENT ON TABLE trading.gamma_by_strike IS 'Greeks times open interest by strike, as a vendor sums them: shares, and shares a dollar.';

-- One row for each contract, as it was seen last.
CREATE TABLE trading.option_contracts (
    received_at            timestamptz NOT NULL,
    open_interest          bigint   NOT NULL,
    previous_open_interest bigint,
    volume                 bigint   NOT NULL,
    implied_volatility     double precision,
    delta                  double precision,
    gamma                  double precision,
    session_date           date     NOT NULL,
    expiry                 date     NOT NULL,
    is_put                 boolean  NOT NULL,
    symbol                 text     NOT NULL COLLATE "C",
    root                   text     NOT NULL COLLATE "C",
    strike                 numeric(20, 8) NOT NULL,
    bid                    numeric(20, 8),
    ask                    numeric(20, 8),
    last_price             numeric(20, 8),
    PRIMARY KEY (symbol, expiry, strike, is_put, root),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'
        AND strike > 0 AND strike < 1e12 AND bid > 0 AND bid < 1e12 AND ask > 0 AND ask < 1e12
        AND last_price > 0 AND last_price < 1e12
        AND implied_volatility > '-Infinity' AND implied_volatility < 'Infinity'
        AND delta > '-Infinity' AND delta < 'Infinity' AND gamma > '-Infinity' AND gamma < 'Infinity')
);
COMMENT ON TABLE trading.option_contracts IS 'Listed contracts as a vendor showed them last.';
COMMENT ON COLUMN trading.option_contracts.session_date IS 'The day of the list that showed it.';

CREATE TABLE trading.price_volumes (
    received_at         timestamptz NOT NULL,
    lit_volume          bigint   NOT NULL,
    off_exchange_volume bigint   NOT NULL,
    session_date        date     NOT NULL,
    symbol              text     NOT NULL COLLATE "C",
    price               numeric(20, 8) NOT NULL,
    PRIMARY KEY (symbol, session_date, price),
    CONSTRAINT row_is_real CHECK (
        received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z' AND price > 0 AND price < 1e12)
);
COMMENT ON TABLE trading.price_volumes IS 'Shares of a day at each price, on exchanges and off them, as a vendor counts them.';

-- Numbers that Undertow works out itself.
CREATE TABLE trading.market_metrics (
    at     timestamptz NOT NULL,
    value  double precision NOT NULL,
    symbol text     NOT NULL COLLATE "C",
    metric text     NOT NULL COLLATE "C",
    note   text,
    PRIMARY KEY (symbol, metric, at),
    CONSTRAINT row_is_real CHECK (
        at >= '1990-01-01Z' AND at < '2100-01-01Z' AND value > '-Infinity' AND value < 'Infinity'
        AND metric ~ '^[a-z0-9_]{1,40}$')
);
COMMENT ON TABLE trading.market_metrics IS 'Computed numbers by name and instant: iv30, iv_rank, hv_yang_zhang_30.';

-- How long rows are kept. Sums over prints have no row here: they stay when prints go.
CREATE TABLE trading.retention (
    pruned_to  timestamptz,
    keep_days  integer,
    table_name text PRIMARY KEY COLLATE "C",
    CONSTRAINT days_are_possible CHECK (keep_days BETWEEN 7 AND 36500)
);
COMMENT ON COLUMN trading.retention.keep_days IS 'Null: for ever. Tables by month keep a month until all of it is older.';
COMMENT ON COLUMN trading.retention.pruned_to IS 'Months before this were dropped.';
INSERT INTO trading.retention (table_name, keep_days) VALUES
    ('darkpool_trades', NULL), ('bars', NULL), ('options_flow', 365), ('flow_by_strike', NULL),
    ('flow_by_expiry', NULL), ('net_premium_ticks', NULL), ('market_tide', NULL),
    ('volatility_days', NULL), ('term_structure', NULL), ('gamma_by_strike', NULL),
    ('option_contracts', 30), ('price_volumes', 90), ('market_metrics', NULL),
    ('system_log', 90), ('quarantine', 90);

-- The new kinds of slot.
ALTER TABLE trading.collection_slots
    DROP CONSTRAINT codes_are_known,
    ADD CONSTRAINT codes_are_known CHECK (
        kind IN ('prints', 'bars', 'option_trades', 'flow_alerts', 'flow_strikes', 'flow_expiries',
                 'net_premium', 'tide', 'volatility', 'term_structure', 'gamma', 'contracts',
                 'price_volumes')
        AND state IN ('stored', 'empty', 'failed', 'skipped'));
ALTER TABLE trading.collector_watermarks
    DROP CONSTRAINT codes_are_known,
    ADD CONSTRAINT codes_are_known CHECK (
        kind IN ('prints', 'bars', 'option_trades', 'flow_alerts', 'flow_strikes', 'flow_expiries',
                 'net_premium', 'tide', 'volatility', 'term_structure', 'gamma', 'contracts',
                 'price_volumes'));
