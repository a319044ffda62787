"""Which globals do real model files contain? Run by hand, in an environment with the libraries to ask.

    path/to/venv/bin/python tests/observe/pickles/collect_globals.py > /tmp/with-scikit-learn-1.5.json

Names of groups after it (`composed_samples boosted_samples`) ask for these only; all of them take minutes.

Every estimator of the installed scikit-learn (as it is made, and fitted to whatever data it accepts), and a
few hundred other objects of numpy, scipy, pandas, xgboost, lightgbm, catboost and the standard library, are
written in protocols 0, 2, 4 and 5 and through joblib, and read again by an unpickler that notes what it is
asked for. `make_known.py` merges the answers into `cas/observe/pickles/known_globals.py`.

This and the modules that it takes its samples from must run on Python 3.6, whose scikit-learn 0.20 wrote
files that are still about: hence no newer syntax in them, and every library is optional.
"""

# mypy: disable-error-code="misc"
# pyright: basic, reportTypeCommentUsage=false
# ruff: noqa: SIM905  # it must run on Python 3.6, and lists words as words

import json
import os
import platform
import sys
import warnings

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from observe.pickles import global_samples as other
from observe.pickles import sklearn_samples as learn
from observe.pickles.global_listing import Notes, library, listing

LIBRARIES = "sklearn numpy scipy pandas pyarrow joblib xgboost lightgbm catboost".split()

GROUPS = (
    other.standard,
    other.numpy_samples,
    other.scipy_samples,
    other.pandas_samples,
    learn.class_samples,
    learn.sklearn_samples,
    learn.composed_samples,
    other.boosted_samples,
)


def versions() -> "dict[str, str]":
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        module = library(name)
        if module is not None:
            found["scikit-learn" if name == "sklearn" else name] = str(module.__version__)
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    answer, sys.stdout = sys.stdout, sys.stderr  # old solvers print what they are doing
    notes = Notes()
    seen = 0
    for samples in GROUPS:
        if len(sys.argv) > 1 and samples.__name__ not in sys.argv[1:]:
            continue
        for label, thing in samples():
            if thing is not None:
                seen += 1
                listing(label, thing, notes)
    for label, reason in sorted(notes.failed.items()):
        print(label + ": " + reason, file=sys.stderr)
    document = {
        "versions": versions(),
        "samples": seen,
        "globals": [[module, name, label] for (module, name), label in sorted(notes.found.items())],
    }
    json.dump(document, answer, indent=1)


if __name__ == "__main__":
    main()
