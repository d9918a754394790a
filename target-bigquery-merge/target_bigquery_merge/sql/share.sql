  -- Of the newest rows, those that move between the pairs of partitions that this statement is about.
  SELECT staged.*
  FROM (
$newest
  ) AS staged
  LEFT JOIN (
    SELECT $keys, $home AS home, TRUE AS found
    FROM $table
    WHERE $all_partitions
  ) AS stored
  ON $same_key
  WHERE CONCAT(
    COALESCE(CAST($destination AS STRING), 'null'),
    ':',
    IF(stored.found, COALESCE(CAST(stored.home AS STRING), 'null'), 'new')
  ) IN UNNEST(@pairs)
