"""A Singer tap for the pull-request activity of GitHub organizations."""
