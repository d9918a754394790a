-- Review activity: who reviewed in the last 90 days, how much, and with what result.
SELECT
  reviewer,
  COUNT(*) AS reviews,
  COUNT(DISTINCT FORMAT('%s/%s#%d', organization, repository, pr_number)) AS prs_reviewed,
  COUNTIF(state = 'APPROVED') AS approved,
  COUNTIF(state = 'CHANGES_REQUESTED') AS changes_requested
FROM github_stats.reviews
WHERE submitted_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 DAY)
GROUP BY reviewer
ORDER BY reviews DESC, reviewer
LIMIT 10
