  -- Of the newest rows, those that go to the partitions that this statement is about; their keys are nowhere else.
  SELECT staged.*
  FROM (
$newest
  ) AS staged
  WHERE CONCAT(COALESCE(CAST($destination AS STRING), 'null'), ':new') IN UNNEST(@pairs)
