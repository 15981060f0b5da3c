from __future__ import annotations

import pytest

from vj.params.looks import find_look, look_names, read_look
from vj.types import VjError

GOOD = """
mood = "slow"
generator = "cppn"
effects = ["bloom"]
[sources.k]
kind = "envelope"
[[routes]]
source = "k"
target = "/fx/bloom/amount"
depth = 0.3
[values]
"/a/walk/speed" = 0.2
"""


def test_a_look_is_read(tmp_path):
    (tmp_path / "calm.toml").write_text(GOOD)
    look = find_look("calm", [tmp_path])
    assert (look.name, look.mood, look.drive, look.effects) == ("calm", "slow", "drift", ("bloom",))
    assert look.values == {"/a/walk/speed": 0.2}
    assert look_names([tmp_path, tmp_path / "none"]) == ["calm"]


@pytest.mark.parametrize(("old", "new", "message"), [
    ("mood =", "mod =", r"unknown key 'mod'; did you mean 'mood'"),
    ('mood = "slow"', "", "'mood' must be a text, and is missing"),
    ('effects = ["bloom"]', 'effects = "bloom"', "'effects' must be a list"),
    ('effects = ["bloom"]', 'effects = ["bloom", "bloom"]', "different effect names"),
    ("depth = 0.3", "depth = 3", "'depth' must be a number from -1 to 1"),
    ("depth = 0.3", 'curve = "exp"', "'curve' must be one of"),
    ("depth = 0.3", "dept = 0.3", "did you mean 'depth'"),
    ('kind = "envelope"', 'knd = "envelope"', "did you mean 'kind'"),
    ('"/a/walk/speed" = 0.2', '"/a/walk/speed" = [1]', "/a/walk/speed: a value must be a number"),
    ('mood = "slow"', "mood = ", "cannot be read"),
])
def test_a_wrong_file_is_refused_by_name(tmp_path, old, new, message):
    path = tmp_path / "calm.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(VjError, match=r"calm\.toml") as error:
        read_look(path)
    assert message in str(error.value)


def test_unknown_and_dangerous_names(tmp_path):
    (tmp_path / "calm.toml").write_text(GOOD)
    with pytest.raises(VjError, match="did you mean 'calm'"):
        find_look("clam", [tmp_path])
    with pytest.raises(VjError, match="no look called"):
        find_look("../calm", [tmp_path / "x"])


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.toml"
    path.write_text("#" * 300_000)
    with pytest.raises(VjError, match="at most 256 KiB"):
        read_look(path)
