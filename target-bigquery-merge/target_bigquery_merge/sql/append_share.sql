-- A stream without keys: of the staged rows, those that go to the partitions that this statement is about.
INSERT INTO $table ($columns)
SELECT $values
FROM $staging
WHERE $sequence <= @through
  AND CONCAT(COALESCE(CAST($destination AS STRING), 'null'), ':new') IN UNNEST(@pairs)
