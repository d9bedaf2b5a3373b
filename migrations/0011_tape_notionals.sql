-- How large the off-exchange trades of a whole session are, so that a floor for single trades can be
-- a percentile of the symbol's own (docs/adr/0016). Sessions that were read before have none: they
-- get theirs when they are read again.
ALTER TABLE trading.tape_books ADD COLUMN off_notionals bytea;
ALTER TABLE trading.tape_books ALTER COLUMN off_notionals SET STORAGE EXTERNAL;
ALTER TABLE trading.tape_books ADD CONSTRAINT only_whole_sessions_have_notionals CHECK (
    off_notionals IS NULL OR (is_whole AND octet_length(off_notionals) >= 5));
COMMENT ON COLUMN trading.tape_books.off_notionals IS 'Of whole sessions: off-exchange trades by bucket of their dollars, sixteen buckets to a doubling, packed.';
