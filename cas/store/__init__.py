"""The `.obs/` folder on disk: objects, blobs, the chain, tags.

files     the only module that changes the file system, one method an operation
objects   canonical MessagePack, one file an object       blobs   file bytes as they are
batch     what one record writes, made durable together   chain   HEAD and what it leads to
tags      names for manifests                             statcache   digests already known
discovery finds a `.obs/`, makes one                      store   all of it in one value
"""
