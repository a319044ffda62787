"""Search MLflow's database for the newest twenty runs with a metric above a bound; make it first if need be.

python mlflow_search.py DATABASE RUNS      # in MLflow's environment
"""

import os
import random
import sys
import time

from mlflow.entities import Metric, Param  # type: ignore[import-not-found, unused-ignore]  # see mlflow_record.py
from mlflow.tracking import MlflowClient  # type: ignore[import-not-found, unused-ignore]  # the same

path, count = sys.argv[1], int(sys.argv[2])
whole = os.path.exists(path)
making = path if whole else f"{path}.part"
client = MlflowClient(f"sqlite:///{making}")
experiment = client.get_experiment_by_name("history")
identity = experiment.experiment_id if experiment is not None else client.create_experiment("history")
if not whole:
    choose = random.Random(0)
    for number in range(count):
        run = client.create_run(identity)
        now = int(time.time() * 1000)
        metrics = [
            Metric("accuracy", 1 - choose.expovariate(12), now, 0),
            Metric("loss", choose.expovariate(2), now, 0),
            Metric("num_samples", choose.randrange(100_000), now, 0),
            Metric("num_features", choose.randrange(200), now, 0),
        ]
        params = [Param("depth", str(choose.randrange(1, 12))), Param("seed", str(number))]
        client.log_batch(run.info.run_id, metrics=metrics, params=params)
        client.set_terminated(run.info.run_id)
    os.rename(making, path)
    sys.exit()
found = client.search_runs([identity], "metrics.accuracy > 0.99", max_results=20)
if not found:
    sys.exit("nothing was found")
