"""A module that is imported when something of it is first asked for, whoever imports it."""

from __future__ import annotations

import _thread
import sys

_lock = _thread.allocate_lock()


def import_later(name: str) -> None:
    """Makes `import name` cost nothing until an attribute of the module is used.

    For a process of one's own, and for what a dependency imports without using it most of the time. Once
    Python has it (PEP 810, `sys.set_lazy_imports`) that is the way; importlib's LazyLoader imports a module
    as soon as a second one imports it too.
    """
    if name in sys.modules:
        return
    later = type(sys)(name)

    def attribute_of(attribute: str) -> object:
        from importlib import import_module

        with _lock:
            if sys.modules.get(name) is later:
                del sys.modules[name]
        return getattr(import_module(name), attribute)

    later.__dict__["__getattr__"] = attribute_of  # PEP 562
    sys.modules[name] = later
