"""The prompts that wait: a parameter holds them, one on a line, so that every surface sees the same queue."""

from __future__ import annotations

from collections.abc import Sequence

from vj.params.spec import integer, text, trigger
from vj.types import Values, VjError
from vj.walk.prompts import LONGEST, cleaned

QUEUE = (
    text("waiting", help="The prompts that wait, one on a line, the next one first."),
    text("add", each=True, help="Put a prompt at the end of the queue."),
    text("drop", each=True, help="Take a prompt out of the queue, by its words."),
    trigger("next", help="Play the next prompt now."),
    trigger("clear", help="Empty the queue."),
    integer("bars", 4, 0, 64, unit="bars", help="A prompt is played every so many bars; 0: only by hand."),
)


def queued(values: Values) -> list[str]:
    """The prompts that wait, in order."""
    return [words for line in str(values.get("waiting", "")).split("\n") if (words := cleaned(line))]


def added(waiting: Sequence[str], words: str) -> str:
    """The queue with ``words`` at its end, as its parameter has it. Raises VjError where it is full."""
    text = "\n".join((*waiting, cleaned(words)))
    if len(text) > LONGEST:
        raise VjError(f"the queue of prompts is full: its {len(waiting)} prompts have {LONGEST} characters at most")
    return text


def dropped(waiting: Sequence[str], words: str) -> str:
    """The queue without the first prompt of these words. Raises VjError where none is."""
    rest = list(waiting)
    if cleaned(words) not in rest:
        raise VjError(f"no prompt in the queue is {cleaned(words)[:60]!r}")
    rest.remove(cleaned(words))
    return "\n".join(rest)
