"""Files of skops that are broken or mean harm: what they name is told; nothing runs, hangs, fills memory."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import skops.io
from modelfiles import PATIENT, Scratch, codes, graph_of, names
from obs.cas.format.frozen import replace
from obs.cas.observe.pickles import skopsvalues
from obs.cas.observe.pickles.budget import Budget
from obs.cas.observe.pickles.components import is_object
from obs.cas.observe.pickles.limits import Limits
from obs.cas.observe.pickles.nodes import Call, Dict, List, class_of
from obs.cas.observe.pickles.schema import is_list, is_map
from obs.cas.observe.pickles.summary import summarise
from obs.cas.observe.pickles.values import attributes
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skopsfiles import archive_of, dict_of, list_of, plain, state_of

SOAK = max(1, int(os.environ.get("OBS_SOAK", "100")) // 100)


@pytest.fixture(scope="module")
def models() -> list[Any]:
    data = np.random.default_rng(0).normal(size=(30, 3))
    labels = (data[:, 0] > 0).astype(int)
    return [
        make_pipeline(StandardScaler(), LogisticRegression()).fit(data, labels),
        {"a": DecisionTreeClassifier(max_depth=2).fit(data, labels), "b": scipy.sparse.eye(4).tocsr()},
        [
            np.array([["a", None]], object),
            np.random.default_rng(0),
            {1: (2.5, {3})},
            slice(1, 2),
            b"abc",
            np.log,
        ],
    ]


def told(data: bytes, limits: Limits = PATIENT) -> dict[str, Any]:
    """What `obs inspect` would print; as JSON, to see that it can be."""
    graph = graph_of(data, limits)
    assert graph.complete or graph.problems
    assert not graph.timed_out
    found: dict[str, Any] = json.loads(json.dumps(summarise(graph)))
    return found


# ------------------------------------------------------------------ the archive


def test_what_is_no_file_of_skops_is_a_zip() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(1))
        archive.writestr("archive/schema.json", json.dumps(plain(1)))
    for data in (file.getvalue(), archive_of({"type": "object"}), archive_of([1]), archive_of("null")):
        graph = graph_of(data)
        assert (graph.format.container, graph.complete, codes(graph)) == ("zip", False, ["OTHER_FORMAT"])
        assert graph.globals == ()


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ("", "SCHEMA"),
        ("{", "SCHEMA"),
        ("{} {}", "SCHEMA"),
        (b"\xff\xfe{\0}\0", "SCHEMA"),
        ("1" * 5000, "SCHEMA"),
        ("[" * 501 + "]" * 501, "SCHEMA_LEVELS"),
        ("[" * 1_000_000, "SCHEMA_LEVELS"),
        ('{"a":' * 100_000, "SCHEMA_LEVELS"),
        ("[" + "{}," * 1_000_000 + "1]", "MEMORY"),
        ("[" + '"' * 1_000_000, "SCHEMA"),
        ("[" * 501 + r"\"" * 1_000_000, "SCHEMA_LEVELS"),
        (" " * ((64 << 20) + 1), "SCHEMA_BYTES"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_read(schema: Any, code: str) -> None:
    graph = graph_of(archive_of(schema, compression=zipfile.ZIP_DEFLATED))
    assert (graph.format.container, graph.complete, codes(graph)) == ("skops", False, [code])


def test_a_level_is_counted_outside_of_texts_only() -> None:
    state = plain("[" * 400 + '"\\' + "[" * 400)
    assert graph_of(archive_of(json.dumps(state) + " " * 10)).complete
    deep = state_of("JsonNode", "builtins.str", content="[" * 1000)
    assert codes(graph_of(archive_of(list_of(deep, plain(1))))) == ["SCHEMA_LEVELS"]


def test_a_schema_that_asks_for_memory_gets_none() -> None:
    data = archive_of("[" + "{}," * 5_000_000 + "1]", compression=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    assert codes(graph_of(data)) == ["MEMORY"]
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_an_archive_that_is_cut_off_anywhere_is_incomplete(models: list[Any]) -> None:
    data = skops.io.dumps(models[0])
    scratch = Scratch()
    for end in [*range(0, len(data), 37), *range(len(data) - 80, len(data))]:
        graph = scratch.graph(data[:end])
        assert not graph.complete, end
        assert graph.format.container in {"zip", None}
    scratch.close()


def patched(data: bytes, name: str, place: int, layout: str, value: int) -> bytes:
    """An archive with another value at a place of the central entry of a member (APPNOTE.TXT 4.3.12)."""
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))
    changed = bytearray(data)
    struct.pack_into(layout, changed, entry + place, value)
    return bytes(changed)


FLAGS, METHOD, PACKED, SIZE, OFFSET = (8, "<H"), (10, "<H"), (20, "<L"), (24, "<L"), (42, "<L")


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (FLAGS, 1, "ENCRYPTED"),
        (METHOD, 14, "COMPRESSION"),
        (METHOD, 99, "COMPRESSION"),
        (METHOD, 8, "NPY"),
        (PACKED, 2**31, "MEMBER_SIZE"),
        (SIZE, 10, "MEMBER_SIZE"),
        (SIZE, 2**31, "MEMBER_SIZE"),
        (OFFSET, 5, "MEMBER"),
        (OFFSET, 2**31, "MEMBER"),
    ],
)  # fmt: skip
def test_a_member_that_is_not_what_the_archive_says(place: tuple[int, str], value: int, code: str) -> None:
    array = state_of("NdArrayNode", "numpy.ndarray", type="numpy", file="a.npy")
    file = io.BytesIO()
    np.save(file, np.ones(40))
    data = archive_of(list_of(array, plain("rest")), {"a.npy": file.getvalue()})
    assert graph_of(data).complete
    graph = graph_of(patched(data, "a.npy", *place, value))
    assert codes(graph) == [code]
    (root,) = graph.roots
    assert isinstance(root, List)
    assert root[1] == "rest"
    assert not graph_of(patched(data, "schema.json", *place, value)).complete


def test_a_member_that_expands_further_than_it_says() -> None:
    data = archive_of("{" + " " * 1_000_000, compression=zipfile.ZIP_DEFLATED)
    assert codes(graph_of(patched(data, "schema.json", *SIZE, 100))) == ["SCHEMA"]
    assert codes(graph_of(patched(data, "schema.json", *SIZE, 2_000_000))) == ["TRUNCATED"]


def test_names_of_members_lead_nowhere() -> None:
    file = io.BytesIO()
    np.save(file, np.arange(3))
    name = "../../../../etc/passwd"
    array = state_of("NdArrayNode", "numpy.ndarray", type="numpy", file=name)
    assert codes(graph_of(archive_of(array))) == ["MEMBER"]
    assert graph_of(archive_of(array, {name: file.getvalue()})).complete


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_members_of_one_name_the_last_counts_as_for_skops() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", json.dumps(plain("first")))
        archive.writestr("schema.json", json.dumps(plain("last")))
    graph = graph_of(file.getvalue())
    assert (graph.roots, codes(graph), graph.complete) == (("last",), ["REPEATED_MEMBER"], False)
    assert skops.io.loads(file.getvalue()) == "last"


def test_a_list_of_members_that_is_too_long() -> None:
    data = archive_of(plain(1), {f"{number}.npy": b"" for number in range(200)})
    limits = replace(PATIENT, directory_bytes=5000)
    graph = graph_of(data, limits)
    assert (graph.format.container, codes(graph)[0]) == ("zip", "ZIP_DIRECTORY")
    # A hole of 4 GiB, of which the end says that it is the list of members.
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 2, 4, 0)
    descriptor = os.memfd_create("hole")
    os.pwrite(descriptor, b"PK\x03\x04", 0)
    os.pwrite(descriptor, end, 2**32 + 2)
    from obs.cas.observe.files import OpenedFile
    from obs.cas.observe.pickles.containers import read_model

    with OpenedFile("hole", descriptor, os.fstat(descriptor)) as opened:
        assert codes(read_model(opened))[0] == "ZIP_DIRECTORY"


# ------------------------------------------------------------------ the schema


def test_what_would_run_is_named_and_does_not_run() -> None:
    call = state_of(
        "ConstructorFromReduceNode",
        "posix.mkdir",
        content=state_of("TupleNode", "builtins.tuple", content=[plain("mark")]),
    )
    method = state_of("MethodNode", "a.B", content={"func": "system", "obj": state_of("ObjectNode", "a.B")})
    states = [
        call,
        method,
        state_of("FunctionNode", "os.system"),
        state_of("TypeNode", "builtins.eval"),
        state_of("OperatorFuncNode", "operator.methodcaller", attrs=call),
        state_of("JsonNode", "subprocess.Popen", content="1"),
    ]
    graph = graph_of(archive_of(list_of(*states)))
    assert graph.complete
    graded = {
        f"{row['module']}.{row['name']}": row["grade"]
        for row in told(archive_of(list_of(*states)))["globals"]
    }
    assert graded == {
        "posix.mkdir": "dangerous", "a.B": "unknown", "a.B.system": "unknown", "os.system": "dangerous",
        "builtins.eval": "dangerous", "operator.methodcaller": "dangerous", "subprocess.Popen": "dangerous",
        "builtins.list": "known", "builtins.str": "known", "builtins.tuple": "known",
    }  # fmt: skip


def test_an_unknown_loader_is_a_problem_and_the_rest_is_told() -> None:
    unknown = state_of("NewNode", "a.B", content=dict_of(inner=state_of("TypeNode", "c.D")))
    graph = graph_of(archive_of(list_of(unknown, plain("rest"))))
    assert (graph.complete, codes(graph)) == (False, ["LOADER"])
    assert {("a", "B"), ("c", "D")} <= set(names(graph))
    (root,) = graph.roots
    assert isinstance(root, List)
    assert is_object(root[0], Budget())
    assert root[1] == "rest"


def test_keys_that_stand_twice() -> None:
    text = json.dumps(plain("last")).replace('"__loader__"', '"content": "1", "__loader__"')
    graph = graph_of(archive_of(text))
    assert (graph.roots, codes(graph), graph.complete) == (("last",), ["REPEATED_KEY"], False)
    assert skops.io.loads(archive_of(text)) == "last"


def test_a_value_that_holds_itself() -> None:
    state = list_of(list_of(list_of() | {"__id__": 5}) | {"__id__": 5}, plain("rest"))
    graph = graph_of(archive_of(state))
    assert codes(graph) == ["CYCLE"]
    (root,) = graph.roots
    assert isinstance(root, List)
    assert root[1] == "rest"


def test_an_id_that_came_before_hides_what_stands_there_as_for_skops() -> None:
    state = list_of(plain(1) | {"__id__": 5}, state_of("TypeNode", "os.system") | {"__id__": 5})
    graph = graph_of(archive_of(state))
    assert graph.complete
    assert ("os", "system") not in names(graph)
    assert skops.io.get_untrusted_types(data=archive_of(state)) == []
    assert codes(graph_of(archive_of(list_of(plain(1) | {"__id__": "5"})))) == ["SCHEMA_VALUE"]


@pytest.mark.parametrize("protocol", [3, -1, True, None, "2", 10**30])
def test_a_protocol_that_nobody_knows(protocol: Any) -> None:
    found = told(archive_of(plain(1) | {"protocol": protocol}))
    assert [problem["code"] for problem in found["problems"]] == ["PROTOCOL"]
    assert found["format"]["protocol"] == (3 if protocol == 3 else None)


def test_limits_end_the_walk_and_what_came_before_is_told(models: list[Any]) -> None:
    data = skops.io.dumps(models[0])
    whole = summarise(graph_of(data))
    most = 0
    for most in (1, 5, 20, 40, 70):
        graph = graph_of(data, replace(PATIENT, opcodes=most))
        assert (codes(graph), graph.complete, graph.timed_out) == (["OPCODES"], False, False)
        cls = class_of(graph.roots[0])
        assert cls is not None
        assert cls.name == "Pipeline"
    part = summarise(graph_of(data, replace(PATIENT, opcodes=most)))
    assert part["pipeline_steps"] == whole["pipeline_steps"]
    assert part["arrays"] != whole["arrays"]
    late = graph_of(skops.io.dumps(list(range(1000))), replace(PATIENT, seconds=-1))
    assert (codes(late), late.complete, late.timed_out) == (["TIME"], False, True)


def test_rows_that_are_one_list_take_no_memory() -> None:
    row = list_of(*[plain(1)] * 20_000) | {"__id__": 9}
    rows = [row, *[{"__id__": 9, "__loader__": "ListNode"}] * 20_000]
    shape = state_of("TupleNode", "builtins.tuple", content=[plain(20_001), plain(20_000)])
    state = state_of("NdArrayNode", "numpy.ndarray", type="json", content=rows, shape=shape)
    assert codes(graph_of(archive_of(state))) == ["MEMORY"]


def test_values_of_many_digits_or_characters() -> None:
    found = told(
        archive_of(list_of(plain(10**4000), plain("x" * 10**6), plain("\ud800"), plain(float("nan"))))
    )
    assert found["complete"]
    root = graph_of(archive_of(dict_of(**{"k" * 10**6: plain(1)}))).roots[0]
    assert isinstance(root, Dict)
    assert root.get("k" * 10**6) is None


def test_names_that_are_too_long_are_none() -> None:
    graph = graph_of(archive_of(state_of("TypeNode", "a." + "b" * 10**6)))
    assert [found.dynamic for found in graph.globals] == [True]
    assert len(graph.globals[0].name) == 1024


JUNK: list[Any] = [None, 1, True, "x", [], {}, [1], {"a": 1}, {"__loader__": 1}, {"__loader__": "ListNode"}]
LOADERS = [*sorted(skopsvalues.LOADERS), "CachedNode"]


@pytest.mark.parametrize("loader", LOADERS)
def test_fields_of_other_types(loader: str) -> None:
    inner = ["func", "obj", "main", "data", "bit_generator", "default_factory", "args", "start", "mask"]
    contents = [*JUNK, *(dict.fromkeys(inner, junk) for junk in JUNK), {name: plain(1) for name in inner}]
    for content in contents:
        for more in JUNK[:1] + JUNK[5:8]:
            fields = dict.fromkeys(("key_types", "shape", "attrs", "__reduce__", "file"), more)
            for kind in ("numpy", "json"):
                state = state_of(loader, content=content, type=kind, **fields)
                root = graph_of(archive_of(list_of(state, plain("rest")))).roots[0]
                assert isinstance(root, List)
                assert root[1] == "rest"


@pytest.mark.parametrize("field", ["__class__", "__module__", "__loader__"])
@pytest.mark.parametrize("junk", [None, 1, [], {}])
def test_a_value_without_a_class(field: str, junk: Any) -> None:
    graph = graph_of(archive_of(list_of(state_of("ObjectNode") | {field: junk}, plain("rest"))))
    assert codes(graph) == ["SCHEMA_VALUE"]


# ------------------------------------------------------------------ arrays


def npy_of(header: str, data: bytes = b"", version: int = 1) -> bytes:
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00" + bytes(20),
        npy_of(""),
        npy_of("{"),
        npy_of("(" * 5000),
        npy_of("[('a'," * 1600),
        npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", bytes(23)),
        npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", bytes(25)),
        npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}"),
        npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': 3}", bytes(24)),
        npy_of("{'descr': '<f8', 'fortran_order': 1, 'shape': (3,)}", bytes(24)),
        npy_of("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", pickle.dumps([1, 2, 3])),
        npy_of("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        npy_of("{'descr': 'os.system', 'fortran_order': False, 'shape': ()}"),
        npy_of("{'descr': [" + "[" * 20 + "'<f8'" + "]" * 20 + "], 'fortran_order': False, 'shape': ()}"),
        npy_of("__import__('os').mkdir('mark')"),
        npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}" + " " * 10_000),
        npy_of(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'9' * 18}, {'9' * 18})}}"),
        npy_of(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'9' * 5000},)}}"),
    ],
)  # fmt: skip
def test_an_array_that_is_none(data: bytes) -> None:
    array = state_of("NdArrayNode", "numpy.ndarray", type="numpy", file="a")
    graph = graph_of(archive_of(list_of(array, plain("rest")), {"a": data}))
    assert (codes(graph), graph.complete) == (["NPY"], False)
    (root,) = graph.roots
    assert isinstance(root, List)
    assert list(root) == [None, "rest"]


def test_headers_of_every_version() -> None:
    for version in (1, 2, 3):
        header = "{'descr': [('naïve', '<f8')], 'fortran_order': True, 'shape': (3,)}"
        encoded = header.encode("latin-1" if version < 3 else "utf-8")
        data = b"\x93NUMPY" + bytes([version, 0]) + len(encoded).to_bytes(2 if version == 1 else 4, "little")
        state = state_of("NdArrayNode", "numpy.ndarray", type="numpy", file="a")
        found = told(archive_of(state, {"a": data + encoded + bytes(24)}))
        assert [row["dtype"] for row in found["arrays"]] == ["[('naïve', '<f8')]"]


def test_a_sparse_matrix_that_is_none() -> None:
    state = state_of("SparseMatrixNode", "scipy.sparse._csr.csr_matrix", type="scipy", file="a")
    file = io.BytesIO()
    np.savez(file, shape=np.array([2.5]), data=np.ones(3))
    for data in (b"", b"PK\x05\x06" + bytes(18), skops.io.dumps(1), file.getvalue()):
        assert codes(graph_of(archive_of(state, {"a": data})))[0] in {"ZIP", "NPY"}
    scipy.sparse.save_npz(file := io.BytesIO(), scipy.sparse.eye(5, format="csr"))
    packed = archive_of(state, {"a": file.getvalue()}, zipfile.ZIP_DEFLATED)
    assert graph_of(packed).complete
    assert codes(graph_of(packed, replace(PATIENT, member_bytes=100))) == ["MEMBER"]


# ------------------------------------------------------------------ damage


def test_random_damage(models: list[Any]) -> None:
    rng = random.Random(os.environ.get("OBS_FUZZ_SEED", "1"))
    bodies = [skops.io.dumps(model, compression=method) for model in models for method in (0, 8)]
    scratch = Scratch()
    for turn in range(3000 * SOAK):
        data = bytearray(rng.choice(bodies))
        for _ in range(rng.randint(1, 3)):
            at = rng.choice([rng.randrange(len(data)), len(data) - 1 - rng.randrange(min(len(data), 800))])
            match rng.randrange(3):
                case 0:
                    data[at] = rng.randrange(256)
                case 1:
                    del data[at : at + rng.randint(1, 8)]
                case _:
                    data[at:at] = rng.randbytes(rng.randint(1, 8))
        graph = scratch.graph(bytes(data))
        assert graph.complete or graph.problems
        if not turn % 4:
            json.dumps(summarise(graph))
    scratch.close()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a value of JSON: what holds it, and its key or number."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys: list[Any] = []
        if is_map(one):
            keys = list(one)
        elif is_list(one):
            keys = list(range(len(one)))
        found += [(one, key) for key in keys]
        waiting += [one[key] for key in keys]
    return found


def test_random_schemas(models: list[Any]) -> None:
    rng = random.Random(os.environ.get("OBS_FUZZ_SEED", "1"))
    bodies: list[tuple[str, dict[str, bytes]]] = []
    for model in models:
        with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
            members = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
            bodies.append((archive.read("schema.json").decode(), members))
    scratch = Scratch()
    for turn in range(400 * SOAK):
        text, members = rng.choice(bodies)
        schema = json.loads(text)
        found = places(schema)
        for _ in range(rng.randint(1, 4)):
            (holder, key), (other, its) = rng.choice(found), rng.choice(found)
            match rng.randrange(4):
                case 0:
                    holder[key] = rng.choice([*JUNK, *LOADERS])
                case 1:
                    holder[key] = (
                        json.loads(json.dumps(other[its])) if its in other or isinstance(its, int) else 1
                    )
                case 2 if is_map(holder):
                    holder.pop(key, None)
                case _:
                    holder[key] = rng.choice(list(members) or [0])
            found = places(schema)
        graph = scratch.graph(archive_of(schema, members))
        assert graph.complete or graph.problems
        if not turn % 2:
            json.dumps(summarise(graph))
    scratch.close()


def test_reading_imports_nothing_that_a_file_names(models: list[Any], tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(skops.io.dumps(models[1]))
    program = """
import sys
from obs.cas.operations.inspect import inspect_path
assert inspect_path(sys.argv[1]).complete
print(sorted({"pyarrow", "numpy", "scipy", "sklearn", "skops", "pickle"} & set(sys.modules)))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x")],
        env={"PYTHONPATH": str(Path(__file__).parents[3] / ".pythonpath")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout == "[]\n"


def test_no_learned_value_is_told() -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model.coef_[:] = 0.123456789
    data = skops.io.dumps(model)
    assert "0.1234" not in json.dumps(told(data))
    root = graph_of(data).roots[0]
    assert isinstance(root, Call)
    assert "coef_" in (attributes(root, Budget()) or {})
