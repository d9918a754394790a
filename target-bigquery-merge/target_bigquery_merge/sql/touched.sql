-- Where the staged rows go, and where their keys are stored now: each pair of partitions once, as whole days or seconds
-- since 1970. Of the table, this reads the key columns and the partition column only.
SELECT DISTINCT staged.destination, stored.home, stored.found
FROM (
  SELECT $keys, $destination AS destination
  FROM (
$newest
  )
) AS staged
LEFT JOIN (
  SELECT $keys, $home AS home, TRUE AS found
  FROM $table
  WHERE $all_partitions
) AS stored
ON $same_key
