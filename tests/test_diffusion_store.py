"""Fetching from a double of the hub into a cache of its own, finding, checking, removing; what can go wrong."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusion_kit as kit
import pytest

from vj.models.diffusion.double import HubDouble
from vj.models.diffusion.hub import Hub, digest_of, matches
from vj.models.diffusion.ledger import Ledger
from vj.models.diffusion.profile import PIECES, PROFILES
from vj.models.diffusion.store import Store
from vj.types import VjError


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kit.hub(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def far(shelves: Path) -> Iterator[HubDouble]:
    with HubDouble(shelves) as double:
        yield double


@pytest.fixture
def store(far: HubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose hub is the double and whose cache is empty; nothing waits before it tries again."""
    monkeypatch.setattr("huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda _: None, time=time.time))
    monkeypatch.setattr("huggingface_hub.file_download.time", SimpleNamespace(sleep=lambda _: None))
    return Store(Hub(far.address, tmp_path / "cache"), Ledger(tmp_path / "home" / "models.json"))


@pytest.fixture(scope="module")
def full(shelves: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with sd-turbo fetched into it."""
    home = tmp_path_factory.mktemp("full")
    with HubDouble(shelves) as double:
        fetched(Store(Hub(double.address, home / "cache"), Ledger(home / "models.json")), "sd-turbo")
    return home


@pytest.fixture
def filled(full: Path, far: HubDouble, tmp_path: Path) -> Store:
    """A store that has sd-turbo."""
    shutil.copytree(full, tmp_path / "filled", symlinks=True)
    return Store(Hub(far.address, tmp_path / "filled" / "cache"), Ledger(tmp_path / "filled" / "models.json"))


def fetched(store: Store, name: str) -> int:
    """Accept and fetch all of a profile; the bytes that were told to have come."""
    count = 0

    def came(more: int) -> None:
        nonlocal count
        count += more

    for piece in PROFILES[name].pieces:
        store.accept(piece)
        store.fetch(piece, came)
    return count


# ------------------------------------------------------------------------------------------- fetching


def test_a_model_is_fetched_checked_and_found_again(store: Store) -> None:
    size = sum(store.size(piece)[1] for piece in PROFILES["sd-turbo"].pieces)
    assert fetched(store, "sd-turbo") == size
    place = store.find("sd-turbo")
    assert place.name == "sd-turbo"
    assert place.sampler == "euler"
    assert place.decoder is not None
    assert (place.decoder / "diffusion_pytorch_model.safetensors").is_file()
    names = {path.relative_to(place.model).as_posix() for path in place.model.rglob("*") if path.is_file()}
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in names
    assert "tokenizer/merges.txt" in names
    assert "LICENSE.md" in names
    assert not {name for name in names if name.endswith((".bin", "model.safetensors")) or name == "README.md"}


def test_the_lcm_profile_brings_its_lora_and_sdxs_its_own_decoders(store: Store) -> None:
    fetched(store, "lcm")
    place = store.find("lcm")
    assert place.sampler == "lcm"
    assert place.lora is not None
    assert place.lora.name == "pytorch_lora_weights.safetensors"
    fetched(store, "sdxs")
    small = store.find("sdxs")
    assert small.decoder is None
    assert (small.model / "vae_large" / "diffusion_pytorch_model.safetensors").is_file()


def test_without_acceptance_nothing_is_fetched_and_nothing_is_used(store: Store, far: HubDouble) -> None:
    turbo = PIECES["sd-turbo"]
    with pytest.raises(VjError, match="licence sai-nc-community"):
        store.fetch(turbo, lambda _: None)
    assert not far.asked

def test_what_cannot_be_remembered_is_not_accepted(filled: Store, tmp_path: Path) -> None:
    turbo = PIECES["sd-turbo"]
    (tmp_path / "file").write_text("in the way")
    forgetful = Store(filled.hub, Ledger(tmp_path / "file" / "models.json"))
    with pytest.raises(VjError, match="read and accept it with `vj models fetch sd-turbo`"):
        forgetful.find("sd-turbo")
    with pytest.raises(VjError, match="cannot be written"):
        forgetful.accept(turbo)
    assert forgetful.held(turbo).trouble == "licence not accepted"


def test_the_licence_is_shown_in_its_own_words_before_anything_else_comes(store: Store, far: HubDouble) -> None:
    assert store.licence(PIECES["sd-turbo"]) == "Terms of a test: be kind.\n"
    assert [path for path in far.asked if path.startswith("GET /stab")] == [
        f"GET /stabilityai/sd-turbo/resolve/{far.revision('stabilityai/sd-turbo')}/LICENSE.md"]
    assert store.held(PIECES["sd-turbo"]).folder is None


def test_what_is_here_is_not_fetched_again_and_needs_no_network(filled: Store, far: HubDouble,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetched(filled, "sd-turbo") == 0
    assert not [path for path in far.asked if path.startswith("GET /stab")]
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert filled.find("sd-turbo").model.is_dir()
    with pytest.raises(VjError, match="HF_HUB_OFFLINE is set: unset it once"):
        filled.fetch(PIECES["taesdxl"], lambda _: None)


# ----------------------------------------------------------------------------------------- going wrong


def test_a_file_that_comes_changed_is_deleted_and_told(store: Store, far: HubDouble) -> None:
    far.spoiled.add("vae/diffusion_pytorch_model.fp16.safetensors")
    with pytest.raises(VjError, match=r"vae/diffusion_pytorch_model.fp16.safetensors of .* wrong checksum.*again"):
        fetched(store, "sd-turbo")
    assert store.held(PIECES["sd-turbo"]).folder is None
    with pytest.raises(VjError, match=r"not on this machine .*run `vj models fetch sd-turbo`"):
        store.find("sd-turbo")
    far.spoiled.clear()
    fetched(store, "sd-turbo")
    assert not store.held(PIECES["sd-turbo"]).trouble


def test_a_small_file_that_comes_changed_is_noticed_too(store: Store, far: HubDouble) -> None:
    far.spoiled.add("scheduler/scheduler_config.json")
    with pytest.raises(VjError, match=r"scheduler_config.json of .* wrong checksum"):
        fetched(store, "sd-turbo")


def test_a_connection_that_ends_half_way_leaves_no_half_model(store: Store, far: HubDouble) -> None:
    far.cut.add("unet/diffusion_pytorch_model.fp16.safetensors")
    with pytest.raises(VjError, match=r"unet/.* of stabilityai/sd-turbo (came incomplete|cannot be fetched)"):
        fetched(store, "sd-turbo")
    assert store.held(PIECES["sd-turbo"]).folder is None


@pytest.mark.parametrize(("status", "said"), [
    (403, "terms are accepted on its page"), (404, "the hub knows no stabilityai/sd-turbo"),
    (500, "the hub answered 500 .* try again later")])
def test_a_repository_that_is_closed_says_what_to_do(store: Store, far: HubDouble, status: int, said: str) -> None:
    far.statuses["stabilityai/sd-turbo"] = status
    with pytest.raises(VjError, match=said):
        fetched(store, "sd-turbo")


def test_without_a_network_one_sentence(tmp_path: Path) -> None:
    store = Store(Hub("http://127.0.0.1:9", tmp_path), Ledger(tmp_path / "models.json"))
    with pytest.raises(VjError, match=r"^madebyollin/taesd cannot be fetched, the hub does not answer: check the "):
        store.fetch(PIECES["taesd"], lambda _: None)


def test_a_disk_without_room_is_found_before_and_on_the_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.hub, "free", lambda: 1000)
    with pytest.raises(VjError, match=r"takes 0\.3 MB and the disk of the cache has 0\.0 MB free: free some space"):
        store.fetch(PIECES["taesd"], lambda _: None)
    monkeypatch.undo()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    listing = SimpleNamespace(repo="a/b", revision="0" * 40)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", full)
    with pytest.raises(VjError, match="the disk is full, x of a/b did not fit"):
        store.hub.download(listing, SimpleNamespace(path="x", digest=""), lambda _: None)  # type: ignore[arg-type]


def test_a_repository_with_pickles_alone_is_refused_before_a_byte_comes(store: Store, far: HubDouble, tmp_path: Path,
                                                                       shelves: Path) -> None:
    shutil.copytree(shelves / "stabilityai" / "sd-turbo", tmp_path / "shelf" / "stabilityai" / "sd-turbo")
    for path in (tmp_path / "shelf" / "stabilityai" / "sd-turbo" / "unet").glob("*.safetensors"):
        path.unlink()
    far.folder = tmp_path / "shelf"
    with pytest.raises(VjError, match="only pickled weights, which can run code in unet/: give"):
        fetched(store, "sd-turbo")


# ------------------------------------------------------------------------------------ finding and removing


def test_a_file_that_was_tampered_with_is_refused(filled: Store) -> None:
    file = filled.find("sd-turbo").model / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.resolve().write_bytes(content)
    with pytest.raises(VjError, match=r"unet.*is not what was fetched .its checksum is wrong.: remove the model"):
        filled.find("sd-turbo")


def test_a_whole_file_is_hashed_once(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.find("sd-turbo")
    monkeypatch.setattr("vj.models.diffusion.store.matches", lambda *_: pytest.fail("hashed again"))
    assert filled.find("sd-turbo").name == "sd-turbo"


def test_a_cache_that_another_program_filled_is_hashed_at_first_sight(filled: Store, tmp_path: Path) -> None:
    other = Store(filled.hub, Ledger(tmp_path / "other.json"))
    other.accept(PIECES["sd-turbo"])
    place = other.find("sd-turbo")
    sealed = json.loads((tmp_path / "other.json").read_text())["whole"]
    assert len(sealed) == 4  # unet, vae, text encoder, tiny decoder
    assert all(matches(Path(path), digest) for path, (digest, *_) in sealed.items())
    assert digest_of(place.model / "unet" / "diffusion_pytorch_model.fp16.safetensors") in sealed_digests(sealed)


def sealed_digests(sealed: dict[str, Any]) -> set[str]:
    return {digest for digest, *_ in sealed.values()}


def test_where_the_cache_keeps_no_blobs_the_checksum_of_the_fetch_is_remembered(store: Store, tmp_path: Path) -> None:
    ledger, file = Ledger(tmp_path / "m.json"), tmp_path / "plain.safetensors"
    file.write_bytes(b"whole")
    ledger.seal(file, hashlib.sha256(b"whole").hexdigest())
    store = Store(store.hub, ledger)
    store.verify([file])
    file.write_bytes(b"whole!")
    with pytest.raises(VjError, match="is not what was fetched"):
        store.verify([file])


def test_a_model_of_ones_own_takes_the_tiny_decoder_of_its_family(store: Store, shelves: Path) -> None:
    folder = shelves / "stabilityai" / "sdxl-turbo"
    assert store.find(str(folder)).decoder is None
    store.fetch(PIECES["taesdxl"], lambda _: None)
    decoder = store.find(str(folder)).decoder
    assert decoder is not None
    assert "taesdxl" in str(decoder)


@pytest.mark.parametrize(("what", "said"), [
    ("sd-turbu", "there is no model 'sd-turbu': take one of sd-turbo, sdxl-turbo, lcm, sdxs"),
    ("", "there is no model ''"), ("taesd", "taesd is a part of a model"),
    ("/no/such/folder", "/no/such/folder is not there"), ("/no/such.safetensors", "cannot be read"),
    ("/etc/x.ckpt", "may be pickled")])
def test_what_is_no_model_gets_one_sentence(store: Store, what: str, said: str) -> None:
    with pytest.raises(VjError) as caught:
        store.find(what)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_removing_frees_the_disk_and_leaves_what_others_need(filled: Store, shelves: Path) -> None:
    assert filled.remove("sd-turbo") > 1_000_000
    assert filled.held(PIECES["sd-turbo"]).folder is None
    assert filled.held(PIECES["taesd"]).folder is not None
    assert filled.remove("sd-turbo") == 0
    assert filled.remove("taesd") > 100_000
    with pytest.raises(VjError, match="is your own"):
        filled.remove(str(shelves))
    assert shelves.is_dir()


# ------------------------------------------------------------------------------------- before a show


def test_a_model_is_looked_at_without_hashing_it(filled: Store, monkeypatch: pytest.MonkeyPatch,
                                                 tmp_path: Path) -> None:
    monkeypatch.setattr("vj.models.diffusion.store.matches", lambda *_: pytest.fail("hashed"))
    folder = filled.hub.cached(PROFILES["sd-turbo"].model.repo)
    assert folder is not None
    filled.check("sd-turbo")
    weights = folder / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    weights.resolve().write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(VjError, match=r"unet.*is cut short .*fetch it again"):
        filled.check("sd-turbo")
    with pytest.raises(VjError, match="vj models fetch lcm"):
        filled.check("lcm")
    own = kit.sd2(tmp_path / "own")
    filled.check(str(own))
    shutil.rmtree(own / "text_encoder")
    with pytest.raises(VjError, match=r"text_encoder.*is not complete, fetch it again"):
        filled.check(str(own))
