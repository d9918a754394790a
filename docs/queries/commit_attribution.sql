-- Commit attribution: whose commits the pull requests of the last 60 days carry.
SELECT
  author,
  ANY_VALUE(author_login) AS login,
  COUNT(*) AS commits,
  COUNT(DISTINCT repository_id) AS repositories,
  MAX(commit_date) AS last_commit
FROM github_stats.commits
WHERE commit_date >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 60 DAY)
GROUP BY author
ORDER BY commits DESC, author
LIMIT 10
