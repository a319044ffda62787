"""Load a data frame, and digest it so many times: loading it costs both sides of a comparison the same.

python digest_frame.py obs|pandas|mlflow data.parquet TIMES      # mlflow: in MLflow's environment
"""

import sys
from collections.abc import Callable

import pandas as pd  # type: ignore[import-untyped, unused-ignore]  # only `dev` has its stubs


def _digest(name: str) -> Callable[[pd.DataFrame], object]:
    if name == "obs":
        import obs

        return obs.fingerprint
    if name == "pandas":
        return pd.util.hash_pandas_object
    from mlflow.data.digest_utils import (  # type: ignore[import-not-found, unused-ignore]  # see mlflow_record.py
        compute_pandas_digest,
    )

    digest: Callable[[pd.DataFrame], object] = compute_pandas_digest
    return digest


if __name__ == "__main__":
    frame = pd.read_parquet(sys.argv[2])
    digest = _digest(sys.argv[1])
    for _ in range(int(sys.argv[3])):
        digest(frame)
