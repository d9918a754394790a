-- A stream without keys: every staged row is a row of its own.
INSERT INTO $table ($columns)
SELECT $values
FROM $staging
WHERE $sequence <= @through
