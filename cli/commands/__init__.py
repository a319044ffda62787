"""The commands, one file each: `commands/NAME.py` defines `command`. See `..application` for the table."""
