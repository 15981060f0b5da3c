"""How a tablet finds the page: an address with the token behind a ``#``, which no browser sends; and as a QR code."""

from __future__ import annotations

from collections.abc import Sequence

from vj.control.web.doors import Doors


def invitations(addresses: Sequence[str], doors: Doors, *, local: bool) -> list[str]:
    """The page's URLs. On this machine alone no token is needed."""
    return [f"http://{f'[{a}]' if ':' in a else a}:{doors.port}/" + ("" if local else f"#{doors.token}")
            for a in addresses]


def qr_code(url: str) -> str:
    """``url`` as a QR code of half blocks, two rows a line, for a terminal of any colours."""
    import segno

    rows = [[bool(cell) for cell in row] for row in segno.make_qr(url, error="l").matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    signs = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    lines = ["".join(signs[pair] for pair in zip(*two, strict=True)) for two in zip(rows[::2], rows[1::2], strict=True)]
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in lines)
