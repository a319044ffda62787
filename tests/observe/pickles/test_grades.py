"""What a name in a pickle is graded as: by tables that must agree with each other and with real files."""

from __future__ import annotations

import _compat_pickle
import dis
import importlib
import io
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import modelzoo
import pytest
import sklearn.utils
from hypothesis import example, given
from hypothesis import strategies as st
from obs.cas.observe.pickles import dangerous_globals as dangers
from obs.cas.observe.pickles.grades import DOTTED, MODULE, NO_ENTRY, SCRIPT, Grade, danger_of, grade, is_known
from obs.cas.observe.pickles.known_globals import KNOWN
from observe.pickles import global_listing

KNOWN_NAMES = [(module, name) for module, names in KNOWN.items() for name in names.split()]


def read_globals(data: bytes) -> list[tuple[str, str]]:
    """What loading a pickle asks for."""
    found: list[tuple[str, str]] = []

    class Listing(pickle.Unpickler):
        def find_class(self, module_name: str, global_name: str, /) -> Any:
            found.append((module_name, global_name))
            return super().find_class(module_name, global_name)

    Listing(io.BytesIO(data)).load()
    return found


def estimators() -> list[tuple[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn imports its own deprecated modules
        for name in ("enable_iterative_imputer", "enable_halving_search_cv"):
            importlib.import_module(f"sklearn.experimental.{name}")
        found: list[tuple[str, Any]] = sklearn.utils.all_estimators()
    return found


class TestTables:
    def test_no_name_is_known_and_dangerous(self) -> None:
        assert [(*both, danger_of(*both)) for both in KNOWN_NAMES if danger_of(*both) is not None] == []

    def test_known_names_are_exact(self) -> None:
        assert [both for both in KNOWN_NAMES if "*" in both[0] + both[1] or "." in both[1]] == []

    def test_tables_are_sorted_and_name_nothing_twice(self) -> None:
        lists = [*KNOWN.values(), *dangers.MODULES.values()]
        lists += [names for modules in dangers.NAMES.values() for names in modules.values()]
        assert [names for names in lists if sorted(set(names.split())) != names.split()] == []
        assert list(KNOWN) == sorted(KNOWN)
        modules = [module for names in dangers.MODULES.values() for module in names.split()]
        assert len(modules) == len(set(modules))
        for modules_of in dangers.NAMES.values():
            assert list(modules_of) == sorted(modules_of)

    def test_reasons_can_follow_a_name(self) -> None:
        for reason in (*dangers.MODULES, *dangers.NAMES, NO_ENTRY, SCRIPT, DOTTED, MODULE):
            assert reason.split()[0] in {"can", "runs", "is", "was", "reaches"}
            assert not reason.endswith(".")

    @pytest.mark.parametrize(
        "word",
        [
            "eval",
            "exec",
            "compile",
            "open",
            "import",
            "system",
            "load",
            "loads",
            "getattr",
            "partial",
            "Popen",
        ],
    )
    def test_no_known_name_is_a_word_for_an_action(self, word: str) -> None:
        found = [both for both in KNOWN_NAMES if word in both[1].lower().strip("_").split("_")]
        assert found == ([("re", "_compile")] if word == "compile" else [])  # a regular expression

    def test_known_functions_neither_run_text_nor_import_nor_open(self) -> None:
        """Of what is installed: no known function, and no `__setstate__` of a known class, calls these."""
        functions = {"eval", "exec", "compile", "open", "__import__"}
        methods = {"import_module", "system", "Popen", "urlopen", "getLogger"}
        found: list[tuple[str, str, str]] = []
        for module, name in KNOWN_NAMES:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    named = getattr(importlib.import_module(module), name)
            except (ImportError, AttributeError):
                continue  # of another version
            for function in (named, getattr(named, "__setstate__", None), getattr(named, "__init__", None)):
                code = getattr(function, "__code__", None)
                for step in dis.get_instructions(code) if code is not None else ():
                    words = functions if step.opname == "LOAD_GLOBAL" else methods
                    if step.argval in words and step.opname in ("LOAD_GLOBAL", "LOAD_METHOD", "LOAD_ATTR"):
                        found.append((module, name, step.argval))
        assert found == []


class TestRealFiles:
    @pytest.mark.parametrize("name", modelzoo.ZOO)
    def test_a_model_holds_known_names(self, name: str) -> None:
        unknown = {
            (module, found, grade(module, found).reason)
            for protocol in range(6)
            for module, found in read_globals(pickle.dumps(modelzoo.model(name), protocol))
            if grade(module, found).grade != "known"
        }
        if name == "class_of_the_script":
            assert unknown == {("modelzoo_script", "Clip", NO_ENTRY)}
        elif name == "randomized_search":  # honest, and yet it holds what can do harm: a grade is no verdict
            assert {both[:2] for both in unknown} == {
                ("__builtin__", "getattr"),
                ("builtins", "getattr"),
                ("numpy", "vectorize"),
                ("scipy.stats._continuous_distns", "reciprocal_gen"),
                ("scipy.stats._continuous_distns", "uniform_gen"),
                ("scipy.stats._discrete_distns", "randint_gen"),
            }
        elif name == "hist_gradient_boosting_categories":
            assert unknown == {("functools", "partial", dangers.CALLS)}
        else:
            assert unknown == set()

    def test_joblib_names_its_wrapper_besides(self, tmp_path: Path) -> None:
        notes = global_listing.Notes()
        global_listing.listing("forest", modelzoo.model("forest"), notes)
        assert ("joblib.numpy_pickle", "NumpyArrayWrapper") in notes.found
        assert [both for both in notes.found if not is_known(*both)] == []
        assert notes.failed == {}

    @pytest.mark.parametrize(("name", "cls"), estimators(), ids=[name for name, _ in estimators()])
    def test_every_estimator_of_the_installed_scikit_learn_is_known(self, name: str, cls: Any) -> None:
        # A new release has a new class: see collect_globals.py, or add it to BY_HAND in make_known.py.
        assert is_known(cls.__module__, name)

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            ("sklearn.ensemble.forest", "RandomForestClassifier"),
            ("sklearn.linear_model.logistic", "LogisticRegression"),
            ("sklearn.preprocessing.data", "StandardScaler"),
            ("sklearn.tree.tree", "DecisionTreeClassifier"),
            ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
            ("sklearn.tree._tree", "Tree"),
            ("sklearn._loss._loss", "__pyx_unpickle_CyHalfMultinomialLoss"),
            ("_loss", "CyHalfMultinomialLoss"),
            ("_loss", "__pyx_unpickle_CyHalfMultinomialLoss"),
            ("sklearn.neighbors._dist_metrics", "EuclideanDistance"),
            ("sklearn.metrics._dist_metrics", "EuclideanDistance64"),
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("numpy.core.multiarray", "scalar"),
            ("numpy._core._multiarray_umath", "log1p"),  # numpy 2.0 and 2.1
            ("scipy.interpolate._bsplines", "_BSpline"),  # SciPy 1.18
            ("numpy.core.numeric", "_frombuffer"),
            ("numpy.random._pickle", "__randomstate_ctor"),
            ("numpy.ma.core", "_mareconstruct"),
            ("copy_reg", "_reconstructor"),
            ("copyreg", "_reconstructor"),
            ("_codecs", "encode"),
            ("pandas.core.frame", "DataFrame"),
            ("pandas", "DataFrame"),
            ("scipy.sparse.csr", "csr_matrix"),
            ("scipy.sparse._csr", "csr_matrix"),
            ("xgboost.sklearn", "XGBClassifier"),
            ("xgboost.core", "Booster"),
            ("lightgbm.sklearn", "LGBMClassifier"),
            ("lightgbm.basic", "Booster"),
            ("catboost.core", "CatBoostClassifier"),
        ],
    )
    def test_names_of_other_versions(self, module: str, name: str) -> None:
        assert grade(module, name) == Grade("known", None)


