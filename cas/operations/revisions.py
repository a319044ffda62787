"""Revisions: how a user names a point of the history, an object, or a file of a run.

In this order: `HEAD` or `@`, a tag, a unique prefix (at least 4 digits) of a manifest, run or
object id, `run:TRAINER_RUN_ID`. `~N` goes N manifests back. `REV:ROLE` names an input or output.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from ..errors import (
    AmbiguousRevision,
    BadArgument,
    FormatError,
    IntegrityError,
    InvalidField,
    UnknownRevision,
)
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.manifests import Manifest
from ..format.names import is_role
from ..format.objects import Object
from ..format.runs import Document, Link, Run
from ..store.chain import Entry
from ..store.store import Store

_HEX: Final = re.compile(r"[0-9a-f]{4,64}\Z")
_BACK: Final = re.compile(r"(?P<base>.*?)(?P<steps>(?:~[0-9]{0,9})+)\Z", re.DOTALL)
_MOST_CANDIDATES: Final = 12
_MOST_SUGGESTED: Final = 1000
"""Of the newest manifests: in so many a run is looked for that is called as a revision that names nothing."""


@frozen
class Target:
    """What a revision names: an object, and the manifest that it is or belongs to, if any."""

    id: ObjectId
    kind: str
    entry: Entry | None


@frozen
class Member:
    """An input or output of a run, named as `REV:ROLE`; `file` is its file or tree object."""

    entry: Entry
    role: str
    kind: str
    file: ObjectId
    name: str | bytes


def resolve(store: Store, text: str, *, suggest: bool = True) -> Target:
    """What `text` names. Raises UnknownRevision, AmbiguousRevision, IntegrityError.

    `suggest`: where it names nothing, see whether a trainer called one of the newest runs so.
    """
    tried: list[str] = []
    back = _BACK.match(text)
    base, steps = (back["base"], _count_steps(back["steps"])) if back else (text, 0)
    target = _resolve_base(store, base, tried)
    if target is None:
        hint = f"a trainer called a run so: run:{text}" if suggest and _is_run_id(store, base) else None
        raise UnknownRevision(revision=text, tried=tuple(tried), hint=hint)
    if not steps:
        return target
    entry = target.entry
    if entry is None:
        raise UnknownRevision(revision=text, tried=(*tried, f"'{base}' is no manifest to go back from"))
    for gone in range(steps):
        if entry.manifest.parent is None:
            raise UnknownRevision(revision=text, tried=(*tried, f"the history ends {gone} before '{base}'"))
        entry = store.chain.entry(entry.manifest.parent, f"manifest {entry.id.short}")
    return Target(id=entry.id, kind=Manifest.KIND, entry=entry)


def resolve_entry(store: Store, text: str) -> Entry:
    """The manifest that `text` names, or the newest one of the run that it names. Raises as `resolve`."""
    target = resolve(store, text)
    if target.entry is None:
        raise UnknownRevision(
            revision=text, tried=(f"{target.id.short} is a {target.kind}, no manifest or run",)
        )
    return target.entry


def split_member(text: str) -> tuple[str, str] | None:
    """`REV:ROLE` in two, or None if it has not that form."""
    revision, colon, role = text.rpartition(":")
    return (revision, role) if colon and revision and revision != "run" and is_role(role) else None


def resolve_member(store: Store, text: str) -> Member:
    """What `REV:ROLE` names. Raises BadArgument, UnknownRevision, IntegrityError."""
    parts = split_member(text)
    if parts is None:
        raise BadArgument(what=f"'{text}' is not REV:ROLE", hint="write for example HEAD:model")
    revision, role = parts
    entry = resolve_entry(store, revision)
    run = store.objects.get(Run, entry.manifest.run, f"manifest {entry.id.short}")
    members = run_members(run)
    if role not in members:
        known = ", ".join(sorted(members)) or "none"
        raise UnknownRevision(revision=text, tried=(f"the roles of {entry.id.short} are: {known}",))
    kind, file, name = members[role]
    return Member(entry=entry, role=role, kind=kind, file=file, name=name)


def target_of_member(member: Member) -> Target:
    """The file or tree object of a run's member, as something that can be shown."""
    return Target(id=member.file, kind=member.kind, entry=None)


def run_members(run: Run) -> dict[str, tuple[str, ObjectId, str | bytes]]:
    """Every role of a run: the kind of what it leads to (file or tree), its id, its base name."""
    members: dict[str, tuple[str, ObjectId, str | bytes]] = {
        link.role: (link.kind, link.id, link.name) for link in run.links()
    }
    for role, document in (("metrics", run.metrics), ("params", run.params)):
        if isinstance(document, Document) and document.file is not None and document.name is not None:
            members[role] = ("file", document.file, document.name)
    return members


