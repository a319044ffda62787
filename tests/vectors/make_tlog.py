"""Makes tlog/ anew: checkpoints and proof files of the example store, told to other programs in hex."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from obs.cas.format.merkle import Hash, leaf_hash, node_hash, root
from obs.cas.format.proofs import prove_consistency
from obs.cas.format.tlog import Checkpoint, ProofFile
from obs.cas.operations.anchors import Anchor
from obs.cas.operations.prove import prove
from obs.cas.operations.restore import cat
from obs.cas.operations.revisions import resolve_member
from obs.cas.store.store import Store

HERE = Path(__file__).parent


def golden_files() -> dict[str, bytes]:
    """Name -> bytes of everything in tlog/."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HERE / "store", Path(folder) / ".obs")
        with Store.open(f"{folder}/.obs") as store:
            return _files_of(store)


def _files_of(store: Store) -> dict[str, bytes]:
    entries = list(store.chain.entries())[::-1]
    leaves = [leaf_hash(entry.data) for entry in entries]
    first = resolve_member(store, f"{entries[0].id.hex}:model")
    files = {"model.pkl": b"".join(cat(store, first, "the model"))}
    about: dict[str, list[dict[str, object]]] = {
        "leaves": [],
        "checkpoints": [],
        "proofs": [],
        "consistency": [],
    }
    for entry, leaf in zip(entries, leaves, strict=True):
        about["leaves"].append(
            {
                "index": entry.manifest.sequence,
                "manifest": entry.id.hex,
                "bytes": entry.data.hex(),
                "hash": leaf.hex(),
            }
        )
    for head in entries:
        size = head.manifest.sequence + 1
        held = Checkpoint(origin=f"obs/{entries[0].id.hex}", size=size, root=root(head.next_history()))
        name = f"{size}.checkpoint"
        files[name] = held.encode()
        about["checkpoints"].append(
            {"file": name, "size": size, "head": head.id.hex, "root": held.root.hex()}
        )
        for entry in entries[:size]:
            for with_report in (False, True) if size == len(entries) else (False,):
                anchor = Anchor(text=head.id.hex, manifest=head.id)
                made = prove(store, entry, at=anchor, with_report=with_report).text.encode()
                name = f"{entry.manifest.sequence}-of-{size}{'-with-report' * with_report}.tlog-proof"
                files[name] = made
                about["proofs"].append(
                    {
                        "file": name,
                        "index": entry.manifest.sequence,
                        "size": size,
                        "path": [node.hex() for node in ProofFile.parse(made).path],
                        "has_model": entry.manifest.run == entries[0].manifest.run,
                    }
                )
        for old in range(1, size + 1):
            path = prove_consistency(old, size, lambda level, number: _subtree(leaves, level, number))
            about["consistency"].append({"old": old, "new": size, "path": [node.hex() for node in path]})
    parts = [
        f'"{key}": [\n' + ",\n".join("  " + json.dumps(row) for row in rows) + "\n ]"
        for key, rows in about.items()
    ]
    files["tlog.json"] = ("{" + ",\n ".join(parts) + "}\n").encode()
    return files


def _subtree(leaves: list[Hash], level: int, number: int) -> Hash:
    if level == 0:
        return leaves[number]
    return node_hash(_subtree(leaves, level - 1, 2 * number), _subtree(leaves, level - 1, 2 * number + 1))


def main() -> None:
    """Writes tlog/."""
    shutil.rmtree(HERE / "tlog", ignore_errors=True)
    (HERE / "tlog").mkdir()
    for name, data in golden_files().items():
        (HERE / "tlog" / name).write_bytes(data)


if __name__ == "__main__":
    main()
