"""One deck's picture for the other to draw over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from vj.params.props import OTHER
from vj.types import GenRequest

if TYPE_CHECKING:
    from vj.types import Pixels

T = TypeVar("T")


def of_another(deck: str, newest: Mapping[str, T]) -> T | None:
    """The newest thing of a deck that is not ``deck``; None where there is none."""
    return next((thing for other, thing in newest.items() if other != deck), None)


def lent(request: GenRequest, newest: Mapping[str, Pixels]) -> GenRequest:
    """The request with the other deck's newest picture, if that is what it starts from."""
    if request.picture != OTHER:
        return request
    return replace(request, image_in=of_another(request.deck, newest))
