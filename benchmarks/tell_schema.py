"""Tell what a table, a folder of part files, or a table that a store knows holds, by the function.

python tell_schema.py parts PATH JOBS      # one thread a job
python tell_schema.py known PATH TIMES     # the store in the current folder knows the file
python tell_schema.py read  PATH TIMES     # every byte, with two threads
"""

import sys
from typing import Final

from obs.cas.operations.schema import Schema, schema_path
from obs.cas.store.store import Store

_THREADS: Final = 2


def _tell(how: str, path: str, number: int) -> Schema:
    if how == "parts":
        return schema_path(path, label="label", jobs=number, threads=1)
    if how == "read":
        found = [schema_path(path, label="label", threads=_THREADS) for _ in range(number)]
    else:
        with Store.open(".obs") as store:
            found = [schema_path(path, label="label", store=store) for _ in range(number)]
    return found[-1]


if __name__ == "__main__":
    sys.exit(_tell(sys.argv[1], sys.argv[2], int(sys.argv[3])).exit_code)
