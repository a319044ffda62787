"""Makes the golden files of this folder: see README.md. A difference in them is one of the format."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from pathlib import Path

from obs.cas.format.canonical import Value, decode, encode
from obs.cas.format.claims import Claims
from obs.cas.format.contents import Column, Content, ContentPart, Label, Member
from obs.cas.format.data import File, Part, Tree, TreeEntry
from obs.cas.format.ids import BlobId, ObjectId, Sha256, blob_id
from obs.cas.format.inspections import Inspection
from obs.cas.format.manifests import FileNote, Manifest
from obs.cas.format.merkle import Frontier, extend, leaf_hash
from obs.cas.format.objects import Object, encode_object, object_id
from obs.cas.format.reports import Diagnostic, Environment, Observation, Report, Source
from obs.cas.format.runs import Document, Link, Metrics, Params, Run

HERE = Path(__file__).parent

# ---------------------------------------------------------------------- the example store

DATA = b"age,income,label\n34,1200,yes\n51,2300,no\n28,900,yes\n"
MODEL = b"the bytes of a model\n"
METRICS = b'{"accuracy": 0.9, "num_features": 2, "num_samples": 3}\n'
PLOTS = {"confusion.txt": b"2 0\n0 1\n", "roc/curve.txt": b"0 0\n0 1\n1 1\n"}


def file_of(data: bytes) -> File:
    """The file object of some bytes."""
    return File(size=len(data), blake3=blob_id(data))


def sha256_of(data: bytes) -> Sha256:
    """The SHA-256 that a manifest says of some bytes."""
    return Sha256(hashlib.sha256(data).digest())


def example_objects() -> dict[str, Object]:
    """What the example store holds, by the names that docs/format.md gives them."""
    data, model, metrics_file = file_of(DATA), file_of(MODEL), file_of(METRICS)
    plots = Tree.of(
        tuple(TreeEntry(name, len(content), blob_id(content)) for name, content in PLOTS.items()), ()
    )
    metrics = Metrics(
        source=metrics_file.blake3, values={"accuracy": 0.9, "num_features": 2, "num_samples": 3}
    )
    params = Params(values={"learning_rate": 0.1, "trees": 200})
    link = Link(role="data", name="data.csv", kind="file", id=object_id(data))
    run = Run(
        datasets=(link,),
        artifacts=(Link(role="model", name="model.pkl", kind="file", id=object_id(model)),),
        metrics=Document(values=object_id(metrics), name="metrics.json", file=object_id(metrics_file)),
        label="label",
        run_id="2026-11-24-a",
    )
    failed = Run(
        datasets=(link,),
        artifacts=(Link(role="plots", name="plots", kind="tree", id=object_id(plots)),),
        params=Document(values=object_id(params)),
        label="label",
        status="failed",
    )
    environment = Environment(
        whose="virtual-env",
        python="3.12.7",
        implementation="CPython",
        system="Linux",
        machine="x86_64",
        packages=(("numpy", "2.1.3"), ("scikit-learn", "1.5.2")),
        source=Source(commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904", dirty=False),
    )
    report = Report(
        run=object_id(run),
        obs="0.1.0",
        environment=object_id(environment),
        counts={"num_features": 2, "num_samples": 3},
    )
    failed_report = Report(
        run=object_id(failed),
        obs="0.1.0",
        diagnostics=(
            Diagnostic(code="CONTENT_UNAVAILABLE", severity="warning", message="plots holds no table"),
            Diagnostic(
                code="SAMPLE_COUNT_MISMATCH",
                severity="error",
                message="the metrics say 4 samples, and the data has 3",
                details={"claimed": 4, "found": 3},
            ),
        ),
    )
    found: dict[str, Object] = {
        "data": data,
        "model": model,
        "metrics file": metrics_file,
        "plots": plots,
        "metrics": metrics,
        "params": params,
        "run": run,
        "failed run": failed,
        "environment": environment,
        "report": report,
        "failed report": failed_report,
    }
    notes = (
        FileNote(role="data", name="data.csv", path="data.csv", outside=True, sha256=sha256_of(DATA)),
        FileNote(role="metrics", name="metrics.json", path="runs/a/metrics.json", sha256=sha256_of(METRICS)),
        FileNote(role="model", name="model.pkl", path="runs/a/model.pkl", sha256=sha256_of(MODEL)),
    )
    failed_notes = (
        FileNote(role="data", name="data.csv", path="data.csv", outside=True, cached=1),
        FileNote(role="plots", name="plots", path="runs/b/plots"),
    )
    parent: ObjectId | None = None
    history: Frontier = ()
    for sequence, (of_run, of_report, files, message) in enumerate(
        (
            (run, report, notes, None),
            (failed, failed_report, failed_notes, "out of memory"),
            (run, report, notes, "the one that we ship"),
            (failed, failed_report, failed_notes, None),
        )
    ):
        manifest = Manifest(
            sequence=sequence,
            recorded_at=f"2026-11-24T09:3{sequence}:00.000000Z",
            run=object_id(of_run),
            report=object_id(of_report),
            parent=parent,
            message=message,
            files=files,
            history=history,
        )
        found[f"manifest {sequence}"] = manifest
        parent = object_id(manifest)
        history = extend(history, sequence, leaf_hash(encode_object(manifest)))
    return found


def example_files() -> dict[str, bytes]:
    """The example store: every file of the folder and its bytes. The data was not kept."""
    objects = example_objects()
    head, tagged = object_id(objects["manifest 3"]).hex, object_id(objects["manifest 0"]).hex
    files = {"format": b"obs 1\n", "HEAD": f"{head}\n".encode(), "tags/baseline": f"{tagged}\n".encode()}
    for value in objects.values():
        digits = object_id(value).hex
        files[f"objects/{digits[:2]}/{digits[2:]}"] = encode_object(value)
    for content in (MODEL, METRICS, *PLOTS.values()):
        digits = blob_id(content).hex
        files[f"blobs/{digits[:2]}/{digits[2:]}"] = content
    return files


# ---------------------------------------------------------------------- valid


NOTHING_FOUND: dict[str, Value] = {
    "pipeline_steps": [],
    "step_count": 0,
    "has_preprocessing": False,
    "estimator_count": 0,
    "libraries": {},
    "format": {"container": "pickle", "protocol": 4},
    "arrays": [],
    "globals": [{"module": "os", "name": "system", "grade": "dangerous", "reason": "runs a command"}],
    "complete": False,
    "problems": [{"code": "TRUNCATED", "message": "the file breaks off", "offset": 20}],
    "cut": {"texts": {}},
}
PIPELINE_FOUND: dict[str, Value] = {
    "pipeline_steps": [
        {"name": "scale", "type": "StandardScaler", "module": "sklearn.preprocessing._data"},
        {"name": "none", "type": "passthrough"},
    ],
    "step_count": 2,
    "has_preprocessing": True,
    "model": {"type": "Ridge", "module": "sklearn.linear_model._ridge", "kind": "regressor"},
    "tree": {
        "type": "Pipeline",
        "module": "sklearn.pipeline",
        "role": "composition",
        "parameters": {"memory": None, "verbose": False},
        "fitted": [],
        "children": [
            {
                "name": "scale",
                "type": "StandardScaler",
                "parameters": {"with_mean": True, "range": [0.0, 1.0]},
                "fitted": [
                    {"name": "mean_", "type": "ndarray", "dtype": "float64", "shape": [2], "bytes": 16},
                    {"name": "n_samples_seen_", "type": "int"},
                ],
                "children": [],
                "columns": ["a", 1],
                "feature_names_in": {"count": 2, "first": ["a", "b"]},
                "seen_before": True,
            }
        ],
    },
    "estimator_count": 2,
    "n_features_in": 2,
    "feature_names_in": ["a", "b"],
    "classes": [0, 1],
    "libraries": {"scikit-learn": "1.7.2"},
    "format": {"container": "joblib", "protocol": 5, "compression": "zlib"},
    "arrays": [{"path": ".mean_", "dtype": "float64", "shape": [2], "bytes": 16}],
    "globals": [{"module": "sklearn.pipeline", "name": "Pipeline", "grade": "known"}],
    "complete": True,
    "problems": [],
    "cut": {"arrays": {"count": 5000, "blake3": "0" * 64}},
}


def more_objects() -> dict[str, Object]:
    """Objects for the corners of the rules, with made-up ids."""
    some, other = ObjectId(bytes(range(32))), ObjectId(b"\xff" * 32)
    return {
        "file empty": file_of(b""),
        "file of the largest size": File(size=2**64 - 1, blake3=BlobId(b"\x00" * 32)),
        "tree empty": Tree(count=0, size=0),
        "tree with odd names": Tree.of(
            (
                TreeEntry("a b", 1, blob_id(b"1")),
                TreeEntry("a/b\n", 2, blob_id(b"12")),
                TreeEntry("z\u00e9", 0, blob_id(b"")),
                TreeEntry(b"z\xe9", 300, BlobId(b"\x01" * 32)),
            ),
            (),
        ),
        "tree of parts": Tree(count=4097, size=70000, parts=(some, other)),
        "part": Part(entries=(TreeEntry("x", 1, blob_id(b"1")), TreeEntry("y", 1, blob_id(b"2")))),
        "metrics with every number": Metrics(
            values={
                "big": 2**64 - 1,
                "inf": math.inf,
                "int": 1,
                "least": -(2**63),
                "minus inf": -math.inf,
                "minus zero": -0.0,
                "nan": math.nan,
                "one": 1.0,
                "tiny": 5e-324,
            }
        ),
        "metrics that could not be read": Metrics(source=blob_id(METRICS)),
        "params empty": Params(values={}),
        "params nested": Params(
            source=blob_id(b"x"),
            values={"a": {"b": [1, [], {}, None, True, "\u00fc\U0001f600"]}, "": b"\x00"},
        ),
        "run of nothing": Run(),
        "run with a record": Run(
            record=Link(role="record", name=b"r\xff", kind="file", id=some), label="", status="cancelled"
        ),
        "run with many links": Run(
            datasets=(
                Link(role="test", name="t", kind="tree", id=some),
                Link(role="train", name="t", kind="tree", id=other),
            ),
            artifacts=(Link(role="model", name="m", kind="file", id=some),),
            params=Document(values=some, name="p.toml", file=other),
        ),
        "content of nothing": Content(
            rules=1, rows=0, width=0, rows_with_missing=0, schema=some, table=other
        ),
        "content of two columns": Content(
            rules=1,
            rows=70_000,
            width=2,
            rows_with_missing=3,
            schema=some,
            table=other,
            columns=(
                Column(name="x", kind="number", nulls=3, distinct=1000, more=True, value=some, text=other),
                Column(name="y", kind="text", nulls=0, distinct=2, value=other),
            ),
            digests=BlobId(b"\x05" * 32),
            label=Label(name="y", nulls=0, classes=(40_000, 30_000)),
        ),
        "content of a label with a digest": Content(
            rules=1,
            rows=3,
            width=1,
            rows_with_missing=0,
            schema=some,
            table=other,
            columns=(Column(name="y", kind="number", nulls=0, distinct=2, value=some),),
            digests=BlobId(b"\x05" * 32),
            label=Label(name="y", nulls=0, classes=(2, 1), classes_digest=other, fractions=True),
        ),
        "content of a wide table": Content(
            rules=1,
            rows=1,
            width=1025,
            rows_with_missing=0,
            schema=some,
            table=other,
            column_parts=(some, other),
            digests=BlobId(b"\x05" * 32),
            label=Label(name="y", nulls=1, classes=None),
        ),
        "content of a folder": Content(
            rules=1,
            rows=3,
            width=1,
            rows_with_missing=0,
            schema=some,
            table=other,
            columns=(Column(name="", kind="zoned_timestamp", nulls=0, distinct=3, value=some),),
            tables=2,
            members=(Member(name="a/1.csv", rows=3, table=some), Member(name=b"a/\xff", rows=0, table=some)),
        ),
        "content-part of columns": ContentPart(
            columns=(Column(name="z", kind="null", nulls=1, distinct=0, value=some),)
        ),
        "content-part of tables": ContentPart(members=(Member(name="a.csv", rows=1, table=some),)),
        "claims of a record that says nothing": Claims(adapter="runforge"),
        "claims of a record": Claims(
            adapter="runforge",
            trainer="runforge 0.3.4",
            created_at="2026-11-24T09:30:00.000000Z",
            dataset_path="data/iris.csv",
            dataset_sha256=sha256_of(DATA),
            label="label",
            num_samples=3,
            num_features=2,
            dropped_rows=0,
            metrics={"accuracy": 0.9, "num_features": 2, "num_samples": 3},
        ),
        "inspection of a file that breaks off": Inspection(file=some, found=NOTHING_FOUND),
        "inspection of a pipeline": Inspection(file=other, found=PIPELINE_FOUND),
        "environment unknown": Environment(whose="obs"),
        "environment of a dirty tree": Environment(
            whose="prefix", source=Source(commit="0" * 64, dirty=True), packages=(("a", "1"), ("a", "2"))
        ),
        "report without anything": Report(run=some, obs="0.1.0"),
        "report with observations": Report(
            run=some,
            obs="0.1.0",
            counts={"rows": 0},
            observations=(
                Observation(role="data", kind="content", id=some),
                Observation(role="model", kind="inspection", id=other),
            ),
            diagnostics=(
                Diagnostic(code="A", severity="info", message=""),
                Diagnostic(code="A", severity="info", message="", details={"at": 1}),
            ),
        ),
        "manifest 7": Manifest(
            sequence=7,
            recorded_at="0001-01-01T00:00:00.000000Z",
            run=some,
            report=other,
            parent=some,
            message="\u2713",
            notes=("INSPECTION_TIMED_OUT", "SHA256_SKIPPED"),
            history=(b"\x01" * 32, b"\x02" * 32, b"\x03" * 32),
        ),
    }


def plain_values() -> dict[str, Value]:
    """Values for the borders between two spellings."""
    numbers = (0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63, 2**64 - 1)
    negative = (-1, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1, -(2**63))
    arrays: dict[str, list[Value]] = {f"array of {size}": [None] * size for size in (0, 15, 16)}
    maps: dict[str, dict[str, Value]] = {
        f"map of {size}": {f"{key:02}": key for key in range(size)} for size in (0, 15, 16)
    }
    found: dict[str, Value] = {
        "nil": None,
        "false": False,
        "true": True,
        **{f"int {number}": number for number in (*numbers, *negative)},
        "float 0": 0.0,
        "float minus 0": -0.0,
        "float 1": 1.0,
        "float nan": math.nan,
        "float infinity": math.inf,
        **{f"str of {size} bytes": "x" * size for size in (0, 31, 32, 255, 256)},
        **{f"bin of {size} bytes": b"x" * size for size in (0, 255, 256)},
        **arrays,
        **maps,
        "keys in byte order": {
            "": 0,
            "Z": 1,
            "a": 2,
            "aa": 3,
            "b": 4,
            "\u00e9": 5,
            "\uffff": 6,
            "\U00010000": 7,
        },
    }
    return found


def rendered(value: Value) -> object:
    """A value as JSON can hold it: bin as {"$bin": hex}, non-finite floats as {"$float": name}."""
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, list):
        return [rendered(item) for item in value]
    if isinstance(value, dict):
        return {key: rendered(item) for key, item in value.items()}
    return value


# ---------------------------------------------------------------------- invalid

# Name, error, the bytes before the one that the error is about, and the bytes from there on.
INVALID_VALUES: tuple[tuple[str, str, str, str], ...] = (
    ("nothing", "Truncated", "", ""),
    ("a second value", "TrailingBytes", "c0", "c0"),
    ("127 as uint8", "NotCanonical", "", "cc7f"),
    ("255 as uint16", "NotCanonical", "", "cd00ff"),
    ("256 as uint32", "NotCanonical", "", "ce00000100"),
    ("256 as int16", "NotCanonical", "", "d10100"),
    ("65536 as uint64", "NotCanonical", "", "cf0000000000010000"),
    ("5 as int8", "NotCanonical", "", "d005"),
    ("-1 as int8", "NotCanonical", "", "d0ff"),
    ("-128 as int16", "NotCanonical", "", "d1ff80"),
    ("-129 as int32", "NotCanonical", "", "d2ffffff7f"),
    ("-32769 as int64", "NotCanonical", "", "d3ffffffffffff7fff"),
    ("an integer that ends early", "Truncated", "cd", "01"),
    ("1.0 as float32", "ForbiddenType", "", "ca3f800000"),
    ("NaN with a payload", "ForeignNaN", "", "cb7ff8000000000001"),
    ("NaN with a sign", "ForeignNaN", "91", "cbfff8000000000000"),
    ("signalling NaN", "ForeignNaN", "", "cb7ff0000000000001"),
    ("a float that ends early", "Truncated", "cb", "3ff000"),
    ("the byte that is never used", "ForbiddenType", "", "c1"),
    ("ext8", "ForbiddenType", "", "c70000"),
    ("fixext1", "ForbiddenType", "", "d40100"),
    ("time stamp", "ForbiddenType", "92c0", "d6ff00000000"),
    ("31 bytes as str8", "NotCanonical", "", "d91f" + "78" * 31),
    ("255 bytes as str16", "NotCanonical", "", "da00ff" + "78" * 255),
    ("empty str as str32", "NotCanonical", "", "db00000000"),
    ("a str that ends early", "Truncated", "a3", "7878"),
    ("a str that is Latin-1", "BadText", "a278", "e9"),
    ("a str with a surrogate", "BadText", "a3", "eda080"),
    ("a str with an overlong form", "BadText", "a2", "c080"),
    ("a str beyond U+10FFFF", "BadText", "a4", "f4908080"),
    ("1 byte as bin16", "NotCanonical", "", "c5000178"),
    ("1 byte as bin32", "NotCanonical", "", "c60000000178"),
    ("a bin that ends early", "Truncated", "c402", "78"),
    ("15 items as array16", "NotCanonical", "", "dc000f" + "c0" * 15),
    ("no items as array32", "NotCanonical", "", "dd00000000"),
    ("an array that ends early", "Truncated", "92c0", ""),
    ("4294967295 items that are not there", "Truncated", "ddffffffff", ""),
    ("15 entries as map16", "NotCanonical", "", "de000f"),
    ("4294967295 entries that are not there", "Truncated", "dfffffffff", ""),
    ("a map that ends after a key", "Truncated", "81a161", ""),
    ("a key that is an int", "ForbiddenType", "81", "01c0"),
    ("a key that is a bin", "ForbiddenType", "81", "c40161c0"),
    ("a key that is nil", "ForbiddenType", "81", "c0c0"),
    ("a key that is an array", "ForbiddenType", "81", "90c0"),
    ("keys out of order", "UnsortedKeys", "82a162c0", "a161c0"),
    ("keys by length", "UnsortedKeys", "82a162c0", "a26161c0"),
    ("a key twice", "DuplicateKey", "82a161c0", "a161c0"),
    ("a key twice with two values", "DuplicateKey", "83a16101a16202", "a16203"),
    ("65 arrays", "TooDeep", "91" * 64, "90"),
    ("65 maps", "TooDeep", "81a161" * 64, "80"),
    ("a million arrays", "TooDeep", "91" * 64, "91" * 200),
)

_KIND = "a46b696e64"  # "kind"
_VERSION = "a776657273696f6e01"  # "version": 1
_FILE = _KIND + "a466696c65"  # "kind": "file"
_BLAKE3 = "a6626c616b6533" + "c420" + "ab" * 32  # "blake3": 32 bytes
_SIZE = "a473697a65"  # "size"
_METRICS = _KIND + "a76d657472696373"
_RUN = _KIND + "a372756e"
_STATUS = "a6737461747573" + "a26f6b"
_TREE = _KIND + "a474726565"
_COUNT = "a5636f756e74"
_ENTRIES = "a7656e7472696573"
_INSPECTION = "84" + "a466696c65" + "c420" + "ab" * 32
_INSPECTED = _KIND + "aa696e7370656374696f6e" + _VERSION
_ID = "c420" + "cd" * 32


def _entry(name: str) -> str:
    return "93" + name + "01" + _ID


INVALID_OBJECTS: tuple[tuple[str, str, str, str], ...] = (
    ("no map", "InvalidField", "", "90"),
    ("no kind", "MissingKey", "", "81" + _VERSION),
    ("a kind that is an int", "InvalidField", "81" + _KIND, "05"),
    ("an unknown kind", "UnknownKind", "82" + _KIND, "a466696c66" + _VERSION),
    ("no version", "MissingKey", "", "83" + _BLAKE3 + _FILE + _SIZE + "01"),
    ("version 0", "InvalidField", "84" + _BLAKE3 + _FILE + _SIZE + "01" + _VERSION[:-2], "00"),
    ("version 2", "UnknownVersion", "84" + _BLAKE3 + _FILE + _SIZE + "01" + _VERSION[:-2], "02"),
    ("version true", "InvalidField", "84" + _BLAKE3 + _FILE + _SIZE + "01" + _VERSION[:-2], "c3"),
    (
        "version 1.0",
        "InvalidField",
        "84" + _BLAKE3 + _FILE + _SIZE + "01" + _VERSION[:-2],
        "cb3ff0000000000000",
    ),
    ("a file without size", "MissingKey", "", "83" + _BLAKE3 + _FILE + _VERSION),
    ("a file with a negative size", "InvalidField", "84" + _BLAKE3 + _FILE + _SIZE, "ff" + _VERSION),
    ("a file with the size true", "InvalidField", "84" + _BLAKE3 + _FILE + _SIZE, "c3" + _VERSION),
    (
        "a file with an id of 31 bytes",
        "InvalidField",
        "84a6626c616b6533",
        "c41f" + "ab" * 31 + _FILE + _SIZE + "01" + _VERSION,
    ),
    (
        "a file with an id as text",
        "InvalidField",
        "84a6626c616b6533",
        "d940" + "61" * 64 + _FILE + _SIZE + "01" + _VERSION,
    ),
    (
        "a file with one key more",
        "UnknownKey",
        "85" + _BLAKE3 + _FILE + "a46e616d65",
        "a161" + _SIZE + "01" + _VERSION,
    ),
    ("a file with keys out of order", "UnsortedKeys", "84" + _FILE, _BLAKE3 + _SIZE + "01" + _VERSION),
    (
        "a file with the size twice",
        "DuplicateKey",
        "85" + _BLAKE3 + _FILE + _SIZE + "01",
        _SIZE + "01" + _VERSION,
    ),
    ("a file with a byte more", "TrailingBytes", "84" + _BLAKE3 + _FILE + _SIZE + "01" + _VERSION, "00"),
    ("metrics with neither values nor source", "InvalidField", "", "82" + _METRICS + _VERSION),
    ("metrics with values nil", "InvalidField", "83" + _METRICS + "a676616c756573", "c0" + _VERSION),
    (
        "a run with no datasets in a list",
        "InvalidField",
        "84a86461746173657473",
        "90" + _RUN + _STATUS + _VERSION,
    ),
    ("a run with another status", "InvalidField", "83" + _RUN + "a6737461747573", "a4646f6e65" + _VERSION),
    (
        "a run with a run_id that is empty",
        "InvalidField",
        "",
        "84" + _RUN + "a672756e5f6964a0" + _STATUS + _VERSION,
    ),
    (
        "a tree with one entry less",
        "InvalidField",
        "",
        "84" + _COUNT + "01" + _TREE + _SIZE + "00" + _VERSION,
    ),
    (
        "a tree with a wrong size",
        "InvalidField",
        "",
        "85" + _COUNT + "01" + _ENTRIES + "91" + _entry("a161") + _TREE + _SIZE + "02" + _VERSION,
    ),
    (
        "a tree out of order",
        "UnsortedKeys",
        "",
        "85"
        + _COUNT
        + "02"
        + _ENTRIES
        + "92"
        + _entry("a162")
        + _entry("a161")
        + _TREE
        + _SIZE
        + "02"
        + _VERSION,
    ),
    (
        "a tree with a name twice",
        "DuplicateKey",
        "",
        "85"
        + _COUNT
        + "02"
        + _ENTRIES
        + "92"
        + _entry("a161")
        + _entry("a161")
        + _TREE
        + _SIZE
        + "02"
        + _VERSION,
    ),
    (
        "a tree with the name ../a",
        "InvalidField",
        "85" + _COUNT + "01" + _ENTRIES + "91",
        _entry("a42e2e2f61") + _TREE + _SIZE + "01" + _VERSION,
    ),
    (
        "a tree with a bin name that is UTF-8",
        "InvalidField",
        "85" + _COUNT + "01" + _ENTRIES + "91",
        _entry("c40161") + _TREE + _SIZE + "01" + _VERSION,
    ),
    (
        "a tree with an entry of two",
        "InvalidField",
        "85" + _COUNT + "02" + _ENTRIES + "92" + _entry("a161"),
        "92a16201" + _TREE + _SIZE + "02" + _VERSION,
    ),
    ("an inspection of nothing", "MissingKey", _INSPECTION + "a5666f756e64", "80" + _INSPECTED),
    ("an inspection of a list", "InvalidField", _INSPECTION + "a5666f756e64", "90" + _INSPECTED),
    ("claims of nobody", "MissingKey", "", "82" + _KIND + "a6636c61696d73" + _VERSION),
    (
        "claims with a count below zero",
        "InvalidField",
        "84a761646170746572a672756e6e6572" + _KIND + "a6636c61696d73ab6e756d5f73616d706c6573",
        "ff" + _VERSION,
    ),
    ("a part of nothing", "InvalidField", "", "82" + _KIND + "a470617274" + _VERSION),
)


# ---------------------------------------------------------------------- the file


def golden() -> dict[str, list[dict[str, object]]]:
    """The sections of format-1.json."""
    values: list[dict[str, object]] = [
        {"name": name, "bytes": encode(value).hex(), "value": rendered(value)}
        for name, value in plain_values().items()
    ]
    objects: list[dict[str, object]] = [
        {
            "name": name,
            "kind": value.KIND,
            "id": object_id(value).hex,
            "bytes": encode_object(value).hex(),
            "value": rendered(decode(encode_object(value))),
        }
        for name, value in (*example_objects().items(), *more_objects().items())
    ]
    invalid: dict[str, list[dict[str, object]]] = {
        what: [
            {"name": name, "error": error, "offset": len(before) // 2, "bytes": before + rest}
            for name, error, before, rest in table
        ]
        for what, table in (("invalid_values", INVALID_VALUES), ("invalid_objects", INVALID_OBJECTS))
    }
    return {"values": values, "objects": objects, **invalid}


def golden_text() -> str:
    """format-1.json as it is stored: one vector a line."""
    parts = ['"format": "obs 1"']
    for key, vectors in golden().items():
        lines = ",\n".join("  " + json.dumps(vector) for vector in vectors)
        parts.append(f'"{key}": [\n{lines}\n ]')
    return "{" + ",\n ".join(parts) + "}\n"


def main() -> None:
    """Writes format-1.json and store/."""
    (HERE / "format-1.json").write_text(golden_text(), encoding="ascii")
    shutil.rmtree(HERE / "store", ignore_errors=True)
    for name, data in example_files().items():
        path = HERE / "store" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
