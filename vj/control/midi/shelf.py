"""Where bindings lie: the performer's own files and those that come with vj, found by the names of ports.

What is learnt is added to ``<box>.toml`` in the performer's folder, in one step that no crash can halve. A file that
cannot be read is never written over: it is put aside under another name first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from vj.control.midi.binding import Binding, Layout
from vj.control.midi.bindingfile import Reading, parse_layout, read_layout, read_text
from vj.control.midi.filetext import added, created, loses_words, without
from vj.types import VjError

MOST_FILES = 200
UNDONE = 20
"""Steps back that are kept."""
_LETTERS = re.compile(r"[^a-z0-9]+")


def file_stem(name: str) -> str:
    """A box's name as a file's: letters and digits, at most 60."""
    return _LETTERS.sub("_", name.casefold()).strip("_")[:60] or "box"


@dataclass(frozen=True, slots=True)
class Step:
    """A file as it was before it was changed, None where there was none, and after."""

    path: Path
    text: str | None
    after: str
    sentence: str


class Shelf:
    """``own``: the folder that is written to; ``given``: the one that comes with vj. ``news`` tells what was wrong."""

    def __init__(self, own: Path, given: Path) -> None:
        self.news: list[str] = []
        self._own, self._given = own, given
        self._steps: list[Step] = []
        self._layouts: tuple[list[Layout], list[Layout]] = ([], [])
        self._stamps: dict[str, tuple[int, int]] = {}
        self._read: dict[Path, tuple[tuple[int, int] | None, Reading]] = {}
        self.read()

    def changed(self) -> bool:
        """Has a hand edited one of the performer's files since they were read?"""
        return self._stamped() != self._stamps

    def _stamped(self) -> dict[str, tuple[int, int]]:
        try:
            with os.scandir(self._own) as entries:
                files = [entry for entry in islice(entries, MOST_FILES) if entry.name.endswith(".toml")]
                return {file.name: ((stat := file.stat()).st_mtime_ns, stat.st_size) for file in files}
        except OSError:
            return {}

    def read(self) -> None:
        """Read the performer's files anew, those of them that have changed."""
        self._stamps = self._stamped()
        self._layouts = self._folder(self._own), self._layouts[1] or self._folder(self._given)

    def layout(self, name: str) -> Layout | None:
        """What the box at a port called ``name`` does: the performer's own bindings, and for controls that those leave
        alone the given ones of the file that knows most of the name. None where nobody knows it.
        """
        own, given = ([one for one in layouts if one.matches(name)] for layouts in self._layouts)
        best = max(given, key=lambda one: one.matches(name), default=None)
        best = best or next((one for one in self._layouts[1] if one.fallback), None)
        known = [*sorted(own, key=lambda one: -one.matches(name)), *([best] if best else [])]
        first = next((n for n, one in enumerate(known, 1) if one.only), len(known))
        return _merged(known[:first]) if known else None

    # ------------------------------------------------------------------------------------ learning

    def learn(self, box: str, match: Sequence[str], binding: Binding) -> None:
        """Add ``binding`` to the file of the box called ``box``, whose ports' names have one of ``match`` in them; what
        turned its target in that file before does so no more. Raises VjError where it cannot be written.
        """
        self._change(box, match, f"{binding.control.words} of {box} does again what it did",
                     lambda text, layout: added(_freed(text, layout, binding.target), binding))

    def forget(self, box: str, match: Sequence[str], layout: Layout, target: str) -> int:
        """Let no control of a box, which does ``layout``, turn ``target``; how many did. Raises VjError where its file
        cannot be written.
        """
        bindings = [binding for binding in layout.controls if binding.target == target]

        def change(text: str, own: Layout) -> str:
            learnt = {(binding.control, binding.bank) for binding in own.controls if binding.target == target}
            text = _freed(text, own, target)
            for binding in bindings:
                if (binding.control, binding.bank) not in learnt:  # a given one: said to do nothing
                    text = added(text, Binding(binding.control, "", binding.channel, binding.bank))
            return text

        if bindings:
            self._change(box, match, f"{target} is turned again as it was", change)
        return len(bindings)

    def undo(self) -> str:
        """Take the last change back; what that means in words, empty where there is none. Raises VjError."""
        if not self._steps:
            return ""
        step = self._steps.pop()
        self._read.pop(step.path, None)
        try:
            if step.path.exists() and (now := step.path.read_text("utf-8", errors="replace")) != step.after:
                self._keep(step.path, now)
            if step.text is None:
                step.path.unlink(missing_ok=True)
            else:
                _write(step.path, step.text)
        except OSError as error:
            raise VjError(f"{step.path}: this binding file cannot be written: {error}") from error
        self.read()
        return step.sentence

    def _change(self, box: str, match: Sequence[str], sentence: str, change: Callable[[str, Layout], str]) -> None:
        path = self._own / f"{file_stem(box)}.toml"
        try:
            before = self._present(path)
            text = before if before is not None else created(box, match)
            text = change(text, parse_layout(text, str(path)).layout)
            if before is not None and loses_words(before, text):
                self._keep(path, before)
            _write(path, text)
        except OSError as error:
            raise VjError(f"{path}: this binding file cannot be written: {error}") from error
        self._steps = [*self._steps[1 - UNDONE:], Step(path, before, text, sentence)]
        self._read.pop(path, None)
        self.read()

    def _keep(self, path: Path, text: str) -> None:
        """What a hand wrote there is kept beside it."""
        aside = _free(path, "before")
        _write(aside, text)
        self.news.append(f"{path} is written anew; as it was it is kept as {aside.name}")

    def _present(self, path: Path) -> str | None:
        """The text of ``path``, None where there is none. What cannot be read is put aside."""
        if not path.exists():
            return None
        try:
            text = read_text(path)
            parse_layout(text, str(path))
        except VjError as error:
            aside = _free(path, "broken")
            os.replace(path, aside)
            self.news.append(f"{error}; it is kept as {aside.name}, and a new one is begun")
            return None
        return text

    def _folder(self, folder: Path) -> list[Layout]:
        layouts = []
        try:
            paths = sorted(folder.glob("*.toml"))[:MOST_FILES] if folder.is_dir() else []
        except OSError:
            paths = []
        for path in paths:
            try:
                reading = self._reading(path)
            except VjError as error:
                self._tell([str(error)])
                continue
            more = [f"{path}: {len(reading.wrong) - 1} more controls are wrong"] if len(reading.wrong) > 1 else []
            self._tell([*reading.wrong[:1], *more])
            layouts.append(reading.layout)
        return layouts

    def _reading(self, path: Path) -> Reading:
        """What a file says; one that has not changed is not read again, for that takes the show's processor."""
        stamp = self._stamps.get(path.name) if path.parent == self._own else None
        known = self._read.get(path)
        if known is not None and stamp is not None and known[0] == stamp:
            return known[1]
        reading = read_layout(path)
        self._read[path] = stamp, reading
        return reading

    def _tell(self, sentences: Iterable[str]) -> None:
        self.news += [sentence for sentence in sentences if sentence not in self.news]


def _freed(text: str, layout: Layout, target: str) -> str:
    """The file without what turns ``target``."""
    return without(text, target) if any(binding.target == target for binding in layout.controls) else text


def _merged(layouts: list[Layout]) -> Layout:
    """The first one's box, with each control as the first of them that knows it has it."""
    controls: list[Binding] = []
    for layout in layouts:
        known = {(binding.control, binding.bank) for binding in controls}
        controls += [binding for binding in layout.controls if (binding.control, binding.bank) not in known]
    given: dict[str, Any] = {}
    if len(layouts) > 1:
        last = layouts[-1]
        given = {"channel": last.channel, "banked": last.banked, "outputs": layouts[0].outputs + last.outputs}
    return replace(layouts[0], controls=tuple(controls), **given)


def _free(path: Path, why: str) -> Path:
    """A name beside ``path`` that nobody has."""
    names = (path.with_name(f"{path.name}.{why}{n}") for n in range(1, 10_000))
    return next((name for name in names if not name.exists()), path.with_name(f"{path.name}.{why}"))


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
