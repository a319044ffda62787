"""`schema`, and what `record` keeps of a dataset's content: the same table, told by both."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import obs
import pandas as pd
import pytest
from obs.cas.errors import BadArgument, ContentUnreadable, FileMissing, LabelNotFound
from obs.cas.format.contents import Content, Member
from obs.cas.format.ids import ObjectId
from obs.cas.observe.files import open_regular
from obs.cas.operations.contentdiff import ColumnChange, Retyped, Rows, TableDiff, diff_tables
from obs.cas.operations.contents import ShownContent, stored_content
from obs.cas.operations.contentsides import (
    FolderDiff,
    diff_folders,
    diff_with_file,
    stored_members,
    stored_side,
)
from obs.cas.operations.requests import Named, RecordRequest
from obs.cas.operations.revisions import resolve
from obs.cas.operations.schema import Schema, schema_path
from obs.cas.operations.show import ShownRun, show
from obs.cas.store.store import Store
from obs.cli.render_schema import schema_lines
from smallruns import again, checked, make_store, record_run

TABLE = "age,city,y\n34,Ulm,a\n51,,b\n,Köln,a\n34,Ulm,a\n"


def write(folder: Path, text: str | bytes, name: str = "data.csv") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def codes(found: Schema) -> list[str]:
    return [one.code for one in found.diagnostics]


def request_of(path: str, label: str | None = "y") -> RecordRequest:
    return RecordRequest(
        obs_version="0", datasets=(Named(path=path),), label=label, cache=False, lock_timeout_seconds=30.0
    )


def content_of(store: str, revision: str = "HEAD") -> ShownContent | None:
    with Store.open(store) as opened:
        run = show(opened, resolve(opened, revision))
    assert isinstance(run, ShownRun)
    assert run.problems == ()
    return run.datasets[0].content


# ------------------------------------------------------------------------------------------ schema


def test_columns_kinds_missing_values_and_the_label(tmp_path: Path) -> None:
    found = schema_path(write(tmp_path, TABLE), label="y")
    assert found.columns == ("age", "city", "y")
    assert [(field.name, field.kind, field.nulls, field.distinct) for field in found.fields] == [
        ("age", "number", 1, 2),
        ("city", "text", 1, 2),
        ("y", "text", 0, 2),
    ]
    assert (found.num_rows, found.rows_with_missing, found.num_features_excluding_label) == (4, 2, 2)
    assert (found.label_present, found.label_missing) == (True, 0)
    assert [(one.name, one.rows) for one in found.classes or ()] == [(None, 3), (None, 1)]
    assert codes(found) == ["MISSING_VALUES_DROPPED"]
    assert found.diagnostics[0].details["columns"] == {"age": 1, "city": 1}
    assert found.exit_code == 0


def test_values_are_named_only_if_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)
    named = schema_path(path, label="y", values=True)
    assert [(one.name, one.rows) for one in named.classes or ()] == [("a", 3), ("b", 1)]
    assert "Ulm" not in repr(schema_path(path, label="city"))


def test_a_label_that_is_not_there_is_an_answer(tmp_path: Path) -> None:
    found = schema_path(write(tmp_path, TABLE), label="Y")
    assert (found.label_present, found.exit_code) == (False, 1)
    assert "LABEL_NOT_FOUND" in codes(found)
    (said,) = (one for one in found.diagnostics if one.code == "LABEL_NOT_FOUND")
    assert said.details == {"label": "Y", "columns": ["age", "city", "y"], "count": 3}


@pytest.mark.parametrize(
    ("text", "label", "code"),
    [
        ("x,y\n", "y", "ZERO_ROWS"),
        ("y\n1\n2\n", "y", "LABEL_ONLY_DATASET"),
        ("x,y\n,1\n,2\n", "y", "ZERO_FEATURES"),
        ("x,x,y\n1,2,3\n1,2,4\n", "y", "DUPLICATE_COLUMNS"),
        ("x,y\n1,a\n2,a\n", "y", "LABEL_SINGLE_CLASS"),
        ("x,y\n1,a\n2,\n3,b\n", "y", "LABEL_MISSING_VALUES"),
        ("x,y\n1,\n2,\n", "y", "LABEL_TYPE_INVALID"),
        ("x,y\n1,2020-01-01\n2,2020-01-02\n", "y", "LABEL_TYPE_INVALID"),
        ("x,y,y\n1,2,3\n1,2,4\n", "y", "LABEL_TYPE_INVALID"),
        ("x,y\n1,a\n,b\n", "y", "MISSING_VALUES_DROPPED"),
    ],
)
def test_what_is_odd(tmp_path: Path, text: str, label: str, code: str) -> None:
    assert code in codes(schema_path(write(tmp_path, text), label=label))


def test_a_sound_table_has_nothing_odd(tmp_path: Path) -> None:
    assert codes(schema_path(write(tmp_path, "x,y\n1,a\n2,b\n"), label="y")) == []


@pytest.mark.parametrize(
    "data", [b"x,y\n1,2,3\n", b"x,y\n1,\xff\n", b'x,y\n"1,2\n', b"", b"\xff\xfex\0"], ids=repr
)
def test_a_table_that_cannot_be_read_has_its_bytes(tmp_path: Path, data: bytes) -> None:
    from blake3 import blake3

    path = write(tmp_path, data)
    found = schema_path(path, label="y")
    assert found.exit_code == 5
    assert str(found.fingerprint_blake3) == blake3(data).hexdigest()
    assert (found.content_fingerprint, found.num_rows, found.fields) == (None, None, ())
    assert codes(found) == ["CONTENT_UNAVAILABLE"]
    assert found.label_present in {True, None}


def test_another_file_is_opaque_and_says_so(tmp_path: Path) -> None:
    found = schema_path(write(tmp_path, "x,y\n1,2\n", "data.bin"))
    assert found.exit_code == 5
    assert [(one.code, one.details) for one in found.diagnostics] == [
        ("CONTENT_UNAVAILABLE", {"reason": "OPAQUE_FORMAT"})
    ]
    asked = schema_path(write(tmp_path, "x;y\n1;2\n", "data.bin"), delimiter=";", label="y")
    assert (asked.exit_code, asked.columns) == (0, ("x", "y"))


def test_a_missing_file_is_one(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        schema_path(str(tmp_path / "no.csv"))


# ------------------------------------------------------------------------------------------ record


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    """Of a table that the stat cache is asked for, and of the file that spoils a folder."""
    store = make_store(str(tmp_path))
    table = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")
    Path(table).write_text("x,y\n" + "1,a\n2,b\n" * 20_000)
    os.utime(table, (1_000_000_000, 1_000_000_000))
    cached = again(request_of(table), cache=True, force=True)
    assert [record_run(store, cached).created for _ in range(2)] == [True, True]
    assert content_of(store) is not None
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, text in ((b"a.csv", "x,y\n1,a\n"), (b"\xfe.csv", "x,y\n1\n")):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(text)
    done = record_run(store, request_of(str(folder)))
    assert [found.details["file"] for found in done.diagnostics] == [b"\xfe.csv"]
    assert checked(store).problems == ()


def test_record_stores_what_schema_says(tmp_path: Path) -> None:
    store, path = make_store(str(tmp_path)), write(tmp_path, TABLE)
    record_run(store, request_of(path))
    kept, said = content_of(store), schema_path(path, label="y")
    assert kept is not None
    assert (kept.content_fingerprint, kept.schema_fingerprint) == (
        said.content_fingerprint,
        said.schema_fingerprint,
    )
    assert (kept.num_rows, kept.rows_with_missing, kept.fields) == (4, 2, said.fields)
    assert (kept.label, kept.label_missing, kept.classes) == ("y", 0, (3, 1))
    assert checked(store).problems == ()
    for folder, _, names in os.walk(store):
        for name in names:
            assert b"Ulm" not in Path(folder, name).read_bytes()


def test_looking_at_the_content_changes_no_run(tmp_path: Path) -> None:
    store, path = make_store(str(tmp_path)), write(tmp_path, TABLE)
    without = record_run(store, again(request_of(path), content=False))
    assert content_of(store) is None
    assert record_run(store, request_of(path)).run == without.run


def test_a_table_that_cannot_be_read_is_recorded_all_the_same(tmp_path: Path) -> None:
    store, path = make_store(str(tmp_path)), write(tmp_path, "x,y\n1,2\n1,2,3\n")
    done = record_run(store, request_of(path))
    assert [(one.code, one.details) for one in done.diagnostics] == [
        ("CONTENT_UNAVAILABLE", {"reason": "RAGGED_ROW", "role": "data", "row": 2})
    ]
    assert content_of(store) is None


def test_a_label_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    store, path = make_store(str(tmp_path)), write(tmp_path, TABLE)
    with pytest.raises(LabelNotFound):
        record_run(store, request_of(path, "Y"))
    done = record_run(store, again(request_of(path, "Y"), status="failed"))
    assert [one.code for one in done.diagnostics] == ["LABEL_NOT_FOUND"]


def test_a_wide_table_is_stored_in_parts(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    names = ",".join(f"c{number}" for number in range(2500))
    record_run(store, request_of(write(tmp_path, f"{names}\n{'1,' * 2499}1\n"), None))
    kept = content_of(store)
    assert kept is not None
    assert [field.name for field in kept.fields] == names.split(",")
    with Store.open(store) as opened:
        parts = opened.objects.get(Content, kept.id, "a test").column_parts
    assert len(parts) == 3
    assert checked(store).problems == ()


def test_a_damaged_part_or_blob_of_a_content_is_found(tmp_path: Path) -> None:
    store, path = make_store(str(tmp_path)), write(tmp_path, TABLE)
    record_run(store, request_of(path))
    kept = content_of(store)
    assert kept is not None
    with Store.open(store) as opened:
        blob = opened.objects.get(Content, kept.id, "a test").digests
        assert blob is not None
        whole = stored_side(opened, kept.id)
    place = Path(store, "blobs", blob.hex[:2], blob.hex[2:])
    place.chmod(0o600)
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    with Store.open(store) as opened:
        assert stored_side(opened, kept.id).digests is None
    assert [problem.id for problem in checked(store).problems] == [blob.hex]
    place.unlink()
    assert checked(store).problems == ()  # a blob may be absent
    assert whole.digests is not None


# -------------------------------------------------------------------------------------------- diff


def test_a_diff_of_two_recorded_tables(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    rows = [f"{number},{number % 7}" for number in range(70_000)]
    record_run(store, request_of(write(tmp_path, "\n".join(["x,z", *rows]) + "\n"), None))
    first = content_of(store)
    rows[66_000] = "-1,1"
    rows += [f"{number},0" for number in range(10)]
    record_run(store, request_of(write(tmp_path, "\n".join(["x,z", *rows]) + "\n"), None))
    second = content_of(store)
    assert first is not None
    assert second is not None
    with Store.open(store) as opened:
        found = diff_tables(stored_side(opened, first.id), stored_side(opened, second.id))
    assert (found.appended, found.removed) == (10, 0)
    assert [(change.name, change.rows) for change in found.changed] == [
        ("x", (Rows(65_537, 69_632),)),
        ("z", (Rows(65_537, 69_632),)),
    ]
    assert found.unknown == Rows(69_633, 70_000)  # the last page of the one is not a page of the other


def test_a_diff_of_folders() -> None:
    def member(name: str, table: int) -> Member:
        return Member(name=name, rows=1, table=ObjectId(bytes([table]) * 32))

    before = [member("a", 1), member("b", 2), member("c", 3), member("d", 4)]
    after = [member("a", 1), member("b", 9), member("e", 3), member("f", 5)]
    assert diff_folders(before, after) == FolderDiff(
        added=("f",), removed=("d",), renamed=(("c", "e"),), changed=("b",), identical=1
    )
    assert diff_folders(before, before).equal


# ------------------------------------------------------------------------------------ folders, frames


def parts_of(folder: Path, count: int = 3) -> Path:
    parts = folder / "parts"
    parts.mkdir()
    for number in range(count):
        (parts / f"{number}.csv").write_text(f"x,y\n{number},a\n,b\n")
    (parts / "_SUCCESS").write_bytes(b"")
    (parts / "README").write_text("not a table\n")
    return parts


def test_a_folder_of_part_files_is_one_table(tmp_path: Path) -> None:
    parts = parts_of(tmp_path)
    found = schema_path(str(parts), label="y", values=True)
    assert (found.exit_code, found.num_rows, found.rows_with_missing, found.tables) == (0, 6, 3, 3)
    assert [(field.name, field.kind, field.nulls, field.distinct) for field in found.fields] == [
        ("x", "number", 3, 3),
        ("y", "text", 0, 2),
    ]
    assert [(one.name, one.rows) for one in found.classes or ()] == [("a", 3), ("b", 3)]
    pattern = schema_path(f"{parts}/*.csv", label="y", jobs=2)
    assert pattern.content_fingerprint == found.content_fingerprint
    assert (found.fingerprint_blake3, found.fingerprint_sha256) == (None, None)
    with pytest.raises(FileMissing):
        schema_path(f"{parts}/*.parquet")


def test_a_folder_is_recorded_with_its_content_and_known_again(tmp_path: Path) -> None:
    store, parts = make_store(str(tmp_path)), parts_of(tmp_path)
    said = schema_path(str(parts), label="y")
    record_run(store, again(request_of(str(parts)), jobs=2))
    kept = content_of(store)
    assert kept is not None
    assert (kept.content_fingerprint, kept.tables, kept.classes) == (said.content_fingerprint, 3, (3, 3))
    assert checked(store).problems == ()
    with Store.open(store) as opened:
        members = list(stored_members(opened, stored_content(opened, kept.id)))
    assert [(member.name, member.rows) for member in members] == [("0.csv", 2), ("1.csv", 2), ("2.csv", 2)]
    again_kept = record_run(store, again(request_of(str(parts)), keep_data=True, force=True))
    assert again_kept.created
    assert content_of(store) == kept  # in two passes: the bytes are copied in the first


def test_tables_behind_many_other_files_are_found(tmp_path: Path) -> None:
    store, folder = make_store(str(tmp_path)), tmp_path / "many"
    folder.mkdir()
    for number in range(150):
        (folder / f"a{number:03}.bin").write_bytes(b"x")
    (folder / "z.csv").write_text("x,y\n1,a\n2,b\n")
    record_run(store, request_of(str(folder)))
    kept = content_of(store)
    assert kept is not None
    assert (kept.num_rows, kept.tables) == (2, 1)


def test_a_folder_of_mixed_schemas_has_no_content(tmp_path: Path) -> None:
    store, parts = make_store(str(tmp_path)), parts_of(tmp_path)
    (parts / "3.csv").write_text("x,z\n1,a\n")
    done = record_run(store, request_of(str(parts)))
    (found,) = done.diagnostics
    assert (found.code, found.details) == (
        "CONTENT_UNAVAILABLE",
        {"file": "3.csv", "reason": "MIXED_SCHEMAS", "role": "data"},
    )


def test_a_frame_has_the_content_of_its_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [34, None, 51], "city": ["Ulm", "Köln", None], "y": ["a", "b", "a"]})
    frame.to_csv(tmp_path / "frame.csv", index=False)
    before = frame.copy(deep=True)
    seen, read = obs.schema(frame, label="y"), obs.schema(tmp_path / "frame.csv", label="y")
    assert seen.content_fingerprint == read.content_fingerprint
    assert (seen.dataset_path, seen.fingerprint_blake3, seen.fields) == (None, None, read.fields)
    content = obs.fingerprint(frame)
    assert isinstance(content, Content)
    assert content.table == seen.content_fingerprint
    pd.testing.assert_frame_equal(frame, before)
    with pytest.raises(BadArgument):
        obs.schema(7)


@pytest.mark.parametrize(("label", "delimiter"), [("\udcff", None), ("y", "")])
def test_what_can_name_no_column_and_separate_no_cells_is_refused(
    tmp_path: Path, label: str, delimiter: str | None
) -> None:
    path = write(tmp_path, "a,y\n1,2\n")
    with pytest.raises(BadArgument):
        schema_path(path, label=label, delimiter=delimiter)


def test_more_jobs_than_files_are_as_many_as_there_are_files(tmp_path: Path) -> None:
    folder = str(parts_of(tmp_path))
    assert schema_path(folder, jobs=10**20) == schema_path(folder)


def test_a_folder_without_files_has_no_schema(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="holds no files"):
        schema_path(str(tmp_path))


def test_names_that_stand_there_more_than_once_are_counted(tmp_path: Path) -> None:
    for header, message in (
        ("a,a,b", "1 column name stands there more than once"),
        ("a,b,a,b", "2 column names stand there more than once"),
    ):
        found = schema_path(write(tmp_path, f"{header}\n{'1,' * header.count(',')}1\n"))
        assert [one.message for one in found.diagnostics if one.code == "DUPLICATE_COLUMNS"] == [message]


def test_an_unreadable_table_has_no_second_blank_line(tmp_path: Path) -> None:
    write(tmp_path, "a,b\n1\n")
    lines = list(schema_lines(schema_path(str(tmp_path)), color=False))
    assert lines[0] == str(tmp_path)
    assert "" not in {line for line, before in pairwise(lines) if before == ""}
    assert lines.count("") == 1


# ------------------------------------------------------------------------------------------ appended rows


def _appended(tmp_path: Path, before: str, after: str, name: str = "data.csv") -> TableDiff:
    """The diff of a recorded file with what it was made into."""
    store = make_store(str(tmp_path))
    path = write(tmp_path, before, name)
    record_run(store, request_of(path, None))
    content = content_of(store)
    assert content is not None
    with Store.open(store) as opened:
        side = stored_side(opened, content.id)
    write(tmp_path, after, name)
    with open_regular(path) as file:
        return diff_with_file(side, file)


def test_appended_rows_of_a_file_are_told_exactly(tmp_path: Path) -> None:
    before = "n,s\n" + "".join(f"{row},w{row % 7}\n" for row in range(70_000))
    found = _appended(tmp_path, before, before + "".join(f"{row},x\n" for row in range(50_000)))
    assert (found.appended, found.removed, found.unknown) == (50_000, 0, None)
    assert (found.changed, found.identical, found.columns_retyped) == ((), 2, ())


def test_a_change_before_appended_rows_is_told_by_its_page(tmp_path: Path) -> None:
    before = "n,s\n" + "".join(f"{row},w\n" for row in range(5000))
    after = before.replace("4999,w\n", "4999,v\n") + "more,w\n"
    found = _appended(tmp_path, before, after)
    assert found.changed == (ColumnChange(name="s", rows=(Rows(4097, 5000),)),)
    assert found.columns_retyped == (Retyped("n", "number", "text"),)
    assert (found.appended, found.unknown, found.identical) == (1, None, 0)


def test_a_column_that_only_appended_rows_have(tmp_path: Path) -> None:
    before = '{"a":1}\n{"a":2}\n'
    found = _appended(tmp_path, before, before + '{"a":3,"b":"x"}\n', "data.jsonl")
    assert (found.columns_added, found.appended, found.changed, found.identical) == (("b",), 1, (), 1)


def test_appended_to_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ContentUnreadable, match="RAGGED_ROW"):
        _appended(tmp_path, TABLE, TABLE + "1,2\n")
