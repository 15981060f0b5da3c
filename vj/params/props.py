"""What the command line brings to a show: models, LoRAs and pictures under names that hands may choose.

A path comes from the command line and from nowhere else: over a network, in a look or in a take there are names only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vj.types import ParamSpec, Value, VjError

MODEL, LORA, PICTURE = KINDS = ("model", "lora", "picture")
OPTIONS = {MODEL: "--model PATH", LORA: "--lora NAME=PATH", PICTURE: "--picture NAME=PATH"}
FULL = "decoder/full"
"""Among the files: pictures are decoded as finely as the model can."""
NONE, OTHER = "none", "other deck"
"""A picture of no kind, and the one that the other deck shows."""
MOST = 64
_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Props:
    """``files``: ``kind/name`` -> path. ``model``: the model that a show begins with, if one was asked for."""

    files: Mapping[str, str] = field(default_factory=dict)
    model: str = ""

    def names(self, kind: str) -> list[str]:
        """What the command line named of a kind, in its order."""
        return [key.partition("/")[2] for key in self.files if key.startswith(f"{kind}/")]

    def offered(self, specs: Sequence[ParamSpec]) -> tuple[ParamSpec, ...]:
        """A generator's parameters, its choices of files with the names that there are."""
        return tuple(self._offered(spec) for spec in specs)

    def _offered(self, spec: ParamSpec) -> ParamSpec:
        kind = kind_of(spec)
        if not kind:
            return spec
        choices = tuple(dict.fromkeys((*spec.choices, *self.names(kind))))
        default = self.model if kind == MODEL and self.model in choices else spec.default
        return replace(spec, choices=choices, hi=float(max(len(choices) - 1, 0)), default=default)


NO_PROPS = Props()


def kind_of(spec: ParamSpec) -> str:
    """The kind of file a choice is for; nothing for another parameter."""
    name = spec.name.rstrip("0123456789")
    return name if spec.kind == "choice" and name in KINDS else ""


def cure(spec: ParamSpec, value: Value) -> str:
    """What to do about a name that this show does not have, to stand behind an error."""
    kind = kind_of(spec)
    if not kind or value in spec.choices:
        return ""
    return f"; start vj with {OPTIONS[kind].replace('NAME', str(value)[:40])}"


def named(text: str, kind: str, taken: Mapping[str, str]) -> tuple[str, str]:
    """``NAME=PATH`` -> the key of ``Props.files`` and the path. Raises VjError saying what is wrong with it."""
    name, equals, path = text.partition("=")
    if not (equals and path and _NAME.fullmatch(name)):
        raise VjError(f"--{kind} takes NAME=PATH, the name of small letters, digits and _, got {text[:200]!r}")
    key = f"{kind}/{name}"
    if key in taken or name in (NONE, OTHER):
        raise VjError(f"--{kind}: the name {name!r} is taken")
    if len(taken) >= MOST:
        raise VjError(f"a show has at most {MOST} models, LoRAs and pictures of its own")
    return key, path
