"""What a model really holds, in plain values: the truth that a view without loading is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


def ground_truth(thing: Any) -> dict[str, Any]:
    """What stands in a loaded model: `{"estimators": [...], "arrays": [...]}`, in plain values.

    Paths are as in Python, from the model: `.steps[0][1].scale_`, `['model'].coef_`. Something that is
    reached in several ways stands under the first, in the order of `vars` and of the containers.

    An estimator: `path`, `type`, `module`, `params` (its parameters' names, sorted, as
    `get_params(deep=False)` has them), `fitted` (names of attributes that end with `_`, sorted),
    `n_features_in`, `feature_names_in`, `classes` (None where no attribute holds them; plain values).

    An array: `path`, `dtype` (numpy's `dtype.str`; of a structured one a list of `[name, type, …]`), `shape`,
    `bytes`. The parts of a sparse matrix are arrays of their own.
    """
    estimators: list[dict[str, Any]] = []
    arrays: list[dict[str, Any]] = []
    for path, found in _walk(thing):
        if _is(found, np.ndarray):
            arrays.append(_array(path, found))
        elif _is(found, BaseEstimator):
            estimators.append(_estimator(path, found))
    return {"estimators": estimators, "arrays": arrays}


def _array(path: str, array: Any) -> dict[str, Any]:
    dtype = array.dtype.str if array.dtype.names is None else [list(field) for field in array.dtype.descr]
    return {"path": path, "dtype": dtype, "shape": list(array.shape), "bytes": array.nbytes}


def _estimator(path: str, estimator: Any) -> dict[str, Any]:
    attributes = estimator.__dict__
    return {
        "path": path,
        "type": type(estimator).__name__,
        "module": type(estimator).__module__,
        "params": sorted(estimator.get_params(deep=False)),
        "fitted": sorted(name for name in attributes if name.endswith("_") and not name.startswith("_")),
        "n_features_in": attributes.get("n_features_in_"),
        "feature_names_in": _plain(attributes.get("feature_names_in_")),
        "classes": _plain(attributes.get("classes_")),
    }


def _plain(found: Any) -> Any:
    if _is(found, np.ndarray, np.generic):
        return found.tolist()
    if _is(found, list):
        return [_plain(part) for part in found]
    return found


def _walk(thing: Any) -> Iterator[tuple[str, Any]]:
    """Every object that pickle would write, with its path, each once, parents first."""
    seen: dict[int, Any] = {}  # the objects are kept: an id is one object's only while it lives
    waiting: list[tuple[str, Any]] = [("", thing)]
    while waiting:
        path, found = waiting.pop()
        if id(found) in seen or _is(found, str, bytes, int, float, type(None), type):
            continue
        seen[id(found)] = found
        yield path, found
        waiting.extend(reversed(list(_parts(path, found))))


def _parts(path: str, found: Any) -> Iterator[tuple[str, Any]]:
    if _is(found, dict):
        for key, value in found.items():
            yield f"{path}[{key!r}]", value
    elif _is(found, list, tuple):
        for number, value in enumerate(found):
            yield f"{path}[{number}]", value
    elif _is(found, np.ndarray):
        if found.dtype == object:
            for number, value in enumerate(found.ravel().tolist()):
                yield f"{path}.flat[{number}]", value
    else:
        state = _state(found)
        if _is(state, dict):
            for name, value in state.items():
                yield f"{path}.{name}", value
        elif _is(state, tuple):
            for number, value in enumerate(state):
                yield f"{path}.__getstate__()[{number}]", value


def _state(found: Any) -> Any:
    """An object's attributes; of scikit-learn's Cython classes, which have none, what they give to pickle.

    Random generators are not looked into.
    """
    cls = found.__class__
    # Python 3.11 and later give every object a __getstate__, which for most says the same as vars.
    own = getattr(cls, "__getstate__", None) is not getattr(object, "__getstate__", None)
    if own and cls.__module__.startswith("sklearn.") and not _is(found, BaseEstimator):
        return found.__getstate__()
    return getattr(found, "__dict__", None)


def _is(found: Any, *kinds: type) -> bool:
    """`isinstance`, which leaves what it is asked about as Any: the libraries here have no types."""
    return isinstance(found, kinds)
