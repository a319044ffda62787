"""Run folders: what a trainer leaves behind, found by the adapter that knows its layout.

An adapter is one small module with the two functions of `registry.Adapter`. It opens everything beneath the
run folder (no symlink followed, nothing outside), takes what stands in a record for a claim and no more, and
never guesses at a key that it does not know.
"""
