"""The parts of GitHub's REST API that a collector of pull requests uses, over a World."""
