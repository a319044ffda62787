# scikit-learn is used by tests and by the example only, to make models. The estimators are Any.
from typing import Any

__version__: str

def __getattr__(name: str) -> Any: ...
