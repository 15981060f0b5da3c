"""The live loop: how Python behaves while it runs."""

from __future__ import annotations

import gc
import sys

import pytest

from vj.clock import TURN
from vj.performance import on_stage


def test_nothing_of_the_beginning_is_searched_through_while_the_show_runs() -> None:
    there: list[list[int]] = [[] for _ in range(50_000)]
    with on_stage():
        assert len(gc.get_objects()) < len(there) < gc.get_freeze_count()
    assert gc.get_freeze_count() == 0


def test_it_ends_as_it_was_whatever_happens() -> None:
    before = sys.getswitchinterval()
    turns = []

    def show() -> None:
        with on_stage():
            turns.append(sys.getswitchinterval())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show()
    assert turns == [pytest.approx(min(before, TURN))]
    assert sys.getswitchinterval() == before
    assert gc.get_freeze_count() == 0
