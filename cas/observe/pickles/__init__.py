"""Pickled model files, read without executing them.

A pickle is a program for a small stack machine, and loading one runs it: it imports what it names
and calls what it likes. Here the same program drives a machine whose values are inert:

    file  ->  containers  ->  windows  ->  machine  ->  nodes  ->  arrays
              what it is      its bytes    opcodes      a graph    what of it is an array

A file of skops is no program, but names what to import as well. Its schema becomes the same nodes:

    file  ->  containers  ->  zips  ->  skops, skopsvalues, npy  ->  nodes  ->  arrays

`containers.read_model` is the way in. Nothing is imported, called, hashed or compared because a file
says so; large payloads are stepped over and never read.
"""
