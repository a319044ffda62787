"""What obs does, one verb a file: each takes an open store and values, and returns values.

Nothing here prints, asks the clock or reads the environment; `cli/` and the Python API pass those
in. The fields of the results are the keys that a command's JSON has.
"""
