"""`python -m local_stack` is `local-stack`."""

from local_stack.cli import main

main(prog_name="local-stack")
