"""What OSC tells of itself, under ``/osc``."""

from __future__ import annotations

from vj.params.spec import integer, text

LOTS = 1_000_000_000
MOUNT = "osc"
READINGS = (
    integer("messages", 0, 0, LOTS, help="Messages understood."),
    integer("refused", 0, 0, LOTS, help="Packets and messages that were wrong, or not allowed."),
    integer("lost", 0, 0, LOTS, help="Packets and values left out because there were too many."),
    integer("strangers", 0, 0, LOTS, help="Packets from machines that are not allowed."),
    integer("subscribers", 0, 0, LOTS, help="How many are told of changes."),
    text("trouble", "", help="What was refused last."),
)
