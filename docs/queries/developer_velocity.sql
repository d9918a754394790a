-- Developer velocity: what each person opened in the last 30 days, and what became of it.
SELECT
  author,
  COUNT(*) AS prs_created,
  COUNTIF(is_merged) AS prs_merged,
  SUM(additions) AS lines_added,
  SUM(deletions) AS lines_deleted,
  ROUND(AVG(review_count), 1) AS avg_review_count
FROM github_stats.pull_requests
WHERE created_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 DAY)
  AND author_type = 'User'
GROUP BY author
ORDER BY prs_created DESC, author
LIMIT 10
