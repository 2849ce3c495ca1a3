"""`python -m orbifolio`: the command line."""

from orbifolio.runner.cli import main

if __name__ == "__main__":
    main()
