"""`python -m obs` is the command `obs`."""

from .cli.main import start

if __name__ == "__main__":
    start()
