# Only what the tests call: a cluster on this machine.
from collections.abc import Callable
from typing import Any, Self, TypeVar

_R = TypeVar("_R")

class LocalCluster:
    def __init__(
        self,
        n_workers: int | None = None,
        threads_per_worker: int | None = None,
        processes: bool | None = None,
        host: str | None = None,
        dashboard_address: str | None = ":8787",
        **options: Any,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *details: object) -> None: ...

class Client:
    def __init__(self, address: Any = None, **options: Any) -> None: ...
    # On every worker: what the function gives, by the worker's address.
    def run(self, function: Callable[..., _R], *arguments: Any, **options: Any) -> dict[str, _R]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *details: object) -> None: ...

def __getattr__(name: str) -> Any: ...
