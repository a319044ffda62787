"""The opcodes of pickle protocols 0 to 5, by number (CPython's Lib/pickletools.py describes each)."""

from __future__ import annotations

from typing import Final

MARK: Final = 0x28  # (
EMPTY_TUPLE: Final = 0x29  # )
STOP: Final = 0x2E  # .
POP: Final = 0x30  # 0
POP_MARK: Final = 0x31  # 1
DUP: Final = 0x32  # 2
BINBYTES: Final = 0x42  # B
SHORT_BINBYTES: Final = 0x43  # C
FLOAT: Final = 0x46  # F
BINFLOAT: Final = 0x47  # G
INT: Final = 0x49  # I
BININT: Final = 0x4A  # J
BININT1: Final = 0x4B  # K
LONG: Final = 0x4C  # L
BININT2: Final = 0x4D  # M
NONE: Final = 0x4E  # N
PERSID: Final = 0x50  # P
BINPERSID: Final = 0x51  # Q
REDUCE: Final = 0x52  # R
STRING: Final = 0x53  # S
BINSTRING: Final = 0x54  # T
SHORT_BINSTRING: Final = 0x55  # U
UNICODE: Final = 0x56  # V
BINUNICODE: Final = 0x58  # X
EMPTY_LIST: Final = 0x5D  # ]
APPEND: Final = 0x61  # a
BUILD: Final = 0x62  # b
GLOBAL: Final = 0x63  # c
DICT: Final = 0x64  # d
APPENDS: Final = 0x65  # e
GET: Final = 0x67  # g
BINGET: Final = 0x68  # h
INST: Final = 0x69  # i
LONG_BINGET: Final = 0x6A  # j
LIST: Final = 0x6C  # l
OBJ: Final = 0x6F  # o
PUT: Final = 0x70  # p
BINPUT: Final = 0x71  # q
LONG_BINPUT: Final = 0x72  # r
SETITEM: Final = 0x73  # s
TUPLE: Final = 0x74  # t
SETITEMS: Final = 0x75  # u
EMPTY_DICT: Final = 0x7D  # }
# protocol 2
PROTO: Final = 0x80
NEWOBJ: Final = 0x81
EXT1: Final = 0x82
EXT2: Final = 0x83
EXT4: Final = 0x84
TUPLE1: Final = 0x85
TUPLE2: Final = 0x86
TUPLE3: Final = 0x87
NEWTRUE: Final = 0x88
NEWFALSE: Final = 0x89
LONG1: Final = 0x8A
LONG4: Final = 0x8B
# protocol 4
SHORT_BINUNICODE: Final = 0x8C
BINUNICODE8: Final = 0x8D
BINBYTES8: Final = 0x8E
EMPTY_SET: Final = 0x8F
ADDITEMS: Final = 0x90
FROZENSET: Final = 0x91
NEWOBJ_EX: Final = 0x92
STACK_GLOBAL: Final = 0x93
MEMOIZE: Final = 0x94
FRAME: Final = 0x95
# protocol 5
BYTEARRAY8: Final = 0x96
NEXT_BUFFER: Final = 0x97
READONLY_BUFFER: Final = 0x98

_FIXED: Final = {
    BININT: 4,
    BININT1: 1,
    BININT2: 2,
    BINFLOAT: 8,
    BINGET: 1,
    LONG_BINGET: 4,
    BINPUT: 1,
    LONG_BINPUT: 4,
    PROTO: 1,
    EXT1: 1,
    EXT2: 2,
    EXT4: 4,
    FRAME: 8,
    # a count, and what it counts: only the count is fixed
    BINBYTES: 4,
    BINSTRING: 4,
    BINUNICODE: 4,
    LONG4: 4,
    BINUNICODE8: 8,
    BINBYTES8: 8,
    BYTEARRAY8: 8,
    SHORT_BINBYTES: 1,
    SHORT_BINSTRING: 1,
    SHORT_BINUNICODE: 1,
    LONG1: 1,
}

FIXED_BYTES: Final = bytes(1 + _FIXED.get(op, 0) for op in range(256))
"""Bytes of an opcode and of the part of its argument that has a fixed length."""

COUNTED: Final = bytes(
    {BINUNICODE: 4, SHORT_BINBYTES: 1, SHORT_BINSTRING: 1, SHORT_BINUNICODE: 1, LONG1: 1}.get(op, 0)
    for op in range(256)
)
"""Bytes of the count, where the machine takes what is counted (up to 256 bytes) out of its window at once."""

INLINE_BYTES: Final = 256
MARGIN: Final = 1 + 8 + INLINE_BYTES
"""With so many bytes ahead, any opcode can be executed without asking for more (but for long payloads)."""
