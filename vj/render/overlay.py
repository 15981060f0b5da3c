"""Words for the operator on the display: drawn after the frame, so never in a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vj.render import font
from vj.render.surface import set_uniform

if TYPE_CHECKING:
    from moderngl import Context, Texture

_VERTEX = """#version 330
uniform vec4 box;  // left, bottom, width, height in clip space
out vec2 at;
void main() {
    at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4(box.xy + at * box.zw, 0.0, 1.0);
}
"""
_FRAGMENT = """#version 330
in vec2 at;
out vec4 color;
uniform sampler2D words;
uniform vec2 cells;    // the panel in font pixels
uniform vec3 ink;
void main() {
    vec2 p = floor(vec2(at.x, 1.0 - at.y) * cells);
    ivec2 size = textureSize(words, 0);
    ivec2 q = ivec2(p) - (ivec2(cells) - size) / 2;
    bool inside = q.x >= 0 && q.y >= 0 && q.x < size.x && q.y < size.y;
    float on = inside ? texelFetch(words, q, 0).r * 255.0 : 0.0;
    float accent = p.x < 1.0 ? 1.0 : 0.0;
    color = mix(vec4(0.02, 0.02, 0.035, 0.78), vec4(ink, 1.0), max(on, accent));
}
"""
PAD = 6
INK = (0.96, 0.93, 0.86)
WARNING = (1.0, 0.72, 0.25)


class Overlay:
    """Panels of text with an accent bar. A text is rasterised once and kept while it is shown."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._program = context.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._array = context.vertex_array(self._program, [])
        self._words: dict[str, Texture] = {}
        self._shown: set[str] = set()

    def panel(self, text: str, window: tuple[int, int], corner: str, ink: tuple[float, float, float] = INK) -> None:
        """Draw ``text`` into the bound framebuffer of ``window`` pixels. ``corner``: centre, bottom or top."""
        if not text or 0 in window:
            return
        words = self._texture(text)
        cells = (words.width + 2 * PAD, words.height + 2 * PAD)
        scale = max(1, min(window[1] // 300, window[0] // max(cells[0], 1), window[1] // max(cells[1], 1)))
        box = _place(cells, scale, window, corner)
        words.use(0)
        set_uniform(self._program, "words", 0)
        set_uniform(self._program, "box", box)
        set_uniform(self._program, "cells", (float(cells[0]), float(cells[1])))
        set_uniform(self._program, "ink", ink)
        self._blended()

    def _blended(self) -> None:
        import moderngl
        self._context.enable(moderngl.BLEND)
        self._array.render(moderngl.TRIANGLE_STRIP, vertices=4)
        self._context.disable(moderngl.BLEND)

    def end(self) -> None:
        """Forget the texts that were not drawn since the last call."""
        for text in set(self._words) - self._shown:
            self._words.pop(text).release()
        self._shown.clear()

    def _texture(self, text: str) -> Texture:
        self._shown.add(text)
        if text not in self._words:
            bits = np.ascontiguousarray(font.block(text.splitlines()))
            height, width = bits.shape
            self._words[text] = self._context.texture((width, height), 1, bits.tobytes(), alignment=1)
        return self._words[text]

    def release(self) -> None:
        """Give the memory back."""
        for texture in self._words.values():
            texture.release()
        self._array.release()
        self._program.release()


def _place(cells: tuple[int, int], scale: int, window: tuple[int, int], corner: str) -> tuple[float, ...]:
    """Left, bottom, width, height in clip space, on whole pixels."""
    width, height = cells[0] * scale, cells[1] * scale
    margin = 8 * scale
    left = (window[0] - width) // 2 if corner == "centre" else min(margin, max(window[0] - width, 0))
    bottom = {"centre": (window[1] - height) // 2, "bottom": margin}.get(corner, window[1] - height - margin)
    return (2 * left / window[0] - 1, 2 * bottom / window[1] - 1, 2 * width / window[0], 2 * height / window[1])
