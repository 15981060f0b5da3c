"""A hub on this machine: the double of the one that models come from, for tests and for rehearsals without a network.

``with HubDouble(folder) as hub:`` serves every ``folder/<owner>/<name>/`` as a repository at ``hub.address``, to be
given to huggingface_hub as HF_ENDPOINT. It can be told to fail.
"""

from __future__ import annotations

import hashlib
import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

LARGE = 10_000
"""From this size on a file is stored by its sha256, as large files are; below by git's sha1."""


class HubDouble:
    """``statuses``: path -> the HTTP status it is refused with. ``spoiled``: paths whose bytes come changed.
    ``cut``: paths whose connection ends half way. ``asked`` counts what was asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.statuses: dict[str, int] = {}
        self.spoiled: set[str] = set()
        self.cut: set[str] = set()
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Visit, self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> HubDouble:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def revision(self, repo: str) -> str:
        """A name for what the repository holds now."""
        names = "\n".join(f"{path} {path.stat().st_size}" for path in self.files(repo))
        return hashlib.sha1(names.encode(), usedforsecurity=False).hexdigest()

    def files(self, repo: str) -> list[Path]:
        """The repository's files."""
        return sorted(path for path in (self.folder / repo).rglob("*") if path.is_file())


class _Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, hub: HubDouble, *args: object) -> None:
        self.hub = hub
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_HEAD(self) -> None:
        """A file's headers."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """A listing or a file."""
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        if path.startswith("/api/models/"):
            self._list(path.removeprefix("/api/models/").partition("/revision/")[0])
            return
        repo, _, rest = path.strip("/").partition("/resolve/")
        name = rest.partition("/")[2]
        file = self.hub.folder / repo / name
        if self.hub.statuses.get(name):
            self._refuse(self.hub.statuses[name])
        elif file.is_file() and file.resolve().is_relative_to(self.hub.folder.resolve()):
            self._send(repo, name, file.read_bytes(), body=body)
        else:
            self._refuse(404, "EntryNotFound")

    def _list(self, repo: str) -> None:
        if self.hub.statuses.get(repo) or not (self.hub.folder / repo).is_dir():
            status = self.hub.statuses.get(repo, 404)
            self._refuse(status, "GatedRepo" if status == 403 else "RepoNotFound" if status == 404 else "")
            return
        siblings = [_sibling(path, path.relative_to(self.hub.folder / repo).as_posix())
                    for path in self.hub.files(repo)]
        about = {"id": repo, "modelId": repo, "sha": self.hub.revision(repo), "siblings": siblings, "tags": [],
                 "private": False, "downloads": 0, "likes": 0}
        content = json.dumps(about).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(content))})
        self.wfile.write(content)

    def _send(self, repo: str, name: str, content: bytes, *, body: bool) -> None:
        etag = _digest(content)
        self._head(200, {"X-Repo-Commit": self.hub.revision(repo), "ETag": f'"{etag}"', "X-Linked-ETag": f'"{etag}"',
                         "X-Linked-Size": str(len(content)), "Content-Length": str(len(content))})
        if not body:
            return
        if name in self.hub.spoiled:
            content = bytes([content[0] ^ 255]) + content[1:]
        if name in self.hub.cut:
            content = content[:len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)

    def _refuse(self, status: int, code: str = "") -> None:
        self._head(status, {"Content-Length": "0"} | ({"X-Error-Code": code} if code else {}))

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _sibling(path: Path, name: str) -> dict[str, object]:
    content = path.read_bytes()
    about: dict[str, object] = {"rfilename": name, "size": len(content)}
    if len(content) >= LARGE:
        return about | {"blobId": "0" * 40, "lfs": {"sha256": _digest(content), "size": len(content),
                                                    "pointerSize": 134}}
    return about | {"blobId": _digest(content)}


def _digest(content: bytes) -> str:
    if len(content) >= LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
