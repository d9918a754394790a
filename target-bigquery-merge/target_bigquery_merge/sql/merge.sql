-- The newest staged row of each key replaces the stored one, unless that is newer still.
-- The partitions are named by literals: BigQuery reads no other partition of the table.
MERGE INTO $table AS stored
USING (
$rows
) AS staged
ON $same_key
  AND $partitions
WHEN MATCHED AND $newer_or_equal THEN
  UPDATE SET $assignments
WHEN NOT MATCHED BY TARGET THEN
  INSERT ($columns)
  VALUES ($values)
