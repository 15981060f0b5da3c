"""What docs/control.md says of OSC is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from vj.app.common import declared_tree
from vj.cli import cli
from vj.control.mirror import Mirror
from vj.control.osc import audience, gate, gather, packet, performer
from vj.control.osc.addresses import Addresses
from vj.control.osc.aliases import ALIASES
from vj.options import DEFAULT_LOOK, DEFAULT_PORT

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "control.md").read_text("utf-8")
SECTION = re.split(r"^## ", TEXT, flags=re.MULTILINE)
(OSC,) = [part for part in SECTION if part.startswith("OSC\n")]
VERBS = {"/subscribe", "/unsubscribe", "/listen", "/ignore"}


@pytest.fixture(scope="module")
def mirror() -> Mirror:
    return Mirror(declared_tree(DEFAULT_LOOK))


def test_every_address_leads_somewhere(mirror: Mirror) -> None:
    addresses = Addresses(mirror)
    named = set(re.findall(r"[`\"](/[a-z0-9_/]+)[`\" ]", OSC))
    assert len(named) > 50
    mounts = {"/audio", "/beat", "/unit", "/resolume"}
    nowhere = {name for name in named - VERBS - mounts
               if addresses.find(name) is None and name not in mirror.readable}
    assert nowhere == {"/composition/tempocontroller/tempo"}


def test_every_alias_is_told() -> None:
    told = set(re.findall(r"`(/[a-z0-9_/]+)`", OSC))
    untold = {alias.address for alias in ALIASES} - told
    series = re.compile(r"/composition/(columns/\d+|layers/[12]/clips/\d+)/connect|/composition/dashboard/link\d")
    less = {"/composition/layers/1/master", "/composition/layers/2/master", "/composition/layers/1/connectnextclip",
            "/composition/layers/1/connectprevclip"}
    assert {address for address in untold if not series.fullmatch(address)} == less


def test_the_flags_are_there() -> None:
    told = CliRunner().invoke(cli, ["live", "--help"]).output
    flags = set(re.findall(r"(--[a-z][a-z-]+)", OSC))
    assert len(flags) >= 4
    assert {flag for flag in flags if flag not in told} == set()


def test_the_figures_are_those_of_the_program() -> None:
    flat = " ".join(OSC.split())
    for figure in (f"port {DEFAULT_PORT}", f"{packet.LONGEST} bytes and {packet.MOST} messages",
                   f"{gate.A_SECOND:.0f} messages a second, all of them {gate.ALL_A_SECOND:.0f}, and "
                   f"{gather.A_SECOND:.0f} a second", f"at most {audience.CROWD} subscribers",
                   f"{audience.HEARABLE:.0f} readings a second", f"at most {audience.OFTEN:.0f} times a second"):
        assert figure in flat, figure
    assert (packet.DEEPEST, performer.SOON, performer.SAID, audience.LEASE) == (4, 2.0, 10.0, 300.0)  # in words there
