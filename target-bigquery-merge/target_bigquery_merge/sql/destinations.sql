-- The partitions that the staged rows go to, as whole days or seconds since 1970.
SELECT DISTINCT $destination AS _merge_destination
FROM $staging
WHERE $sequence <= @through
