"""What modulation can push, and what its push makes of what does not glide: switches, choices, triggers.

A push is in turns of the knob: it takes a switch that is off on from a half upwards and one that is on off from minus a
half, a choice as many names further as that is of all of them, and pulls a trigger once when it rises past the half.
A little must be missing before it lets go, so that what trembles there does not flicker.
"""

from __future__ import annotations

from vj.params.places import across
from vj.types import ParamSpec

PULL, RELEASE = 0.5, 0.4
"""Push at which modulation takes hold of a switch or a trigger, and below which it lets go of it."""
STICK = 0.1
"""Names by which a push must be nearer to another choice before that one is taken."""


def _on_both(*roots: str) -> tuple[str, ...]:
    """These, and the same on deck b."""
    return (*roots, *(across(root) for root in roots))


ROUTES = _on_both("/routes/")
_OF_HANDS = _on_both("/pad/", "/show/")
"""What is moved by hands and acts where they leave it."""
_PULLED = _on_both("/fx/", "/a/gen/")
"""Where a trigger means the picture, not the show."""
_TURNED = (*_PULLED, *_on_both("/mod/", "/a/walk/", "/a/drive/"), "/mix/blend", "/mix/curve", "/mix/transition",
           "/master/freeze")
"""Where switches and choices do: never the blackout or the flash limit, which are the operator's."""


def pushable(path: str, spec: ParamSpec) -> bool:
    """Can a route lead there?"""
    if path.startswith(ROUTES):
        return path.endswith("/depth")
    match spec.kind:
        case "number" | "integer":
            return not path.startswith(_OF_HANDS) and not spec.guarded
        case "trigger":
            return path.startswith(_PULLED) and not spec.guarded
        case "switch" | "choice":
            return path.startswith(_TURNED) and spec.live and not spec.guarded
    return False


def holds(push: float, held: bool) -> bool:
    """Has a push hold of something that it ``held`` until now?"""
    return push >= (RELEASE if held else PULL)


def stepped(place: float, held: int, most: int) -> int:
    """Which of the choices 0 to ``most`` is taken at ``place``, counted in choices, where ``held`` was."""
    place = min(max(place, 0.0), float(most))
    return held if abs(place - held) <= 0.5 + STICK else round(place)
