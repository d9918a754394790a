-- Where the staged rows go, and where their keys are stored now: each pair of partitions once, as whole days or seconds
-- since 1970. Of the table, this reads the key columns and the partition column only.
SELECT DISTINCT staged._merge_destination, stored._merge_home, stored._merge_found
FROM (
  SELECT $keys, $destination AS _merge_destination
  FROM (
$newest
  )
) AS staged
LEFT JOIN (
  SELECT $keys, $home AS _merge_home, TRUE AS _merge_found
  FROM $table
  WHERE $all_partitions
) AS stored
ON $same_key
