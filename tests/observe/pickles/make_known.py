"""Writes `cas/observe/pickles/known_globals.py` from what `collect_globals.py` has noted. Run by hand:

    python tests/observe/pickles/make_known.py /tmp/with-*.json && make format

Left out: what the table of dangers lists, whatever honest files hold; dotted names; what LEFT_OUT names, and
why. The versions that were asked are written into the module, so that the documentation can give them.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
TARGET = ROOT / "cas" / "observe" / "pickles" / "known_globals.py"

LEFT_OUT = {
    ("__builtin__", "type"): "makes classes",
    ("builtins", "type"): "makes classes",
    ("numpy", "vectorize"): "calls what it wraps",
    ("numpy.lib.function_base", "vectorize"): "calls what it wraps",
    ("numpy.lib._function_base_impl", "vectorize"): "calls what it wraps",
    ("pytz", "_p"): "opens a file of time zones",
}

# What no sample above makes, but files of these releases hold.
BY_HAND = {
    "pathlib": "PosixPath WindowsPath PurePosixPath PureWindowsPath",
    "pathlib._local": "PosixPath WindowsPath PurePosixPath PureWindowsPath",  # Python 3.13
    "sklearn.compose._column_transformer": "_RemainderColsList",  # scikit-learn 1.5 to 1.8
    "numpy.dtypes": "StringDType",
    "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper",  # scikit-learn before 0.23
}

HEAD = '''"""Exactly these names stand in files that the libraries themselves write: module -> names.

Written by `tests/observe/pickles/make_known.py`; do not edit. Asked were (`collect_globals.py` says how):

{versions}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KNOWN: Final[Mapping[str, str]] = {{
'''


def wrapped(module: str, names: Iterable[str]) -> str:
    """One entry of the table, in lines that fit."""
    text = " ".join(sorted(names))
    line = f'    "{module}": "{text}",\n'
    if len(line) <= 110:
        return line
    lines = textwrap.wrap(text, 98, break_long_words=False, break_on_hyphens=False)
    body = "".join(f'        "{part} "\n' for part in lines[:-1])
    return f'    "{module}": (\n{body}        "{lines[-1]}"\n    ),\n' if body else _alone(module, text)


def _alone(module: str, text: str) -> str:
    return f'    "{module}": (\n        "{text}"\n    ),\n'


def version_lines(documents: Iterable[dict[str, Any]]) -> str:
    """The versions that were asked, a library a line, oldest first."""
    found: dict[str, set[str]] = {}
    for document in documents:
        for library, version in document["versions"].items():
            found.setdefault(library, set()).add(version)

    def key(version: str) -> list[int]:
        return [int(part) for part in version.split(".") if part.isdigit()]

    lines: list[str] = []
    for library, versions in sorted(found.items()):
        text = f"{library}: {', '.join(sorted(versions, key=key))}"
        lines += textwrap.wrap(text, 104, initial_indent="* ", subsequent_indent="  ")
    return "\n".join(lines)


def main(paths: list[str]) -> None:
    documents: list[dict[str, Any]] = [json.loads(Path(path).read_text("utf-8")) for path in paths]
    sys.path.insert(0, str(ROOT / ".pythonpath"))
    TARGET.write_text(HEAD.format(versions=version_lines(documents)) + "}\n", "utf-8")
    from obs.cas.observe.pickles.grades import danger_of

    table: dict[str, set[str]] = {module: set(names.split()) for module, names in BY_HAND.items()}
    for document in documents:
        for module, name, label in document["globals"]:
            if "." in name or (module, name) in LEFT_OUT or module == "__main__":
                print(f"left out: {module} {name} ({label})")
            elif danger_of(module, name) is not None:
                print(f"left out, {danger_of(module, name)}: {module} {name} ({label})")
            else:
                table.setdefault(module, set()).add(name)
    body = "".join(wrapped(module, names) for module, names in sorted(table.items()))
    TARGET.write_text(HEAD.format(versions=version_lines(documents)) + body + "}\n", "utf-8")
    print(f"{len(table)} modules, {sum(map(len, table.values()))} names: {TARGET}")


if __name__ == "__main__":
    main(sys.argv[1:])
