"""Read the content of one table, once, with so many threads; no digest of the file's bytes is made.

python read_table.py obs     data.csv|data.parquet THREADS
python read_table.py pyarrow data.csv|data.parquet THREADS    # plainly, into typed columns
"""

import sys


def read_with_obs(path: str, threads: int) -> None:
    from obs.cas.observe.files import open_regular
    from obs.cas.observe.tables.content import TableContent
    from obs.cas.observe.tables.reading import read_table

    if path.endswith(".parquet"):
        # Not by `read_table`, which then reads all bytes once more for their digests.
        from obs.cas.observe.tables.arrowfiles import read_parquet

        with open_regular(path) as opened:
            content = read_parquet(opened, label="label", threads=threads)
    else:
        with open_regular(path) as opened:
            content = read_table(opened, label="label", threads=threads)
    if not isinstance(content, TableContent):
        sys.exit(f"obs cannot read it: {content}")


def read_with_pyarrow(path: str, threads: int) -> None:
    import pyarrow as pa

    pa.set_cpu_count(threads)
    if path.endswith(".parquet"):
        import pyarrow.parquet as pq

        pq.read_table(path, use_threads=threads > 1)
    else:
        from pyarrow import csv

        csv.read_csv(path, csv.ReadOptions(use_threads=threads > 1))


if __name__ == "__main__":
    {"obs": read_with_obs, "pyarrow": read_with_pyarrow}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
