"""What a table holds, whatever file it came in: digests of every cell, made in one pass.

    csvfiles      text ->  units  ->  kinds  ->  columns  ->  content
    parquetfiles  typed ->        ->  typed  ->

A reader gives record batches; `units` cuts them anew into whole pages; each column turns its cells into
values of one kind (`kinds` for cells of text, by the rules of `grammar`; `typed` for the rest) and keeps
digests (`digests`), nothing else. `csvfiles.read_csv` and `batches.read_batches` are the ways in. What
cannot be read is `Unavailable`, with a reason: nothing is guessed, skipped or mended.

All sizes here are fixed by the format; how large the pieces are in which a file is read, and how many
threads read it, changes no digest.
"""
