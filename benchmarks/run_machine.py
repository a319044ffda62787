"""Execute the opcodes of a pickle as obs does, and nothing else: python run_machine.py model.pkl

Says how many there were. It begins and ends as the command does (cli/main.py): the garbage collector looks
seldom, and the values are not taken apart one by one at the end.
"""

import gc
import os
import sys

from obs.cas.observe.files import open_regular
from obs.cas.observe.pickles.containers import read_model

if __name__ == "__main__":
    gc.set_threshold(100_000)
    with open_regular(sys.argv[1]) as opened:
        graph = read_model(opened)
    if not graph.complete:
        sys.exit(f"run_machine: {graph.problems}")
    print(graph.opcodes, flush=True)
    os._exit(0)
