"""Provenance for machine-learning runs: what was trained, from which bytes, with which result.

`obs` records finished runs in a `.obs/` folder, the way git keeps sources in `.git/`: content-addressed
objects, and manifests that link them into a hash chain. The command is `obs`; the same verbs from Python:

    import obs

    store = obs.Store.open("experiments")
    store.record(data="train.csv", label="diagnosis", model="model.pkl")

Nothing is imported until a name is used (PEP 562), so that `import obs` costs nothing.
"""

__version__ = "0.1.0"  # the only place: pyproject.toml reads it here

TYPE_CHECKING = False  # typing.TYPE_CHECKING without importing typing; type checkers know the name
if TYPE_CHECKING:
    from .cas.api import Store, diff, fingerprint, inspect, schema, verify_proof

__all__ = ["Store", "__version__", "diff", "fingerprint", "inspect", "schema", "verify_proof"]

# Public name -> the module, below this package, that defines it.
_PUBLIC = {
    "Store": ".cas.api",
    "diff": ".cas.api",
    "fingerprint": ".cas.api",
    "inspect": ".cas.api",
    "schema": ".cas.api",
    "verify_proof": ".cas.api",
}

if not TYPE_CHECKING:  # to a type checker this function would make every misspelt name a public one

    def __getattr__(name: str) -> object:
        """Import a public name the first time that it is asked for, and keep it.

        Raises:
            AttributeError: the name is not public.
        """
        if name not in _PUBLIC:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_PUBLIC[name], __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
