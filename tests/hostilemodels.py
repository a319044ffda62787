"""Model files of a few megabytes that would take hours or gigabytes to read or tell, if nothing counted.

Each function gives the bytes of one, about as large as reading goes for `scale` 1, and in proportion below.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Final

from modelfiles import proto, short_unicode, stack_global

_MEMO: Final = b"\x94"
_KEEP: Final = b"\x940"  # into the memo, off the stack
_RECONSTRUCT: Final = stack_global("numpy.core.multiarray", "_reconstruct")
_DTYPE: Final = stack_global("numpy", "dtype")
_STATE: Final = b"(K\x01K\x07\x85" + _DTYPE + short_unicode("f8") + b"\x85R\x89C\x00t"
_ASTRAL: Final = "\U0001f600".encode()


def _get(index: int) -> bytes:
    return b"j" + struct.pack("<I", index)


def _text(data: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(data)) + data


def _many(unit: bytes, count: float) -> bytes:
    return unit * int(count)


def deep_lists(scale: float) -> bytes:
    return proto(4, _many(b"]", 1_600_000 * scale) + _many(b"a", 1_600_000 * scale - 1) + b".")


def deep_tuples(scale: float) -> bytes:
    return proto(4, b"N" + _many(b"\x85\x94", 2_400_000 * scale) + b".")


def deep_maps(scale: float) -> bytes:
    begin = stack_global("a", "B") + _KEEP
    return proto(
        4, begin + _many(b"h\x00)\x81}K\x01", 500_000 * scale) + b"N" + _many(b"sb", 500_000 * scale) + b"."
    )


def wide_lists(scale: float) -> bytes:
    return proto(4, b"](" + _many(b"]", 1_600_000 * scale) + b"e.")


def left_on_the_stack(scale: float) -> bytes:
    return proto(4, _many(b"F1.5\n", 4_000_000 * scale))


def one_list_many_times(scale: float) -> bytes:
    return proto(4, b"]]\x940(" + _many(b"h\x00", 4_900_000 * scale) + b"e.")


def the_same_in_several(scale: float) -> bytes:
    count = int(1_000_000 * scale)
    these = b"".join(map(_get, range(count)))
    return proto(4, b"(" + _many(b"]\x94", count) + b"1(" + these + b"t\x940(" + _get(count) + these + b"t.")


def shared_state(scale: float) -> bytes:
    pairs = b"".join(short_unicode(f"k{number}") + b"]" for number in range(int(300_000 * scale)))
    objects = _many(b"h\x00)\x81h\x01b", 400_000 * scale)
    return proto(4, stack_global("a", "B") + _KEEP + b"}\x94(" + pairs + b"u0](" + objects + b"e.")


def shared_attributes(scale: float) -> bytes:
    """One object in a list very often, with thousands of attributes."""
    pairs = b"".join(short_unicode(f"k{number}") + b"N" for number in range(int(5_000 * scale)))
    begin = stack_global("a", "B") + b")\x81}(" + pairs + b"ub" + _KEEP
    return proto(4, begin + b"](" + _many(b"h\x00", 2_000_000 * scale) + b"e.")


def shared_steps(scale: float) -> bytes:
    """Hundreds of pipelines with the same hundred thousands of steps."""
    begin = stack_global("sklearn.pipeline", "Pipeline") + _KEEP + short_unicode("a") + b"N\x86" + _KEEP
    begin += b"](" + _many(b"h\x01", 600_000 * scale) + b"e" + _KEEP
    return proto(4, begin + b"](" + _many(b"h\x00)\x81}" + short_unicode("steps") + b"h\x02sb", 400) + b"e.")


def shared_estimators(scale: float) -> bytes:
    """A map from one name to one estimator, hundred thousands of times, which has thousands of attributes."""
    pairs = b"".join(short_unicode(f"k{number}") + b"N" for number in range(int(3_000 * scale)))
    begin = stack_global("sklearn.svm._classes", "SVC") + b")\x81}(" + pairs + b"ub" + _KEEP
    begin += b"}(" + _many(short_unicode("x") + b"h\x00", 1_000_000 * scale) + b"u" + _KEEP
    return proto(4, begin + stack_global("a", "B") + b")\x81}" + short_unicode("estimators_") + b"h\x01sb.")


def shared_parts_of_sparse(scale: float) -> bytes:
    begin = stack_global("scipy.sparse._csr", "csr_matrix") + _KEEP
    begin += b"}(" + _many(b"NN", 500_000 * scale) + short_unicode("_shape") + b"K\x01K\x01\x86u" + _KEEP
    return proto(4, begin + b"](" + _many(b"h\x00)\x81h\x01b", 300_000 * scale) + b"e.")


def shared_state_of_wrappers(scale: float) -> bytes:
    begin = (
        b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n"
        + _KEEP
        + b"}\x94("
        + short_unicode("shape")
        + b"K\x01\x85"
    )
    begin += short_unicode("dtype") + _DTYPE + short_unicode("u1") + b"\x85R" + _many(b"NN", 500_000 * scale)
    return proto(4, begin + b"u0(" + _many(b"h\x00)\x81h\x01b\x00", 200_000 * scale) + b"t.")


def many_arrays(scale: float) -> bytes:
    begin = _RECONSTRUCT + _KEEP + _STATE + _KEEP
    return proto(4, begin + b"](" + _many(b"h\x00)Rh\x01b", 600_000 * scale) + b"e" + b"\x85" * 48 + b".")


def many_types(scale: float) -> bytes:
    """As many arrays as fit, each with a type of its own: 120 fields that all of them share."""
    fields = range(120)
    begin = _RECONSTRUCT + _KEEP + _DTYPE + _KEEP + b"h\x01" + short_unicode("f8") + b"\x85R" + _KEEP
    begin += b"(" + b"".join(short_unicode(f"f{field}") for field in fields) + b"t" + _KEEP
    described = (
        short_unicode(f"f{field}") + b"h\x02M" + struct.pack("<H", 9 * field) + b"\x86" for field in fields
    )
    begin += b"}(" + b"".join(described) + b"u" + _KEEP
    one = (
        b"h\x00)R(K\x01K\x07\x85h\x01"
        + short_unicode("V960")
        + b"\x85R(K\x03"
        + short_unicode("|")
        + b"Nh\x03h\x04"
    )
    return proto(4, begin + b"](" + _many(one + b"M\xc0\x03K\x01K\x10tb\x89C\x00tb", 150_000 * scale) + b"e.")


def huge_axes(scale: float) -> bytes:
    axis = b"\x8a\xff" + b"\x7f" * 255
    begin = (
        _RECONSTRUCT
        + _KEEP
        + b"(K\x01("
        + axis * 64
        + b"t"
        + _DTYPE
        + short_unicode("f8")
        + b"\x85R\x89C\x00t"
        + _KEEP
    )
    return proto(4, begin + b"](" + _many(b"h\x00)Rh\x01b", 600_000 * scale) + b"e.")


def one_key_many_times(scale: float) -> bytes:
    begin = b"}(" + _many(short_unicode("x") + b"N", 1_000_000 * scale) + b"u" + _KEEP
    attributes = b"".join(short_unicode(f"k{number}") + b"h\x00" for number in range(100))
    return proto(4, begin + stack_global("sklearn.svm._classes", "SVC") + b")\x81}(" + attributes + b"ub.")


def names_with_many_dots(scale: float) -> bytes:
    module, name = ".".join(["m" * 30] * 33), ".".join(["n" * 30] * 32)
    return proto(
        4, b"(" + b"".join(f"c{module}\n{name}{n}\n".encode() for n in range(int(9_999 * scale))) + b"t."
    )


def names_line_by_line(scale: float) -> bytes:
    return proto(2, b"(" + _many(b"ca\nb\n", 4_900_000 * scale) + b"t.")


def tiny_pickles(scale: float) -> bytes:
    return _many(b"N.", 2_400_000 * scale)


def many_pickles(scale: float) -> bytes:
    """Each of them ends before anybody would look at the limits."""
    return proto(4, b"(" + _many(b"\x8c\xff" + b"x" * 255, 16_000 * scale) + b"t.") * 50


def wide_characters(scale: float) -> bytes:
    """One character in each text makes all others take four bytes."""
    return proto(4, b"(" + _many(_text(_ASTRAL + b"x" * 4092), 40_000 * scale) + b"t.")


def wide_characters_in_short_texts(scale: float) -> bytes:
    return proto(4, b"(" + _many(b"\x8c\xfc" + _ASTRAL + b"x" * 248, 600_000 * scale) + b"t.")


def wide_characters_in_lines(scale: float) -> bytes:
    return proto(2, b"(" + _many(b"V\\U0001F600" + b"x" * 4080 + b"\n", 40_000 * scale) + b"t.")


def calls_that_hold_everything(scale: float) -> bytes:
    return proto(4, stack_global("a", "b") + _KEEP + b"(" + _many(b"h\x00)R]b]aNNs", 600_000 * scale) + b"t.")


def pickles_within_pickles(scale: float) -> bytes:
    """In a stream, where what is looked into later has to be kept."""
    found = proto(4, b"B" + struct.pack("<I", 1_000_000) + bytes(1_000_000) + b".")
    for _ in range(int(990 * scale)):
        found = proto(4, b"B" + struct.pack("<I", len(found)) + found + b".")
    return zlib.compress(found, 1)


def distant_memo(scale: float) -> bytes:
    puts = (b"r" + struct.pack("<I", (1 << 31) + number) for number in range(int(900_000 * scale)))
    return proto(4, b"]" + b"".join(puts) + b".")


HOSTILE: Final[dict[str, Callable[[float], bytes]]] = {
    made.__name__: made
    for made in (
        deep_lists, deep_tuples, deep_maps, wide_lists, left_on_the_stack, one_list_many_times,
        the_same_in_several, shared_state, shared_attributes, shared_steps, shared_estimators,
        shared_parts_of_sparse, shared_state_of_wrappers, many_arrays, many_types, huge_axes,
        one_key_many_times, names_with_many_dots, names_line_by_line, tiny_pickles, many_pickles,
        wide_characters, wide_characters_in_short_texts, wide_characters_in_lines,
        calls_that_hold_everything, pickles_within_pickles, distant_memo,
    )
}  # fmt: skip
