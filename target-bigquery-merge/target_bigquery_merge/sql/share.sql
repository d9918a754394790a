  -- Of the newest rows, those that move between the pairs of partitions that this statement is about.
  SELECT staged.*
  FROM (
$newest
  ) AS staged
  LEFT JOIN (
    SELECT $keys, $home AS _merge_home, TRUE AS _merge_found
    FROM $table
    WHERE $all_partitions
  ) AS stored
  ON $same_key
  WHERE CONCAT(
    COALESCE(CAST($destination AS STRING), 'null'),
    ':',
    IF(stored._merge_found, COALESCE(CAST(stored._merge_home AS STRING), 'null'), 'new')
  ) IN UNNEST(@pairs)
