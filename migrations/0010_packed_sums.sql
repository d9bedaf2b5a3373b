-- What the prints of a day come to, in one row instead of several hundred (docs/adr/0015). The
-- program packs and unpacks the two columns: crates/store/src/day_sums.rs has their form.

CREATE TABLE trading.darkpool_day_sums (
    session_date date  NOT NULL,
    symbol       text  NOT NULL COLLATE "C",
    cells        bytea NOT NULL,
    minutes      bytea NOT NULL,
    PRIMARY KEY (symbol, session_date),
    CONSTRAINT sums_are_packed CHECK (octet_length(cells) >= 5 AND octet_length(minutes) >= 5)
);
COMMENT ON TABLE trading.darkpool_day_sums IS 'Sums over prints by symbol and day, packed. Kept in the transaction that writes the prints.';
COMMENT ON COLUMN trading.darkpool_day_sums.cells IS 'By part of day and price cell. A cell is 0.01 dollars wide below 100 dollars, 0.05 below 1000 and 0.50 from there.';
COMMENT ON COLUMN trading.darkpool_day_sums.minutes IS 'By the minute of New York in which prints reached the tape. Cancelled ones are in no sum.';

-- Packed columns do not get smaller by compressing, but trying costs time.
ALTER TABLE trading.darkpool_day_sums
    ALTER COLUMN cells SET STORAGE EXTERNAL,
    ALTER COLUMN minutes SET STORAGE EXTERNAL;

-- The sums that are there are brought over in the plainest packed form: sixteen bytes a number. The
-- program packs a day more tightly when it writes it the next time.

-- A number from 0 up as sixteen bytes, in four parts that a bigint can hold.
CREATE FUNCTION pg_temp.wide(value numeric) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT substring(int8send(div(value, 79228162514264337593543950336)::bigint) FROM 5)
        || substring(int8send((div(value, 18446744073709551616) % 4294967296)::bigint) FROM 5)
        || substring(int8send((div(value, 4294967296) % 4294967296)::bigint) FROM 5)
        || substring(int8send((value % 4294967296)::bigint) FROM 5)
$$;

-- A column of numbers: their width, the number that they are counted from, and the numbers.
CREATE FUNCTION pg_temp.packed(numbers numeric[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN numbers IS NULL THEN ''::bytea
        ELSE '\x10'::bytea || pg_temp.wide(0)
            || (SELECT string_agg(pg_temp.wide(number), ''::bytea ORDER BY place)
                FROM unnest(numbers) WITH ORDINALITY AS n (number, place))
        END
$$;

-- A column of exact decimals: no zeros are left off.
CREATE FUNCTION pg_temp.packed(numbers numeric[], scale integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN numbers IS NULL THEN ''::bytea
        ELSE '\x00'::bytea
            || pg_temp.packed(ARRAY(SELECT trunc(number * 10::numeric ^ scale)
                FROM unnest(numbers) WITH ORDINALITY AS n (number, place) ORDER BY place))
        END
$$;

CREATE FUNCTION pg_temp.microseconds(at timestamptz) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT trunc(extract(epoch FROM at) * 1000000)
$$;

INSERT INTO trading.darkpool_day_sums (symbol, session_date, cells, minutes)
SELECT symbol, session_date, cells, coalesce(minutes, '\x0100000000')
FROM (
    SELECT symbol, session_date,
        '\x01'::bytea || int4send(count(*)::integer)
        || pg_temp.packed(array_agg(session::numeric ORDER BY session, cell_low))
        || pg_temp.packed(array_agg(trunc(cell_low * 100) ORDER BY session, cell_low))
        || pg_temp.packed(array_agg(prints::numeric ORDER BY session, cell_low))
        || pg_temp.packed(array_agg(excluded_prints::numeric ORDER BY session, cell_low))
        || pg_temp.packed(array_agg(canceled_prints::numeric ORDER BY session, cell_low))
        || pg_temp.packed(array_agg(shares ORDER BY session, cell_low) FILTER (WHERE prints > 0), 8)
        || pg_temp.packed(array_agg(buy_notional ORDER BY session, cell_low) FILTER (WHERE prints > 0), 16)
        || pg_temp.packed(array_agg(sell_notional ORDER BY session, cell_low) FILTER (WHERE prints > 0), 16)
        || pg_temp.packed(array_agg(unknown_notional ORDER BY session, cell_low) FILTER (WHERE prints > 0), 16)
        || pg_temp.packed(array_agg(largest_notional ORDER BY session, cell_low) FILTER (WHERE prints > 0), 16)
        || pg_temp.packed(array_agg(pg_temp.microseconds(first_at) ORDER BY session, cell_low)
            FILTER (WHERE prints > 0))
        || pg_temp.packed(array_agg(pg_temp.microseconds(last_at) - pg_temp.microseconds(first_at)
            ORDER BY session, cell_low) FILTER (WHERE prints > 0))
        || pg_temp.packed(array_agg(excluded_shares ORDER BY session, cell_low)
            FILTER (WHERE excluded_prints > 0), 8)
        || pg_temp.packed(array_agg(excluded_notional ORDER BY session, cell_low)
            FILTER (WHERE excluded_prints > 0), 16) AS cells
    FROM trading.darkpool_level_cells GROUP BY symbol, session_date
) by_price
LEFT JOIN (
    SELECT symbol, session_date,
        '\x01'::bytea || int4send(count(*)::integer)
        || pg_temp.packed(array_agg(minute::numeric ORDER BY minute))
        || pg_temp.packed(array_agg(prints::numeric ORDER BY minute))
        || pg_temp.packed(array_agg(shares ORDER BY minute), 8)
        || pg_temp.packed(array_agg(notional ORDER BY minute), 16)
        || pg_temp.packed(array_agg(level_eligible_shares ORDER BY minute), 8) AS minutes
    FROM trading.darkpool_activity_minutes GROUP BY symbol, session_date
) by_minute USING (symbol, session_date);

-- A baseline reads ninety whole sessions: their off-exchange minutes stand packed in their books.
ALTER TABLE trading.tape_books ADD COLUMN off_minutes bytea;
ALTER TABLE trading.tape_books ALTER COLUMN off_minutes SET STORAGE EXTERNAL;
COMMENT ON COLUMN trading.tape_books.off_minutes IS 'Of whole sessions: off-exchange shares by minute, packed.';

UPDATE trading.tape_books book SET off_minutes = (
    SELECT '\x01'::bytea || int4send(count(*)::integer)
        || pg_temp.packed(array_agg(minute::numeric ORDER BY minute))
        || pg_temp.packed(array_agg(off_shares ORDER BY minute), 8)
    FROM trading.tape_minutes
    WHERE symbol = book.symbol AND session_date = book.session_date AND off_trades > 0)
WHERE is_whole;

ALTER TABLE trading.tape_books ADD CONSTRAINT whole_sessions_are_packed CHECK (
    is_whole = (off_minutes IS NOT NULL) AND octet_length(off_minutes) >= 5);

DROP FUNCTION pg_temp.microseconds(timestamptz);
DROP FUNCTION pg_temp.packed(numeric[], integer);
DROP FUNCTION pg_temp.packed(numeric[]);
DROP FUNCTION pg_temp.wide(numeric);
DROP TABLE trading.darkpool_level_cells;
DROP TABLE trading.darkpool_activity_minutes;
