-- Off-exchange prints, one row for each print that a vendor delivered.
--
-- Columns go from wide to narrow so that no row carries padding. The key is the only index: a
-- second one would cost a third of the speed of collecting, and every query goes by symbol and
-- time. CHECKs repeat the bounds of the program's own types, so that a row written by another
-- hand can always be read back; they also keep 'infinity' and 'NaN' out.

CREATE SCHEMA IF NOT EXISTS trading;

CREATE TYPE trading.vendor AS ENUM ('unusual_whales');

CREATE TABLE trading.darkpool_trades (
    reported_at         timestamptz NOT NULL,
    identity            bigint      NOT NULL,
    executed_at         timestamptz NOT NULL,
    received_at         timestamptz NOT NULL,
    tracking_id         bigint      NOT NULL,
    day_volume          bigint,
    updated_at          timestamptz,
    session_date        date        NOT NULL,
    vendor              trading.vendor NOT NULL,
    reasons             integer     NOT NULL,
    session             smallint    NOT NULL,
    side_state          smallint    NOT NULL,
    canceled            boolean     NOT NULL,
    symbol              text        NOT NULL COLLATE "C",
    price               numeric(20, 8) NOT NULL,
    size                numeric(20, 8) NOT NULL,
    notional            numeric     NOT NULL,
    bid                 numeric(20, 8),
    ask                 numeric(20, 8),
    market_center       text,
    sale_condition      text,
    trade_code          text,
    extended_hours_code text,
    settlement          text,
    PRIMARY KEY (symbol, reported_at, identity),
    CONSTRAINT times_are_real CHECK (
        executed_at >= '1990-01-01Z' AND executed_at < '2100-01-01Z'
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'),
    CONSTRAINT numbers_are_positive CHECK (
        price > 0 AND price < 1e12 AND size > 0 AND size < 1e12 AND notional = price * size),
    CONSTRAINT quote_is_whole CHECK (
        (bid IS NULL) = (ask IS NULL)
        AND bid > 0 AND bid < 1e12 AND ask > 0 AND ask < 1e12),
    CONSTRAINT codes_are_known CHECK (
        session BETWEEN 0 AND 3 AND side_state BETWEEN 1 AND 14 AND reasons BETWEEN 0 AND 32767
        AND canceled = ((reasons & 256) <> 0))
) PARTITION BY RANGE (reported_at);

COMMENT ON TABLE trading.darkpool_trades IS 'Off-exchange prints. A month of tape time in each partition.';
COMMENT ON COLUMN trading.darkpool_trades.reported_at IS 'When the print reached the public tape.';
COMMENT ON COLUMN trading.darkpool_trades.identity IS 'Stable hash of day, tracking id, price, size and running volume: with symbol and reported_at the natural key.';
COMMENT ON COLUMN trading.darkpool_trades.executed_at IS 'When the trade happened, where the vendor tells; else reported_at.';
COMMENT ON COLUMN trading.darkpool_trades.received_at IS 'When Undertow received this print for the first time.';
COMMENT ON COLUMN trading.darkpool_trades.tracking_id IS 'The vendor''s id. Not unique.';
COMMENT ON COLUMN trading.darkpool_trades.day_volume IS 'Consolidated volume of the symbol after this print, in shares.';
COMMENT ON COLUMN trading.darkpool_trades.updated_at IS 'When a later delivery changed the row last; null if none did.';
COMMENT ON COLUMN trading.darkpool_trades.session_date IS 'Trading day in New York.';
COMMENT ON COLUMN trading.darkpool_trades.session IS 'Part of the day: 0 closed, 1 pre-market, 2 regular, 3 post-market.';
COMMENT ON COLUMN trading.darkpool_trades.reasons IS 'Why the price may not have been tradable, as bits: 1 average price, 2 derivatively priced, 4 contingent, 8 prior reference, 16 out of sequence, 32 late, 64 late signature, 128 extended hours, 256 cancelled, 512 correction, 1024 duplicate, 2048 odd lot, 4096 intermarket sweep, 8192 special settlement, 16384 unknown code.';
COMMENT ON COLUMN trading.darkpool_trades.side_state IS '1 above ask, 2 ask, 3 near ask, 4 mid, 5 near bid, 6 bid, 7 below bid; no side: 10 no quote, 11 locked, 12 crossed, 13 late, 14 distorted.';
COMMENT ON COLUMN trading.darkpool_trades.price IS 'Dollars a share.';
COMMENT ON COLUMN trading.darkpool_trades.size IS 'Shares.';
COMMENT ON COLUMN trading.darkpool_trades.notional IS 'Price times size in dollars, exact.';

-- Makes the partitions that hold the months of both instants and every month between. The writer
-- calls it with the range of a batch; the collector calls it ahead of time.
CREATE FUNCTION trading.ensure_partitions(first_at timestamptz, last_at timestamptz)
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
        partition := 'darkpool_trades_' || to_char(month_at, 'YYYY_MM');
        IF to_regclass(format('trading.%I', partition)) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE trading.%I PARTITION OF trading.darkpool_trades FOR VALUES FROM (%L) TO (%L)',
                partition, month_at, next_at);
            made := made + 1;
        END IF;
        month_at := next_at;
    END LOOP;
    RETURN made;
END
$$;