class TestDangers:
    @pytest.mark.parametrize(
        ("module", "name", "reason"),
        [
            ("os", "system", dangers.COMMANDS),
            ("posix", "system", dangers.COMMANDS),
            ("nt", "system", dangers.COMMANDS),
            ("os", "remove", dangers.COMMANDS),
            ("subprocess", "Popen", dangers.COMMANDS),
            ("commands", "getoutput", dangers.COMMANDS),
            ("pip", "main", dangers.COMMANDS),
            ("pip._internal", "main", dangers.COMMANDS),
            ("pty", "spawn", dangers.COMMANDS),
            ("numpy.f2py.crackfortran", "getlincoef", dangers.COMMANDS),
            ("builtins", "eval", dangers.CODE),
            ("__builtin__", "execfile", dangers.CODE),
            ("types", "FunctionType", dangers.CODE),
            ("types", "CodeType", dangers.CODE),
            ("runpy", "run_path", dangers.CODE),
            ("timeit", "timeit", dangers.CODE),
            ("cProfile", "run", dangers.CODE),
            ("pdb", "run", dangers.CODE),
            ("bdb", "Bdb.run", dangers.CODE),
            ("marshal", "loads", dangers.CODE),
            ("cloudpickle.cloudpickle", "_make_function", dangers.CODE),
            ("cloudpickle.cloudpickle", "subimport", dangers.CODE),
            ("cloudpickle.cloudpickle", "_builtin_type", dangers.CODE),
            ("joblib.externals.cloudpickle.cloudpickle", "_make_skeleton_class", dangers.CODE),
            ("numpy.testing._private.utils", "runstring", dangers.CODE),
            ("pandas", "eval", dangers.CODE),
            ("pandas.core.computation.eval", "eval", dangers.CODE),
            ("builtins", "__import__", dangers.IMPORTS),
            ("importlib", "import_module", dangers.IMPORTS),
            ("numpy.core", "_ufunc_reconstruct", dangers.IMPORTS),
            ("builtins", "getattr", dangers.ATTRIBUTES),
            ("__builtin__", "setattr", dangers.ATTRIBUTES),
            ("operator", "attrgetter", dangers.ATTRIBUTES),
            ("_operator", "methodcaller", dangers.ATTRIBUTES),
            ("functools", "partial", dangers.CALLS),
            ("builtins", "open", dangers.FILES),
            ("io", "open", dangers.FILES),
            ("_io", "FileIO", dangers.FILES),
            ("shutil", "rmtree", dangers.FILES),
            ("pathlib", "Path.unlink", dangers.FILES),
            ("pathlib", "PosixPath.unlink", dangers.FILES),
            ("pathlib._local", "Path.write_text", dangers.FILES),  # Python 3.13
            ("numpy", "memmap", dangers.FILES),
            ("joblib.memory", "Memory", dangers.FILES),
            ("socket", "socket", dangers.NETWORK),
            ("urllib.request", "urlopen", dangers.NETWORK),
            ("urllib2", "urlopen", dangers.NETWORK),
            ("requests", "get", dangers.NETWORK),
            ("http.client", "HTTPSConnection", dangers.NETWORK),
            ("ftplib", "FTP", dangers.NETWORK),
            ("smtplib", "SMTP", dangers.NETWORK),
            ("webbrowser", "open", dangers.NETWORK),
            ("asyncio.subprocess", "create_subprocess_shell", dangers.NETWORK),
            ("sklearn.datasets", "fetch_openml", dangers.NETWORK),
            ("pickle", "loads", dangers.UNPICKLES),
            ("_pickle", "load", dangers.UNPICKLES),
            ("joblib", "load", dangers.UNPICKLES),
            ("numpy", "load", dangers.UNPICKLES),
            ("torch", "load", dangers.UNPICKLES),
            ("pandas", "read_pickle", dangers.UNPICKLES),
            ("ctypes", "CDLL", dangers.NATIVE),
            ("multiprocessing.util", "spawnv_passfds", dangers.PROCESS),
            ("sys", "exit", dangers.INTERPRETER),
            ("builtins", "breakpoint", dangers.INTERPRETER),
            ("scipy.stats._continuous_distns", "norm_gen", dangers.STATE_CODE),
            ("scipy.stats._distn_infrastructure", "rv_continuous", dangers.STATE_CODE),
            # dotted names that lead elsewhere than they seem to
            ("sklearn.utils", "os.system", dangers.COMMANDS),
            ("sklearn.linear_model._logistic", "effective_n_jobs.os.system", dangers.COMMANDS),
            ("numpy", "testing._private.utils.runstring", dangers.CODE),
            ("joblib.numpy_pickle", "pickle.loads", dangers.UNPICKLES),
            ("sklearn.base", "BaseEstimator.__init__.__globals__", dangers.ATTRIBUTES),
            ("builtins", "object.__subclasses__", dangers.ATTRIBUTES),
            ("collections", "OrderedDict.fromkeys.__self__", dangers.ATTRIBUTES),
            ("builtins", "getattr.x", dangers.ATTRIBUTES),
            ("a", ".".join("b" * 1000), dangers.ATTRIBUTES),
            (".".join("a" * 1000), "b", dangers.ATTRIBUTES),
            ("sklearn.utils", "os", MODULE),
            ("sklearn", "utils.os", MODULE),
        ],
    )
    def test_reason(self, module: str, name: str, reason: str) -> None:
        assert grade(module, name) == Grade("dangerous", reason)

    def test_what_python_3_maps_an_old_name_to_is_no_more_dangerous_than_the_old_name(self) -> None:
        """Protocols 0 to 2 use Python 2's names, and loading translates them."""
        missed: list[tuple[str, str]] = []
        for (module, name), (new_module, new_name) in _compat_pickle.NAME_MAPPING.items():
            if danger_of(new_module, new_name) is not None and danger_of(module, name) is None:
                missed.append((module, name))
        for module, new in _compat_pickle.IMPORT_MAPPING.items():
            if danger_of(new, "anything") is not None and danger_of(module, "anything") is None:
                missed.append((module, new))
        assert missed == []

    def test_a_scipy_distribution_runs_the_text_in_its_state(self, tmp_path: Path) -> None:
        """Why these are called dangerous: shown in another process, with a text that does no harm."""
        marker = tmp_path / "marker"
        text = f"open({str(marker)!r}, 'w').close()\\ndef _parse_args(*a): 0\\n"
        text += "_parse_args_stats = _parse_args_rvs = _parse_args"
        # norm_gen, made by __new__ alone, and then BUILD with our state; no other name is in the file.
        module, name = b"scipy.stats._continuous_distns", b"norm_gen"
        state = pickle.dumps({"_parse_arg_template": text.encode().decode("unicode_escape")}, 2)[2:-1]
        data = b"\x80\x02c" + module + b"\n" + name + b"\n)\x81" + state + b"b."
        (tmp_path / "model.pkl").write_bytes(data)
        script = (
            "import pickle, sys\ntry:\n pickle.load(open(sys.argv[1], 'rb'))\nexcept AttributeError:\n pass"
        )
        subprocess.run([sys.executable, "-c", script, tmp_path / "model.pkl"], check=True, timeout=120)
        assert marker.exists()


