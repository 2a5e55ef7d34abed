"""The command line as a module: ``python -m forecast.cli``."""

from forecast.cli import main

if __name__ == "__main__":
    main()
