"""`python -m rejectkit` is the command line."""

from rejectkit.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
