"""`python -m obs` is the command `obs`."""

from .cli.main import main

if __name__ == "__main__":
    main()