def links_of(run: Run) -> tuple[Link, ...]:
    """Everything of a run that was a file or folder, its documents included, as links."""
    documents = tuple(
        Link(role=role, name=document.name, kind="file", id=document.file)
        for role, document in (("metrics", run.metrics), ("params", run.params))
        if document is not None and document.file is not None and document.name is not None
    )
    return (*run.links(), *documents)


def newest_entry_of(store: Store, run: ObjectId) -> Entry | None:
    """The newest manifest that names a run, None if none does. Raises IntegrityError at a gap."""
    if not store.objects.has(run):
        return None
    return next((entry for entry in store.chain.entries() if entry.manifest.run == run), None)


def _count_steps(text: str) -> int:
    return sum(int(part) if part else 1 for part in text.split("~")[1:])


def _resolve_base(store: Store, text: str, tried: list[str]) -> Target | None:
    if text in ("HEAD", "@"):
        head = store.chain.head()
        if head is None:
            tried.append("HEAD: nothing was recorded yet")
            return None
        return Target(id=head, kind=Manifest.KIND, entry=store.chain.entry(head, "HEAD"))
    tried.append("a tag")
    try:
        tagged = store.tags.get(text)
    except InvalidField:
        tagged = None
    if tagged is not None:
        return Target(id=tagged, kind=Manifest.KIND, entry=store.chain.entry(tagged, f"tag {text}"))
    tried.append("the beginning of an id (4 to 64 of 0-9 a-f)")
    if _HEX.match(text):
        found = list(store.objects.ids(text))
        if len(found) > 1:
            found = _preferred(store, text, found)
        if found:
            return _target(store, found[0])
    if text.startswith("run:"):
        return _by_run_id(store, text, tried)
    tried.append("run:TRAINER_RUN_ID")
    return None


def _is_run_id(store: Store, text: str) -> bool:
    """Whether one of the newest runs is called so by its trainer. Of what is damaged that is not known."""
    try:
        for entry in islice(store.chain.entries(), _MOST_SUGGESTED):
            if store.objects.get(Run, entry.manifest.run, f"manifest {entry.id.short}").run_id == text:
                return True
    except IntegrityError:
        pass
    return False


def _preferred(store: Store, text: str, found: list[ObjectId]) -> list[ObjectId]:
    """Of several objects the one manifest or else the one run among them. Raises AmbiguousRevision."""
    kinds: dict[str, list[ObjectId]] = {}
    for candidate in found[: 16 * _MOST_CANDIDATES]:
        kinds.setdefault(_kind_of(store, candidate), []).append(candidate)
    for kind in (Manifest.KIND, Run.KIND):
        if len(kinds.get(kind, ())) == 1:
            return kinds[kind]
        if kinds.get(kind):
            break
    shown = [_describe(store, candidate) for candidate in found[:_MOST_CANDIDATES]]
    if len(found) > len(shown):
        shown.append(f"{len(found) - len(shown)} more")
    raise AmbiguousRevision(revision=text, candidates=tuple(shown))


def _read(store: Store, wanted: ObjectId) -> Object | None:
    try:
        found = store.objects.find(wanted)
    except (IntegrityError, FormatError):
        return None
    return found[0] if found else None


def _kind_of(store: Store, wanted: ObjectId) -> str:
    value = _read(store, wanted)
    return value.KIND if value is not None else "damaged object"


def _describe(store: Store, wanted: ObjectId) -> str:
    """Kind, and of a manifest the time and the subject."""
    value = _read(store, wanted)
    if isinstance(value, Manifest):
        subject = (value.message or "").split("\n", 1)[0][:60]
        return f"{wanted.hex[:16]} manifest {value.sequence} of {value.recorded_at} {subject}".rstrip()
    return f"{wanted.hex[:16]} {value.KIND if value is not None else 'damaged object'}"


def _target(store: Store, found: ObjectId) -> Target:
    read = store.objects.find(found)
    if read is None:  # it was listed a moment ago
        raise UnknownRevision(revision=found.hex, tried=("an object that has just gone",))
    value, data = read
    if isinstance(value, Manifest):
        return Target(id=found, kind=value.KIND, entry=Entry(id=found, manifest=value, data=data))
    entry = newest_entry_of(store, found) if isinstance(value, Run) else None
    return Target(id=found, kind=value.KIND, entry=entry)


def _by_run_id(store: Store, text: str, tried: list[str]) -> Target | None:
    wanted = text.removeprefix("run:")
    found: dict[ObjectId, Entry] = {}
    for entry in store.chain.entries():
        if entry.manifest.run not in found:
            run = store.objects.get(Run, entry.manifest.run, f"manifest {entry.id.short}")
            if run.run_id == wanted:
                found[entry.manifest.run] = entry
    if len(found) > 1:
        shown = tuple(_describe(store, entry.id) for entry in list(found.values())[:_MOST_CANDIDATES])
        raise AmbiguousRevision(revision=text, candidates=shown)
    tried.append(f"a run that its trainer called '{wanted}'")
    return next((Target(id=e.id, kind=Manifest.KIND, entry=e) for e in found.values()), None)
