"""The tree as OSCQuery tells it: every parameter, every reading, and where modulation has taken each knob.

Format: the OSCQuery proposal. ``CURVE`` and ``DEFAULT`` are our own attributes; clients pass over what they don't know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from vj.params.pushes import pushable
from vj.types import ParamSpec, Value

NOW = "/now"
"""Under it, the value of this tick of all that modulation can push: with glide and modulation."""
ROUTABLE = "routable"
"""Tag of what a route can lead to."""
PICTURES = "/preview"
"""Under it, what is shown, as JPEG blobs for who listens."""
TYPES = {"number": "f", "integer": "i", "switch": "T", "choice": "s", "text": "s", "colour": "r", "trigger": "I",
         "picture": "b"}
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "EXTENDED_TYPE",
              "UNIT", "CLIPMODE", "CRITICAL", "CURVE", "DEFAULT")
"""What a query may ask for, beside ``HOST_INFO``."""
_SILENT = ("trigger", "picture")
"""Kinds whose value JSON has no word for."""
READ, BOTH = 1, 3
written = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Shown(Protocol):
    """What nodes need of the mirror."""

    @property
    def revision(self) -> int: ...

    @property
    def specs(self) -> Mapping[str, ParamSpec]: ...

    @property
    def readable(self) -> Mapping[str, ParamSpec]: ...

    @property
    def bases(self) -> Mapping[str, Value]: ...

    def modulated(self, path: str) -> Value | None: ...

    def reading(self, path: str) -> Value | None: ...


@dataclass(slots=True)
class Node:
    """A place in the tree: a container, something with a value, or both. ``fixed``: the attributes that stay."""

    path: str
    kind: str = ""
    spec: ParamSpec | None = None
    fixed: dict[str, Any] = field(default_factory=lambda: {"ACCESS": 0})
    value: Callable[[], Value | None] = lambda: None
    children: dict[str, Node] = field(default_factory=dict)
    _head: str = ""

    def attribute(self, name: str) -> str | None:
        """One attribute as JSON, None where this node has none such."""
        match name:
            case "FULL_PATH":
                return written(self.path)
            case "CONTENTS":
                return self._contents() if self.children else None
            case "VALUE":
                return written(self._value()) if self.kind else None
        return written(self.fixed[name]) if name in self.fixed else None

    def text(self) -> str:
        """All of it as JSON, with everything below. What stays is written once: who asks for the whole tree must not
        hold up the show.
        """
        if not self._head:
            self._head = written({"FULL_PATH": self.path, **self.fixed})[:-1]
        value = f',"VALUE":{written(self._value())}' if self.kind else ""
        contents = f',"CONTENTS":{self._contents()}' if self.children else ""
        return f"{self._head}{value}{contents}}}"

    def _contents(self) -> str:
        return "{" + ",".join(f'"{key}":{child.text()}' for key, child in self.children.items()) + "}"

    def _value(self) -> list[Value | None]:
        """The value now, as JSON has it: colours as ``#RRGGBBAA``."""
        value = None if self.kind in _SILENT else self.value()
        if self.kind == "colour" and isinstance(value, str):
            value = value.upper() + ("FF" if len(value) == 7 else "")
        return [value]


class Space:
    """All nodes of one revision, by path."""

    def __init__(self, shown: Shown, pictures: Sequence[str] = ()) -> None:
        self.revision = shown.revision
        self.root = Node("/")
        self.nodes: dict[str, Node] = {"/": self.root}
        for path, spec in shown.specs.items():
            self._leaf(path, spec, BOTH, _of(shown.bases.get, path))
        for path, spec in shown.readable.items():
            self._leaf(path, spec, READ, _of(shown.reading, path))
        for path, spec in shown.specs.items():
            if pushable(path, spec) and spec.kind != "trigger":
                self._leaf(NOW + path, spec, READ, _of(shown.modulated, path))
        for name in pictures:
            self._picture(f"{PICTURES}/{name}")

    def __contains__(self, path: str) -> bool:
        return path in self.nodes

    def find(self, path: str) -> Node | None:
        """The node at ``path``, a slash at the end or not."""
        return self.nodes.get("/" + path.strip("/"))

    def _leaf(self, path: str, spec: ParamSpec, access: int, value: Callable[[], Value | None]) -> None:
        node = self._place(path)
        node.kind, node.spec, node.value = spec.kind, spec, value
        node.fixed = dict(attributes(spec, access))
        if access == BOTH and pushable(path, spec):
            node.fixed["TAGS"] = [*node.fixed.get("TAGS", ()), ROUTABLE]

    def _picture(self, path: str) -> None:
        node = self._place(path)
        node.kind = "picture"
        node.fixed = {"ACCESS": READ, "TYPE": "b", "EXTENDED_TYPE": ["image/jpeg"],
                      "DESCRIPTION": "What is shown, small: a JPEG blob at most fifteen times a second, to listeners."}

    def _place(self, path: str) -> Node:
        """The node at ``path``, made with the containers above it where it was not there."""
        node = self.nodes.get(path)
        if node is None:
            above, _, name = path.rpartition("/")
            node = self.nodes[path] = Node(path)
            self._place(above or "/").children[name] = node
        return node


def _of(read: Callable[[str], Value | None], path: str) -> Callable[[], Value | None]:
    return lambda: read(path)


def attributes(spec: ParamSpec, access: int) -> Iterator[tuple[str, Any]]:
    """What OSCQuery says of ``spec`` that does not change with its value."""
    yield "ACCESS", access
    yield "TYPE", TYPES[spec.kind]
    yield "EXTENDED_TYPE", [spec.kind]
    if spec.help:
        yield "DESCRIPTION", spec.help
    if spec.unit:
        yield "UNIT", [spec.unit]
    if spec.guarded:
        yield "CRITICAL", True
        yield "TAGS", ["guarded"]
    if spec.kind == "choice":
        yield "RANGE", [{"VALS": list(spec.choices)}]
    if spec.kind in ("number", "integer"):
        whole = int if spec.kind == "integer" else float
        yield "RANGE", [{"MIN": whole(spec.lo), "MAX": whole(spec.hi)}]
        yield "CLIPMODE", ["both"]
        yield "CURVE", [spec.curve]
    if access == BOTH and spec.kind != "trigger":
        yield "DEFAULT", [spec.default]


def gone_and_new(old: Space, new: Space) -> tuple[list[str], list[str], list[str]]:
    """What changed between two revisions: paths removed, added, changed; of a whole branch only its top."""
    removed = _tops(old, new)
    added = _tops(new, old)
    changed = [path for path, node in new.nodes.items() if path in old and old.nodes[path].fixed != node.fixed]
    return removed, added, changed


def _tops(of: Space, without: Space) -> list[str]:
    """Paths of ``of`` that are not in ``without`` and whose parents are."""
    return [path for path in of.nodes if path not in without and (path.rpartition("/")[0] or "/") in without]
