from . import io as io

__version__: str
