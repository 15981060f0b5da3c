"""The hub that models come from, and its cache on this machine: huggingface_hub behind four verbs.

The cache is the one that other programs share: HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_ENDPOINT and HF_TOKEN mean
here what they mean there. Everything that can go wrong on the way is one sentence with the cure.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vj.models.diffusion.pulse import beat
from vj.types import VjError

_PATIENCE = 30.0
"""Seconds to wait for a listing."""
Progress = Callable[[int], None]
"""Called with the number of bytes that have come since the last call; negative when some must come again."""


@dataclass(frozen=True, slots=True)
class Remote:
    """One file on the hub: ``size`` bytes, and its ``digest``: sha256 of a large one, git's sha1 of a small one."""

    path: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository holds at one ``revision``."""

    repo: str
    revision: str
    files: tuple[Remote, ...]


class Hub:
    """The hub and its cache: as the environment sets them, or at an ``endpoint`` and in a folder ``cache``."""

    def __init__(self, endpoint: str | None = None, cache: Path | None = None) -> None:
        self._endpoint, self._cache = endpoint, cache

    def listing(self, repo: str) -> Listing:
        """All files of ``repo`` as it is now. Raises VjError without a network, offline, or where it is closed."""
        from huggingface_hub import HfApi

        with _told(repo):
            info = HfApi(self._endpoint).model_info(repo, files_metadata=True, timeout=_PATIENCE)
        files = tuple(Remote(s.rfilename, int(s.size or 0), s.lfs.sha256 if s.lfs is not None else str(s.blob_id or ""))
                      for s in info.siblings or ())
        return Listing(repo, str(info.sha), files)

    def download(self, listing: Listing, file: Remote, progress: Progress) -> Path:
        """Bring one file into the cache, checked against its digest; at once if it is there already and whole.

        Raises VjError when the connection, the disk or the digest fails; a file that fails its digest is deleted.
        """
        came = 0

        def count(more: int) -> None:
            nonlocal came
            came += more
            progress(more)

        path = self._bring(listing, file, count)
        if not _whole(path, file) and came == 0:  # an old one that was damaged in the cache
            path = self._bring(listing, file, count)
            _whole(path, file)
        if not path.exists():
            raise VjError(f"{file.path} of {listing.repo} came with a wrong checksum and was deleted: fetch it again")
        return path

    def _bring(self, listing: Listing, file: Remote, progress: Progress) -> Path:
        from huggingface_hub import hf_hub_download

        with _told(listing.repo, file.path):
            return Path(hf_hub_download(listing.repo, file.path, revision=listing.revision, endpoint=self._endpoint,
                                        cache_dir=self._home(), tqdm_class=_bar(progress)))

    def cached(self, repo: str) -> Path | None:
        """The folder of the newest revision that lies in the cache, or None. Asks no network."""
        home = self._home(repo)
        try:
            folder = home / "snapshots" / (home / "refs" / "main").read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        return folder if folder.is_dir() else None

    def publish(self, listing: Listing) -> Path:
        """Make a revision the one that ``cached`` finds; called when all of it has come, so that half a model is none.

        (In the cache's layout ``refs/main`` holds the name of the newest revision.)
        """
        home = self._home(listing.repo)
        with _told(listing.repo):
            (home / "refs").mkdir(parents=True, exist_ok=True)
            (home / "refs" / "main").write_text(listing.revision, "ascii")
        return home / "snapshots" / listing.revision

    def remove(self, repo: str) -> int:
        """Delete every revision of ``repo`` from the cache; the bytes that are free again."""
        from huggingface_hub import scan_cache_dir
        from huggingface_hub.errors import CacheNotFound

        try:
            cache = scan_cache_dir(self._home())
        except CacheNotFound:
            return 0
        revisions = [revision.commit_hash for held in cache.repos if held.repo_id == repo and held.repo_type == "model"
                     for revision in held.revisions]
        plan = cache.delete_revisions(*revisions)
        with _told(repo):
            plan.execute()
        return int(plan.expected_freed_size)

    def free(self) -> int:
        """Bytes free on the disk of the cache."""
        folder = self._home()
        return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free

    def page(self, repo: str) -> str:
        """The address of a repository's page."""
        from huggingface_hub import constants

        return f"{self._endpoint or constants.ENDPOINT}/{repo}"

    def _home(self, repo: str = "") -> Path:
        """The cache, or the folder of one repository in it."""
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        cache = self._cache or Path(constants.HF_HUB_CACHE)
        return cache / repo_folder_name(repo_id=repo, repo_type="model") if repo else cache


def digest_of(path: Path) -> str:
    """What a cached file should hash to, by the name of its blob; "" where the cache keeps no blobs (Windows)."""
    name = path.resolve().name
    is_blob = path.is_symlink() and len(name) in (40, 64) and not set(name) - set("0123456789abcdef")
    return name if is_blob else ""


def matches(path: Path, digest: str) -> bool:
    """Does the file hash to ``digest``: 64 letters sha256, 40 git's sha1 of a blob?"""
    found = hashlib.sha256() if len(digest) == 64 else hashlib.sha1(b"blob %d\0" % path.stat().st_size,
                                                                    usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
            beat()
    return found.hexdigest() == digest


def _whole(path: Path, file: Remote) -> bool:
    """Does it hash to what the hub said? If not it is deleted, its blob too."""
    if not file.digest or matches(path, file.digest):
        return True
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    return False


def _bar(progress: Progress) -> Any:
    """A class that looks to huggingface_hub like tqdm and tells ``progress``."""
    class Bar:
        def __init__(self, *_: object, total: int | None = None, initial: int = 0, **__: object) -> None:
            self.total, self.n = total, initial

        def update(self, count: float | None = 1) -> None:
            self.n += int(count or 0)
            progress(int(count or 0))

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def close(self) -> None: ...
        def refresh(self, *_: object, **__: object) -> None: ...
        def set_description(self, *_: object, **__: object) -> None: ...
        def set_postfix_str(self, *_: object, **__: object) -> None: ...

    return Bar


@contextmanager
def _told(repo: str, file: str = "") -> Iterator[None]:
    """Every failure on the way to the hub as one sentence."""
    from huggingface_hub import errors

    what = f"{file} of {repo}" if file else repo
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # what it would say of retries, the sentence says
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise VjError(f"{what} cannot be fetched while HF_HUB_OFFLINE is set: unset it once, or copy the cache of a "
                      "machine that has the model") from error
    except errors.GatedRepoError as error:
        raise VjError(f"{repo} is given out only after its terms are accepted on its page: do that, make a token "
                      "there, and set HF_TOKEN") from error
    except errors.RepositoryNotFoundError as error:
        raise VjError(f"the hub knows no {repo}, or does not show it without HF_TOKEN: give another copy of the model "
                      "by its path") from error
    except errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no")
        raise VjError(f"the hub answered {status} for {what}: try again later") from error
    except OSError as error:
        raise VjError(_of_system(what, error)) from error
    except Exception as error:
        if not _is_network(error):
            raise
        raise VjError(_NO_NETWORK.format(what)) from error


_NO_NETWORK = ("{} cannot be fetched, the hub does not answer: check the network, or copy the cache of a machine that "
               "has it")


def _of_system(what: str, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full, {what} did not fit: free some space, or set HF_HOME to a larger disk"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename or what} cannot be written: check its rights, or set HF_HOME to a folder of yours"
    if "Consistency check failed" in str(error):
        return f"{what} came incomplete: fetch it again"
    if isinstance(error, ConnectionError | TimeoutError) or error.errno is None:
        return _NO_NETWORK.format(what)
    return f"{what} could not be fetched ({os.strerror(error.errno)}): try again"


def _is_network(error: Exception) -> bool:
    """Is it one of the errors of the HTTP client that huggingface_hub uses, whichever that is today?"""
    kinds = {base.__name__ for base in type(error).__mro__}
    return bool(kinds & {"HTTPError", "TransportError", "RequestError", "XetDownloadError", "FileMetadataError"})
