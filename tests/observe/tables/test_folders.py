"""A folder of part files as one table: the same however it is read, and redone by hand."""

from __future__ import annotations

import importlib
import os
import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blake3 import blake3
from obs.cas.errors import FileChanged, FileMissing, WrongFileType
from obs.cas.observe.files import open_regular
from obs.cas.observe.tables import folders
from obs.cas.observe.tables.content import TableContent, Unavailable
from obs.cas.observe.tables.digests import Kind, schema_digest
from obs.cas.observe.tables.folders import FolderReading, read_folder_tables, split_pattern
from obs.cas.observe.tables.merging import FolderContent
from obs.cas.observe.tables.reading import read_table
from obs.cas.observe.trees import read_folder


def write(root: Path, files: dict[str, bytes]) -> str:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return str(root)


def content(path: str, **options: Any) -> FolderContent:
    found = read_folder_tables(path, **options).content
    assert isinstance(found, FolderContent), found
    return found


def table(path: Path | str, label: str | None = None) -> TableContent:
    with open_regular(str(path)) as opened:
        found = read_table(opened, label=label)
    assert isinstance(found, TableContent)
    return found


def part(first: int, rows: int = 40) -> bytes:
    lines = [
        f"{i},{i % 3},{'' if i % 11 == 0 else i / 4},{'yes' if i % 5 else 'no'}"
        for i in range(first, first + rows)
    ]
    return "\n".join(["id,n,x,y", *lines, ""]).encode()


PARTS = {f"part-{number:02}.csv": part(40 * number) for number in range(12)}
OTHERS = {
    "README": b"about",
    "_SUCCESS": b"",
    ".part-00.csv.crc": b"crc",
    "_metadata.csv": b"x,y\n1,2\n",
    "_temporary/part-99.csv": part(0),
    ".git/x.csv": b"a\n",
    "notes/model.pkl": b"\x80\x04.",
}


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return write(tmp_path / "data", {**PARTS, **OTHERS, "sub/part.csv": part(480), "sub.csv": part(520)})


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_BATCH_FILES", 3)


def test_digests_by_hand(folder: str) -> None:
    found = content(folder, label="y")
    # In byte order of the relative names: "sub.csv" is before "sub/part.csv".
    names = [*PARTS, "sub.csv", "sub/part.csv"]
    tables = [table(f"{folder}/{name}", "y") for name in names]
    count = struct.pack("<Q", len(names))
    assert found.table == blake3(b"obsF1" + count + b"".join(one.table for one in tables)).digest()
    for number, column in enumerate(found.columns):
        columns = [one.columns[number] for one in tables]
        assert column.value == blake3(b"obsD1" + count + b"".join(one.value for one in columns)).digest()
        assert (
            column.text == blake3(b"obsD1" + count + b"".join(one.text or b"?" for one in columns)).digest()
        )
        assert column.nulls == sum(one.nulls for one in columns)
    assert found.schema == schema_digest((column.kind, column.name) for column in found.columns)
    assert [(one.name, one.rows, one.table) for one in found.members] == [
        (name, one.rows, one.table) for name, one in zip(names, tables, strict=True)
    ]
    assert sorted(map(str, found.opaque)) == sorted(OTHERS)


def test_counts_are_those_of_one_file_with_all_rows(folder: str, tmp_path: Path) -> None:
    found = content(folder, label="y")
    (tmp_path / "all.csv").write_bytes(part(0, 40 * 14))
    whole = table(tmp_path / "all.csv", "y")
    assert (found.rows, found.rows_with_missing, found.label) == (
        whole.rows,
        whole.rows_with_missing,
        whole.label,
    )
    for column, other in zip(found.columns, whole.columns, strict=True):
        assert (column.kind, column.nulls) == (other.kind, other.nulls)
        assert (column.distinct, column.distinct_exact) == (other.distinct, other.distinct_exact)
        assert column.counts == other.counts


