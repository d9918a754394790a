"""A simulator of the parts of the GitHub API that a collector of pull requests needs."""