class TestUnknown:
    @pytest.mark.parametrize(
        ("module", "name", "reason"),
        [
            ("__main__", "Clip", SCRIPT),
            ("__mp_main__", "Clip", SCRIPT),
            ("__main__", "Outer.Inner", SCRIPT),
            ("mypackage.models", "Net", NO_ENTRY),
            ("sklearn.linear_model._logistic", "logisticregression", NO_ENTRY),
            ("sklearn.linear_model._logistic ", "LogisticRegression", NO_ENTRY),
            ("sklearn.linear_model._logistic", "LogisticRegression ", NO_ENTRY),
            ("sklearn.linear_model._logistic", "", NO_ENTRY),
            ("builtins", "int float", NO_ENTRY),
            ("builtins", "type", "makes classes"),
            ("operator", "itemgetter", "takes items out of what it is given"),
            ("numpy", "vectorize", "wraps a function that it calls when it is called"),
            ("numpy", "trace", NO_ENTRY),
            ("", "", NO_ENTRY),
            ("osmium", "system", NO_ENTRY),
            ("sklearn.tree._tree", "Tree.predict", DOTTED),
            # a real file of RandomizedSearchCV has this one
            ("scipy.stats._discrete_distns", "randint_gen._entropy", DOTTED),
        ],
    )
    def test_reason(self, module: str, name: str, reason: str) -> None:
        assert grade(module, name) == Grade("unknown", reason)

    @given(st.text(), st.text())
    @example("os", "")
    @example("\ud800", "\udfff.x")
    @example(".", ".")
    @example("...", "......")
    def test_any_text_has_a_grade(self, module: str, name: str) -> None:
        found = grade(module, name)
        assert (found.grade == "known") == (found.reason is None)
        assert (found.grade == "known") == is_known(module, name)

    @given(st.sampled_from(KNOWN_NAMES), st.text(min_size=1))
    def test_a_known_name_with_something_added_is_not_known(self, both: tuple[str, str], more: str) -> None:
        module, name = both
        for longer in ((module, f"{name}.{more}"), (module, f"{name} {more}"), (f"{module} {more}", name)):
            assert grade(*longer).grade != "known"


def test_grading_loads_nothing() -> None:
    script = (
        "import sys; from obs.cas.observe.pickles.grades import grade; grade('sklearn.tree._tree', 'Tree');"
        " print([name for name in ('sklearn', 'numpy', 'pickle') if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(root / ".pythonpath")},
    )
    assert done.stdout == "[]\n"