def test_more_distinct_values_than_are_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "a.csv": b"a\n" + b"".join(b"%d\n" % i for i in range(700)),
            "b.csv": b"a\n" + b"".join(b"%d\n" % i for i in range(600, 1100)),
        },
    )
    column = content(path).columns[0]
    assert (column.distinct, column.distinct_exact) == (1000, False)
    labelled = content(path, label="a")
    assert (labelled.columns[0].distinct, labelled.columns[0].distinct_exact) == (1100, True)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_the_same_however_it_is_read(folder: str, backend: str) -> None:
    expected = read_folder_tables(folder, label="y", jobs=1)
    assert isinstance(expected.content, FolderContent)
    assert [file.entry for file in expected.files] == [file.entry for file in read_folder(folder)]
    assert [file.stamp for file in expected.files] == [file.stamp for file in read_folder(folder)]
    with joblib.parallel_config(backend, n_jobs=2):
        assert read_folder_tables(folder, label="y") == expected
    if backend == "loky":  # its processes and threads would wait for more
        importlib.import_module("joblib.externals.loky").get_reusable_executor().shutdown(wait=True)
    assert read_folder_tables(folder, label="y", jobs=3, threads=2) == expected
    told: list[int] = []
    read_folder_tables(folder, jobs=2, progress=told.append)
    assert sum(told) == sum(file.entry.size for file in expected.files)


@pytest.mark.usefixtures("small_batches")
def test_an_engine_that_gives_all_results_at_the_end(folder: str) -> None:
    threading: Any = importlib.import_module("joblib._parallel_backends").ThreadingBackend
    facts = {"supports_return_generator": False, "supports_retrieve_callback": False}
    joblib.register_parallel_backend("all at once", type("AllAtOnce", (threading,), facts))
    with joblib.parallel_config("all at once", n_jobs=2):
        with pytest.raises(ValueError, match="return_as"):
            joblib.Parallel(return_as="generator")
        found = read_folder_tables(folder)
    assert found == read_folder_tables(folder, jobs=1)


def test_what_goes_over_the_wire_is_small(folder: str) -> None:
    files = [file for file in folders.list_files(folder, None, None) if file.part]
    asked = folders.Asked(None, None, 1)
    assert len(pickle.dumps((folder, files, asked))) < 100 * len(files) + 1000
    found = folders.read_batch(folder, files, asked)
    assert pickle.loads(pickle.dumps(found)).files == found.files
    # 2 digests a column, and those of the file and the table.
    assert len(pickle.dumps(found)) < len(files) * (12 * 32 + 400) + 40_000


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("part-07.csv", b"id,n,y,x\n1,2,3,4\n", "MIXED_SCHEMAS"),
        ("part-07.csv", b"id,n,x\n1,2,3\n", "MIXED_SCHEMAS"),
        ("part-03.jsonl", b'{"id":1}\n', "MIXED_SCHEMAS"),
        ("part-07.csv", b"id,n,x,y\n1,2\n", "RAGGED_ROW"),
        ("part-00.csv", b"", "EMPTY"),
        ("part-11.parquet", b"PAR1", "BAD_FILE"),
    ],
)
def test_one_part_that_does_not_fit(folder: str, name: str, data: bytes, code: str, jobs: int) -> None:
    write(Path(folder), {name: data})
    found = read_folder_tables(folder, jobs=jobs)
    assert isinstance(found.content, Unavailable)
    assert (found.content.code, found.content.file) == (code, name)
    assert [file.entry for file in found.files] == [file.entry for file in read_folder(folder)]


def test_kinds_that_differ(tmp_path: Path) -> None:
    """Null or k is k; two kinds are text, of which the distinct values are not known."""
    path = write(
        tmp_path, {"a.csv": b"n,m,t\n,1,x\n,2,y\n", "b.csv": b"n,m,t\n3,x,\n4,1,\n", "c.csv": b"n,m,t\n,,x\n"}
    )
    found = content(path, label="m")
    assert [column.kind for column in found.columns] == [Kind.NUMBER, Kind.TEXT, Kind.TEXT]
    assert [(column.distinct, column.distinct_exact) for column in found.columns] == [
        (2, True),
        (2, False),
        (2, True),
    ]
    assert found.label is not None
    assert (found.label.nulls, found.label.classes) == (1, None)


