"""A Singer target that merges into BigQuery, exactly, through an archive in Cloud Storage."""
