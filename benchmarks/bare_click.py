"""The smallest program of obs' sort: a click command that has msgpack and blake3 at hand.

Nothing can be had below this but by giving up one of the three: it is what start-up is measured against.
"""

import blake3
import click
import msgpack

VERSION = f"blake3 {blake3.__version__}, msgpack {'.'.join(map(str, msgpack.version))}"


@click.group()
@click.version_option(VERSION, message="%(version)s")
def main() -> None:
    """A program that can say its version."""


if __name__ == "__main__":
    main()
