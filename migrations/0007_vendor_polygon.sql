-- A second vendor. It stands alone in its file, because a value that was added to a type can be
-- used only when the transaction that added it has ended.

ALTER TYPE trading.vendor ADD VALUE 'polygon';
