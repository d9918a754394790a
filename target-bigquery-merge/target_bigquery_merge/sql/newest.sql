  -- One row a key: the newest of those that this checkpoint covers. The order is total, for (run, sequence) is unique.
  SELECT $columns
  FROM $staging
  WHERE $sequence <= @through
  QUALIFY ROW_NUMBER() OVER (PARTITION BY $keys ORDER BY $newest_first) = 1