def test_formats_may_differ(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.csv": b"n,t\n1,x\n2,y\n", "b.jsonl": b'{"n":1.0,"t":"x"}\n'})
    pq.write_table(pa.table({"n": [2, None], "t": ["z", ""]}), tmp_path / "c.parquet")
    found = content(path)
    assert [(column.distinct, column.nulls) for column in found.columns] == [(2, 1), (4, 0)]
    assert found.columns[0].text is None
    assert found.columns[1].text is not None


def test_times_count_the_same_from_every_format(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.csv": b"t\n2024-01-01\n2024-01-01T00:00:00.5\n"})
    pq.write_table(pa.table({"t": pa.array([1704067200], pa.timestamp("s"))}), tmp_path / "c.parquet")
    assert content(path).columns[0].distinct == 2


def test_a_delimiter_and_a_pattern(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"x/part-0": b"a;b\n1;2\n", "x/part-1": b"a;b\n3;4\n", "x/README": b"?", "part-0": b"q"}
    )
    found = read_folder_tables(path, pattern="x/part-*", delimiter=";")
    assert isinstance(found.content, FolderContent)
    assert [file.entry.name for file in found.files] == ["x/part-0", "x/part-1"]
    assert found.content.rows == 2
    assert read_folder_tables(path, pattern="x/part-*").content is None


def test_no_tables(tmp_path: Path) -> None:
    assert read_folder_tables(str(tmp_path)) == FolderReading((), None)
    assert read_folder_tables(write(tmp_path, {"README": b"x"})).content is None


def test_paths_with_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd[1]").mkdir()
    assert split_pattern("data/part-*.csv") == ("data", "part-*.csv")
    assert split_pattern("/d/x=?/part.csv") == ("/d", "x=?/part.csv")
    assert split_pattern("*.csv") == (".", "*.csv")
    assert split_pattern("/*.csv") == ("/", "*.csv")
    assert split_pattern("odd[1]") == ("odd[1]", None)
    assert split_pattern("data.csv") == ("data.csv", None)


def test_a_symlink_is_refused(folder: str) -> None:
    (Path(folder) / "link.csv").symlink_to("/etc/passwd")
    with pytest.raises(WrongFileType):
        read_folder_tables(folder)


def test_what_a_pattern_leaves_out_may_be_anything(folder: str) -> None:
    beneath = Path(folder)
    (beneath / "x").mkdir()
    (beneath / "x" / "part-0.csv").write_bytes(b"a\n1\n")
    for name in ("link.csv", "x/link.csv"):
        (beneath / name).symlink_to("/etc/passwd")
    found = read_folder_tables(folder, pattern="x/part-*")
    assert [file.entry.name for file in found.files] == ["x/part-0.csv"]
    with pytest.raises(WrongFileType):
        read_folder_tables(folder, pattern="x/*")


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"1,2,3,yes\n")


def same_size(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"yes", b"yep", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_name("other.tmp")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", ["part-00.csv", "part-11.csv", "README"])
@pytest.mark.parametrize("change", [append, same_size, replace, Path.unlink])
def test_a_file_that_changes_between(
    folder: str, name: str, change: Callable[[Path], None], jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is read, or after: the first batch is done when another file is meddled with."""
    read, pending = folders.read_batch, [name]

    def meddling(*arguments: Any) -> Any:
        found = read(*arguments)
        if pending:
            change(Path(folder) / pending.pop())
        return found

    monkeypatch.setattr(folders, "read_batch", meddling)
    with pytest.raises((FileChanged, FileMissing)):
        read_folder_tables(folder, jobs=jobs)


def test_a_new_file_is_noticed(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = folders.read_batch

    def meddling(*arguments: Any) -> Any:
        write(Path(folder), {"zzz.csv": part(0)})
        return read(*arguments)

    monkeypatch.setattr(folders, "read_batch", meddling)
    with pytest.raises(FileChanged):
        read_folder_tables(folder)


def test_the_turns_of_threads_are_what_they_were(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.csv").write_text("a\n1\n")
    before = sys.getswitchinterval()
    assert read_folder_tables(str(tmp_path), jobs=2) == read_folder_tables(str(tmp_path), jobs=1)
    assert sys.getswitchinterval() == before
