"""A file and its bytes' digests in one pass, and what the pass costs in memory and modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest
from blake3 import blake3
from obs.cas.errors import OperatingSystemRefused
from obs.cas.observe.files import open_regular
from obs.cas.observe.tables.content import TableContent, Unavailable
from obs.cas.observe.tables.csvfiles import read_csv
from obs.cas.observe.tables.streams import FileStream

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n" + b"1,2\n" * 500_000,
        b"a,b\n1,2,3\n" + b"1,2\n" * 500_000,
        b'a\n"' + b"x\n" * 3_000_000 + b'"\n',  # read twice: the first blocks are too small for it
        b"a\n\xff" + b"1\n" * 1_500_000,
        b"",
    ],
    ids=["content", "ragged", "a long row", "not UTF-8", "empty"],
)
def test_every_byte_goes_to_the_hashers_once(data: bytes, threads: int, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    hasher, told = blake3(), [0]

    def progress(count: int) -> None:
        told[0] += count

    with open_regular(str(path)) as opened:
        stream = FileStream(opened, [hasher.update], progress)
        found = read_csv(stream, delimiter=",", threads=threads)
    assert isinstance(found, TableContent | Unavailable)
    assert (stream.size, told[0]) == (len(data), len(data))
    assert hasher.digest() == blake3(data).digest()


class SlowStream(FileStream):
    """Others get their turn in the middle of every read."""

    reading = False
    overlapped = False

    def read(self, size: int) -> bytes:
        self.overlapped |= self.reading
        self.reading = True
        sleep(0.02)
        data = super().read(size)
        self.reading = False
        return data


def test_a_reader_that_has_given_up_reads_no_further(tmp_path: Path) -> None:
    data = b'a\n"' + b"x\n" * 3_000_000 + b'"\n'
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    hasher = blake3()
    with open_regular(str(path)) as opened:
        stream = SlowStream(opened, [hasher.update])
        assert isinstance(read_csv(stream, delimiter=","), TableContent)
    assert not stream.overlapped
    assert hasher.digest() == blake3(data).digest()


def test_a_read_that_fails_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"a\n1\n")
    opened = open_regular(str(path))
    with opened:
        stream = FileStream(opened)
    with pytest.raises(OperatingSystemRefused):
        read_csv(stream, delimiter=",")


PROGRAM = """
import sys
from obs.cas.observe.files import open_regular
from obs.cas.observe.tables.csvfiles import read_csv
from obs.cas.observe.tables.streams import FileStream
with open_regular(sys.argv[1]) as opened:
    found = read_csv(FileStream(opened), delimiter=",", threads=2)
# Not ru_maxrss, which a program takes over from the one that starts it.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(found.rows, "pandas" in sys.modules, status["VmHWM"].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_memory_does_not_grow_with_the_rows_and_pandas_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    row = "1234567,0.12345678901,a text of some length,2024-01-01T00:00:00,true\n" * 1000
    with open(path, "w", encoding="utf-8") as file:
        file.write("a,b,c,d,e\n")
        file.writelines(row for _ in range(2000))
    code = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / ".pythonpath")},
    )
    rows, pandas, peak = code.stdout.split()
    assert (rows, pandas) == ("2000000", "False")
    assert int(peak) << 10 < 400 << 20
