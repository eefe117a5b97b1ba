"""`python -m bot` is the console script `vestibule`."""

from bot.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
