"""`python -m recalld`: the command line."""

from recalld.cli import main

main()
