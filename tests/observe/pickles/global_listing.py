"""Writing a thing in every way, and noting which globals reading it asks for: see collect_globals.py.

It must run on Python 3.6, and so has no newer syntax; what it touches has no types.
"""

# mypy: disable-error-code="misc"
# pyright: basic, reportTypeCommentUsage=false
# ruff: noqa: UP031, UP035  # it must run on Python 3.6

import importlib
import io
import pickle
import tempfile
import traceback
from typing import Any, Callable


class Notes:
    """What was asked for, where, and what could not be written or read again."""

    def __init__(self) -> None:
        self.found = {}  # type: dict[tuple[str, str], str]
        self.failed = {}  # type: dict[str, str]

    def note(self, module: str, name: str, label: str) -> None:
        self.found.setdefault((module, name), label)


def attempt(action: "Callable[[], Any]", label: str, notes: "Notes | None" = None) -> "Any":
    """What `action` gives; None where this version of the library has no such thing."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001  # any library may refuse anything: the sample is left out  # any library may refuse anything: the sample is left out
        if notes is not None:
            notes.failed[label] = "".join(traceback.format_exception_only(type(error), error)).strip()[:200]
        return None


def library(name: str) -> "Any":
    return attempt(lambda: importlib.import_module(name), name)


def listing(label: str, thing: "Any", notes: Notes) -> None:
    """Writes `thing` in four protocols and through joblib, and notes what reading it asks for."""

    class Listing(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> "Any":
            notes.note(module, name, label)
            return super().find_class(module, name)

    for protocol in (0, 2, 4, 5):  # what 1 and 3 write has the names of 0 and 2, or of 4
        if protocol > pickle.HIGHEST_PROTOCOL:
            continue
        where = "%s, protocol %d" % (label, protocol)
        data = attempt(lambda p=protocol: pickle.dumps(thing, p), where, notes)
        if data is not None:
            attempt(lambda d=data: Listing(io.BytesIO(d)).load(), where, notes)
    joblib = library("joblib") or library("sklearn.externals.joblib")
    if joblib is None:
        return
    reader = importlib.import_module(joblib.__name__ + ".numpy_pickle")

    class ListingJoblib(reader.NumpyUnpickler):  # type: ignore[name-defined]  # joblib or the copy in old scikit-learn
        def find_class(self, module: str, name: str) -> "Any":
            notes.note(module, name, label)
            return super().find_class(module, name)

    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/model.joblib"
        if attempt(lambda: joblib.dump(thing, path), label, notes):
            with open(path, "rb") as file:
                attempt(lambda: _with_joblib(ListingJoblib, path, file), label, notes)


def _with_joblib(reader: "Any", path: str, file: "Any") -> "Any":
    try:
        return reader(path, file, ensure_native_byte_order=False).load()
    except TypeError:  # joblib before 1.5 has no such argument
        file.seek(0)
        return reader(path, file).load()
