"""Imported for its effect: everything that a command may import later on, less Parquet and joblib.

A process that takes another user's place may not be able to read the checkout, or the interpreter's own
files, from then on.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Final

import click
import obs

_LATE: Final = (
    *("bz2", "csv", "difflib", "gzip", "lzma", "sqlite3", "subprocess", "tempfile", "tomllib", "zlib"),
    *("encodings.ascii", "encodings.utf_8_sig", "filelock", "pickle", "pyarrow.compute", "pyarrow.csv"),
)

for package in (obs, click):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith(("__main__", "_winconsole")):
            import_module(module.name)
for name in _LATE:
    import_module(name)
