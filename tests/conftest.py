"""The local servers are fixtures of every test."""

pytest_plugins = ["local_stack.testing"]
