-- Bars. Not partitioned: a year of one-minute bars of ten symbols is two million rows, and the
-- key serves the only question there is, the newest bars of one symbol and length.

CREATE TABLE trading.bars (
    start_at     timestamptz NOT NULL,
    volume       bigint      NOT NULL,
    received_at  timestamptz NOT NULL,
    session_date date        NOT NULL,
    vendor       trading.vendor NOT NULL,
    session      smallint    NOT NULL,
    symbol       text        NOT NULL COLLATE "C",
    "interval"   text        NOT NULL COLLATE "C",
    open         numeric(20, 8) NOT NULL,
    high         numeric(20, 8) NOT NULL,
    low          numeric(20, 8) NOT NULL,
    close        numeric(20, 8) NOT NULL,
    PRIMARY KEY (symbol, "interval", start_at),
    CONSTRAINT times_are_real CHECK (
        start_at >= '1990-01-01Z' AND start_at < '2100-01-01Z'
        AND received_at >= '1990-01-01Z' AND received_at < '2100-01-01Z'),
    CONSTRAINT prices_agree CHECK (
        low > 0 AND high < 1e12 AND low <= least(open, close) AND high >= greatest(open, close)),
    CONSTRAINT codes_are_known CHECK (
        volume >= 0 AND session BETWEEN 0 AND 3 AND "interval" IN ('1m', '5m', '15m', '1h', '1d'))
);
COMMENT ON TABLE trading.bars IS 'Open, high, low, close and consolidated volume. A later delivery of a bar replaces an earlier one.';
COMMENT ON COLUMN trading.bars.start_at IS 'When the bar begins.';
