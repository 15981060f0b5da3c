"""``vj models``: what is here, what can be had, under which licence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from vj.models.diffusion.blueprint import Blueprint, blueprint, decoder_for
from vj.models.diffusion.inspect import FAMILIES
from vj.models.diffusion.place import Place
from vj.models.diffusion.profile import DECODERS, PIECES, PROFILES, Piece, Profile, pieces_of
from vj.models.diffusion.room import gigabytes
from vj.models.diffusion.store import Held, Store, is_own
from vj.report import show
from vj.types import VjError

Ask = Callable[[str], bool]
"""Asks the performer; True is yes."""


def list_models(as_json: bool, store: Store | None = None) -> None:
    """Every model by name and every piece, and whether it can be used now."""
    store = store or Store.open()
    held = {name: store.held(piece) for name, piece in PIECES.items()}
    models = [_model_row(profile, [held[piece.name] for piece in profile.pieces]) for profile in PROFILES.values()]
    pieces = [_piece_row(one) for one in held.values()]
    if as_json:
        print(json.dumps({"models": models, "pieces": pieces}, indent=1))  # noqa: T201 - asked for
        return
    show("models", models)
    show("pieces", pieces)


def info(what: str, as_json: bool, store: Store | None = None) -> None:
    """One model: its terms and its files, or what a performer's own folder or file is."""
    store = store or Store.open()
    if what in PROFILES or what in PIECES:
        facts = _known(what, store)
    else:
        place = store.find(what)
        facts = _own(place, blueprint(place, decoder_for(place)))
    if as_json:
        print(json.dumps(facts, indent=1))  # noqa: T201 - asked for
        return
    console = Console(highlight=False)
    for name, value in facts.items():
        console.print(f"[bold]{name:10}[/] {_text(value)}", soft_wrap=True)


def fetch(name: str, accept_licence: bool, ask: Ask | None, quiet: bool, store: Store | None = None) -> None:
    """Show and ask for the licences that were not accepted yet, then bring what is missing. ``ask`` None: nobody can
    be asked, so ``accept_licence`` must say it.
    """
    store = store or Store.open()
    console = Console(highlight=False, quiet=quiet)
    if is_own(name):
        raise VjError(f"{name} is here already: give it to a show with --model")
    pieces = pieces_of(name)
    _agree(pieces, store, console, accept_licence, ask)
    for piece in pieces:
        _bring(piece, store, console, quiet)
    console.print(f"{name} is here and whole.")


def remove(name: str, quiet: bool, store: Store | None = None) -> None:
    """Delete a model that vj has fetched."""
    freed = (store or Store.open()).remove(name)
    Console(highlight=False, quiet=quiet).print(
        f"{name} is removed, {gigabytes(freed)} are free again." if freed else f"{name} was not here.")


def _agree(pieces: Iterable[Piece], store: Store, console: Console, accepted: bool, ask: Ask | None) -> None:
    for piece in pieces:
        if store.held(piece).accepted:
            continue
        if not accepted and ask is None:
            raise VjError(f"{piece.name} comes under the licence {piece.licence.name}: read it at "
                          f"{store.hub.page(piece.repo)} and give --accept-licence, or run this in a terminal")
        console.print(store.licence(piece), markup=False, soft_wrap=True)
        console.print(f"[bold]{piece.name}[/], {store.hub.page(piece.repo)}, comes under the licence "
                      f"[bold]{piece.licence.name}[/]. {piece.licence.summary}", soft_wrap=True)
        if not accepted and ask is not None and not ask(f"Do you accept the licence of {piece.name}?"):
            raise VjError(f"the licence of {piece.name} was not accepted, so nothing was fetched")
        store.accept(piece)


def _bring(piece: Piece, store: Store, console: Console, quiet: bool) -> None:
    """What is here is checked; what is not, or is damaged, is fetched."""
    held = store.held(piece)
    if held.folder is not None and not held.trouble:
        try:
            store.verify(store.files(piece, held.folder))
        except VjError as error:
            console.print(f"{error}; fetching it again.", markup=False, soft_wrap=True)
            store.hub.remove(piece.repo)
        else:
            return
    listing, size = store.size(piece)
    with _progress(piece.name, size, console, quiet) as progress:
        store.fetch(piece, progress, listing)


@contextmanager
def _progress(name: str, size: int, console: Console, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar over all files of one piece."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
               TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet) as bar:
        task = bar.add_task(name, total=size)
        yield lambda count: bar.advance(task, count)
        bar.update(task, completed=size)


def _model_row(profile: Profile, held: list[Held]) -> dict[str, Any]:
    trouble = next((one.trouble for one in held if one.trouble), "")
    missing = any(one.folder is None for one in held)
    return {"name": profile.name, "ready": not trouble, "family": FAMILIES[profile.family], "steps": profile.steps,
            "licence": profile.model.licence.name,
            "trouble": f"vj models fetch {profile.name}" if missing else trouble}


def _piece_row(held: Held) -> dict[str, Any]:
    return {"name": held.piece.name, "kind": held.piece.kind,
            "here": gigabytes(held.size) if held.folder is not None else "", "accepted": held.accepted,
            "repository": held.piece.repo}


def _known(what: str, store: Store) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": what}
    if what in PROFILES:
        profile = PROFILES[what]
        facts |= {"what": profile.help, "family": FAMILIES[profile.family], "sampler": profile.sampler,
                  "steps": profile.steps, "sizes": list(profile.sizes)}
    for piece in pieces_of(what):
        held = store.held(piece)
        facts[piece.kind] = {"repository": piece.repo, "page": store.hub.page(piece.repo),
                             "licence": piece.licence.name, "terms": piece.licence.summary,
                             "accepted": held.accepted, "here": str(held.folder or ""),
                             "size": gigabytes(held.size) if held.folder is not None else "",
                             "trouble": held.trouble}
    return facts


def _own(place: Place, plan: Blueprint) -> dict[str, Any]:
    files = sorted({str(tensors.path) for part in (plan.unet, plan.vae, *plan.texts) for tensors in part.files})
    return {"name": place.name, "family": FAMILIES[plan.family], "sampler": plan.sampler,
            "scheduler": plan.scheduler.get("_class_name", ""), "numbers": plan.numbers,
            "decoder": "tiny" if plan.vae.config.get("_class_name") == "AutoencoderTiny" else
            f"full; `vj models fetch {DECODERS[plan.family].name}` brings the fast one",
            "files": files}


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"\n  {name:10} {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value).replace("[", "\\[")
