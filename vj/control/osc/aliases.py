"""Addresses of other programs, so that a page made for them plays vj: one table.

Resolume's tree is the one that most pages and show controllers speak. Its values run from 0 to 1, so they are read in
knob space; its buttons send 1 and then 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vj.types import Value

MANY = 64
"""Columns and clips of a page that choose a look."""


@dataclass(frozen=True, slots=True)
class Alias:
    """``address`` means the parameter at ``path``: turned in knob space, ``inverted`` where up means down.

    With ``press`` it is a button: this value is set when it goes down, or added where ``relative``.
    """

    address: str
    path: str
    inverted: bool = False
    press: Value | None = None
    relative: bool = False


def _buttons(addresses: Sequence[str], path: str, press: Value = True, *, relative: bool = False) -> list[Alias]:
    return [Alias(address, path, press=press, relative=relative) for address in addresses]


def _faders(addresses: Sequence[str], path: str, *, inverted: bool = False) -> list[Alias]:
    return [Alias(address, path, inverted) for address in addresses]


_TEMPO = "/composition/tempocontroller/"
_LAYER = "/composition/layers/"
ALIASES: tuple[Alias, ...] = (
    *_buttons((f"{_TEMPO}tempotap", "/tap"), "/beat/tap"),
    *_buttons((f"{_TEMPO}resync", "/resync"), "/beat/resync"),
    *_buttons((f"{_TEMPO}tempo/multiply",), "/beat/double"),
    *_buttons((f"{_TEMPO}tempo/divide",), "/beat/half"),
    *_buttons((f"{_TEMPO}tempopush",), "/beat/nudge", -10.0, relative=True),
    *_buttons((f"{_TEMPO}tempopull",), "/beat/nudge", 10.0, relative=True),
    *_faders(("/composition/crossfader/phase", f"{_LAYER}2/video/opacity", f"{_LAYER}2/master", "/crossfader"),
             "/mix/crossfade"),
    *_faders(("/composition/master", "/composition/video/opacity", f"{_LAYER}1/video/opacity", f"{_LAYER}1/master",
              "/composition/selectedlayer/video/opacity", "/master"), "/master/fade", inverted=True),
    *_faders(("/composition/bypassed", f"{_LAYER}1/bypassed", "/blackout"), "/master/blackout"),
    *_buttons(("/composition/disconnectall", f"{_LAYER}1/clear"), "/master/blackout"),
    *_faders(("/composition/paused", "/freeze"), "/master/freeze"),
    *_faders(("/composition/speed",), "/a/walk/speed"),
    *_buttons(("/composition/connectnextcolumn", f"{_LAYER}1/connectnextclip"), "/show/next"),
    *_buttons(("/composition/connectprevcolumn", f"{_LAYER}1/connectprevclip"), "/show/previous"),
    *(Alias(address.format(number), "/show/look", press=number - 1) for number in range(1, MANY + 1)
      for address in ("/composition/columns/{}/connect", _LAYER + "1/clips/{}/connect")),
    *(Alias(f"{_LAYER}2/clips/{number}/connect", "/b/show/look", press=number) for number in range(1, MANY + 1)),
    *_buttons((f"{_LAYER}2/clear",), "/b/show/look", 0),  # the first choice there is none
    *_buttons((f"{_LAYER}2/connectnextclip",), "/b/show/next"),
    *_buttons((f"{_LAYER}2/connectprevclip",), "/b/show/previous"),
    *_buttons(("/fade",), "/mix/fade"),
    *_buttons(("/cut",), "/mix/cut"),
    Alias("/composition/dashboard/link1", "/a/walk/speed"),
    Alias("/composition/dashboard/link2", "/a/walk/energy"),
    Alias("/composition/dashboard/link3", "/a/walk/kick"),
    Alias("/composition/dashboard/link4", "/a/gen/hue"),
    Alias("/composition/dashboard/link5", "/a/gen/vivid"),
    Alias("/composition/dashboard/link6", "/a/gen/contrast"),
    Alias("/composition/dashboard/link7", "/a/gen/scale"),
    Alias("/composition/dashboard/link8", "/master/brightness"),
)
"""What is meant by an address that is no path of vj's own. A path that is not there now is no address either."""

BORROWED: dict[str, list[str]] = {}
"""Path -> the addresses at which its value can be told."""
for _alias in ALIASES:
    if _alias.press is None:
        BORROWED.setdefault(_alias.path, []).append(_alias.address)
