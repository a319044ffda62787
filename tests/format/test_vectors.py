"""The golden files: what obs, the second reader, msgpack and b3sum make of them; and the page's own examples."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import msgpack
import pytest
import standalone
from blake3 import blake3
from format_samples import VECTORS, name_of, named, restored, same
from test_support import sorted_deep

from obs.cas.format.canonical import decode, encode
from obs.cas.format.objects import decode_object, encode_object, object_id

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
