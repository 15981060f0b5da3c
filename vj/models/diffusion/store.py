"""The models on this machine: found, fetched, checked, removed. Knows files, licences and the hub; never torch.

Models by name lie in the cache of huggingface_hub, which other programs share. A model of the performer's own is a
diffusers folder or one .safetensors file, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vj.models.diffusion.blueprint import blueprint, decoder_for
from vj.models.diffusion.choice import NETWORKS, licences, wanted
from vj.models.diffusion.hub import Hub, Listing, Progress, digest_of, matches
from vj.models.diffusion.inspect import check_model, family_of_file, read_config, read_header, weight_files
from vj.models.diffusion.ledger import Ledger
from vj.models.diffusion.place import Place
from vj.models.diffusion.profile import DECODERS, PIECES, PROFILES, Piece, Profile, pieces_of
from vj.models.diffusion.room import gigabytes
from vj.types import VjError

_SPARE = 200_000_000
"""Bytes that a fetch leaves free on the disk."""


@dataclass(frozen=True, slots=True)
class Held:
    """How one piece stands here. ``folder`` None: not here. ``trouble``: why it cannot be used, "" if it can."""

    piece: Piece
    folder: Path | None
    size: int
    accepted: bool
    trouble: str


class Store:
    """All that is asked of model files."""

    def __init__(self, hub: Hub, ledger: Ledger) -> None:
        self.hub, self._ledger = hub, ledger

    @classmethod
    def open(cls) -> Store:
        """The machine's cache and the performer's ledger."""
        return cls(Hub(), Ledger.open())

    def find(self, what: str) -> Place:
        """The model called ``what``: one of vj's names, or the path of a folder or file. Asks no network.

        A model from the cache is checked against its checksums, once. Raises VjError, one sentence with the cure, for
        one that is not here, not accepted, incomplete or tampered with.
        """
        place, weights = self._located(what)
        self.verify(weights)
        return place

    def check(self, what: str) -> None:
        """Raises what ``find`` and whoever opens the model would, as far as configs and headers tell: nothing is
        hashed.
        """
        place, _ = self._located(what)
        blueprint(place, decoder_for(place))

    def _located(self, what: str) -> tuple[Place, list[Path]]:
        """Where a model lies, and the weights of it that vj has fetched."""
        if what in PROFILES:
            return self._by_name(PROFILES[what])
        path = Path(what).expanduser()
        if what.strip() == "" or not (path.exists() or path.suffix or len(path.parts) > 1):
            pieces_of(what)
            raise VjError(f"{what} is a part of a model: take one of {', '.join(PROFILES)}")
        return self._own(path)

    def held(self, piece: Piece) -> Held:
        """How a piece stands here, by its configs and headers; nothing is hashed."""
        folder = self.hub.cached(piece.repo)
        accepted = not piece.licence.ask or self._ledger.accepted(piece.name, piece.licence.name)
        if folder is None:
            return Held(piece, None, 0, accepted, "not here")
        try:
            self.files(piece, folder)
            trouble = "" if accepted else "licence not accepted"
        except VjError as error:
            trouble = str(error)
        return Held(piece, folder, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()), accepted,
                    trouble)

    def licence(self, piece: Piece) -> str:
        """The licence's own text as the repository gives it, from the cache or fetched now; "" if it has none."""
        folder = self.hub.cached(piece.repo)
        here = sorted(folder.glob("LICEN[CS]E*")) if folder is not None else []
        if not here and folder is None:
            listing = self.hub.listing(piece.repo)
            here = [self.hub.download(listing, file, lambda _: None) for file in licences(listing)]
        return "\n".join(path.read_text("utf-8", "replace") for path in here)

    def accept(self, piece: Piece) -> None:
        """The performer has accepted the piece's licence."""
        self._ledger.accept(piece.name, piece.licence.name)

    def size(self, piece: Piece) -> tuple[Listing, int]:
        """What a fetch would bring, and its bytes."""
        listing = self.hub.listing(piece.repo)
        return listing, sum(file.size for file in wanted(listing, piece))

    def fetch(self, piece: Piece, progress: Progress, listing: Listing | None = None) -> Path:
        """Bring a piece here, checked file by file; what is here and whole already is not fetched again.

        Raises VjError without acceptance, network or disk; then the cache stands as before, less what was damaged.
        """
        if piece.licence.ask and not self._ledger.accepted(piece.name, piece.licence.name):
            raise VjError(_unaccepted(piece.name, piece))
        listing = listing or self.hub.listing(piece.repo)
        files = wanted(listing, piece)
        self._check_disk(piece, sum(file.size for file in files))
        for file in files:
            path = self.hub.download(listing, file, progress)
            if path.suffix == ".safetensors":
                read_header(path)
                self._ledger.seal(path, file.digest)
        folder = self.hub.publish(listing)
        self.files(piece, folder)
        return folder

    def files(self, piece: Piece, folder: Path) -> list[Path]:
        """The weights of a piece in its folder. Raises VjError where it is incomplete or damaged; hashes nothing."""
        if piece.kind == "lora":
            paths = [folder / piece.file]
        elif piece.kind == "decoder":
            read_config(folder / "config.json")
            paths = weight_files(folder)
        else:
            blueprint(Place(piece.name, folder), "full")
            paths = [path for name in NETWORKS if (folder / name).is_dir() for path in weight_files(folder / name)]
        for path in paths:
            read_header(path)
        return paths

    def verify(self, paths: Iterable[Path]) -> None:
        """Hash what has changed since it was last found whole. Raises VjError for a file that is not what it was."""
        for path in paths:
            digest = digest_of(path) or self._ledger.digest(path)
            if not digest or self._ledger.whole(path, digest):
                continue
            if not matches(path, digest):
                raise VjError(f"{path} is not what was fetched (its checksum is wrong): remove the model with "
                              "`vj models remove` and fetch it again")
            self._ledger.seal(path, digest)

    def remove(self, name: str) -> int:
        """Delete a model or a piece from the cache; bytes freed. Decoders are small and shared: only by their name."""
        if is_own(name):
            raise VjError(f"{name} is your own: vj removes only what it has fetched")
        going = [piece for piece in pieces_of(name) if piece.kind != "decoder" or piece.name == name]
        return sum(self.hub.remove(piece.repo) for piece in going if self.hub.cached(piece.repo) is not None)

    def _by_name(self, profile: Profile) -> tuple[Place, list[Path]]:
        folders: dict[str, Path] = {}
        weights: list[Path] = []
        for piece in profile.pieces:
            folder = self.hub.cached(piece.repo)
            if folder is None:
                raise VjError(f"{profile.name} is not on this machine ({piece.repo} is missing): "
                              f"run `vj models fetch {profile.name}`")
            if piece.licence.ask and not self._ledger.accepted(piece.name, piece.licence.name):
                raise VjError(_unaccepted(profile.name, piece))
            weights += self.files(piece, folder)
            folders[piece.kind] = folder
        lora = folders["lora"] / profile.lora.file if profile.lora is not None else None
        return Place(profile.name, folders["model"], folders.get("decoder"), lora, profile.lora_scale,
                     profile.sampler), weights

    def _own(self, path: Path) -> tuple[Place, list[Path]]:
        """A model of the performer's own, with the tiny decoder of its family if that is in the cache."""
        place = Place.at(path)
        family = _family(path)
        decoder = self.hub.cached(DECODERS[family].repo)
        if decoder is None:
            return place, []
        return Place(place.name, path, decoder), self.files(DECODERS[family], decoder)

    def _check_disk(self, piece: Piece, size: int) -> None:
        free = self.hub.free()
        if size + _SPARE > free:
            raise VjError(f"{piece.name} takes {gigabytes(size)} and the disk of the cache has "
                          f"{gigabytes(free)} free: free some space, or set HF_HOME to a larger disk")


def is_own(name: str) -> bool:
    """Is this no name of vj's, but a path where something lies?"""
    return name not in PROFILES and name not in PIECES and Path(name).expanduser().exists()


def _family(path: Path) -> str:
    """A local model's family, by its config or header."""
    if path.is_dir():
        return check_model(path)
    if path.suffix == "" and not path.exists():
        raise VjError(f"{path} is not there: give the path of a diffusers folder or a .safetensors file")
    return family_of_file(read_header(path))


def _unaccepted(name: str, piece: Piece) -> str:
    return (f"{name} comes under the licence {piece.licence.name} ({piece.repo}), which has not been accepted here: "
            f"read and accept it with `vj models fetch {name}`")
