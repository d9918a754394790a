-- Pull requests by size label, and how long those that were merged took.
SELECT
  COALESCE(size_label, '(no size label)') AS size,
  COUNT(*) AS prs,
  COUNTIF(is_merged) AS prs_merged,
  ROUND(AVG(TIMESTAMP_DIFF(merged_at, created_at, MINUTE)) / 60, 1) AS avg_hours_to_merge
FROM github_stats.pull_requests
GROUP BY size
ORDER BY prs DESC, size
