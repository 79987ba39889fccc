"""`python -m app.cli`: the same as the console script."""

from app.cli.main import main

main()
