"""Local servers that behave like GitHub, BigQuery and Cloud Storage, for the demo and the tests."""
