"""What a name in a pickle is graded as: by tables that must agree with each other and with real files."""

from __future__ import annotations

import _compat_pickle
import importlib
import io
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import collect_globals
import joblib
import joblib.numpy_pickle
import modelzoo
import numpy as np
import pytest
import sklearn.utils
from hypothesis import example, given
from hypothesis import strategies as st
from obs.cas.observe.pickles import dangerous_globals as dangers
from obs.cas.observe.pickles.grades import DOTTED, MODULE, NO_ENTRY, SCRIPT, Grade, danger_of, grade, is_known
from obs.cas.observe.pickles.known_globals import KNOWN

KNOWN_NAMES = [(module, name) for module, names in KNOWN.items() for name in names.split()]
