"""Values and bytes: everything that is hashed is defined here, and no file is touched.

`docs/format.md` is the specification; the modules follow its order. `ids` are the names of
things, `canonical` is the one byte string of a value, `objects` and its neighbours are the
kinds, `merkle` is the tree over the history.
"""
