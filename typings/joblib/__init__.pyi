# Only what obs calls.
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

class Parallel:
    n_jobs: int
    def __init__(
        self,
        n_jobs: int | None = None,
        *,
        backend: str | None = None,
        return_as: str = "list",
        verbose: int = 0,
        timeout: float | None = None,
        pre_dispatch: int | str = "2 * n_jobs",
        batch_size: int | str = "auto",
        temp_folder: str | None = None,
        max_nbytes: int | str | None = "1M",
        mmap_mode: str | None = "r",
        prefer: str | None = None,
        require: str | None = None,
        **backend_kwargs: Any,
    ) -> None: ...
    # One list, in the order of the calls; a generator with return_as="generator".
    def __call__(self, iterable: Iterable[Any]) -> Any: ...
    def __enter__(self) -> Parallel: ...
    def __exit__(self, *details: object) -> None: ...

# What comes out is (function, args, kwargs), of no use but to Parallel.
def delayed(function: Callable[_P, _R]) -> Callable[_P, tuple[Any, ...]]: ...
def cpu_count(only_physical_cores: bool = False) -> int: ...
def effective_n_jobs(n_jobs: int = -1) -> int: ...
def parallel_config(backend: Any = ..., **options: Any) -> AbstractContextManager[Any]: ...
def dump(
    value: Any,
    filename: Any,
    compress: int | bool | str | tuple[str, int] = 0,
    protocol: int | None = None,
) -> list[str]: ...
def load(
    filename: Any, mmap_mode: str | None = None, ensure_native_byte_order: str | bool = "auto"
) -> Any: ...
def __getattr__(name: str) -> Any: ...
