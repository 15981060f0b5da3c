"""Program text: an ISF effect as GLSL 330, and a driver's complaint back to the author's file and line."""

from __future__ import annotations

import re

from vj.render.isf import Effect

VERTEX = """#version 330
// One triangle that covers the picture: no buffers, no seam.
out vec2 isf_FragNormCoord;
void main() {
    vec2 p = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    isf_FragNormCoord = p * 0.5 + 0.5;
    gl_Position = vec4(p, 0.0, 1.0);
}
"""

AUDIO_UNIFORMS = ("vj_beat", "vj_bar", "vj_kick", "vj_level", "vj_bass", "vj_mid", "vj_high", "vj_time")
"""What every shader hears without a route: beat and bar phase 0..1, kick envelope, loudness, three bands (0..1),
and ``vj_time``, a clock in seconds that runs with the energy. ``vj_flash_limit`` is 1 where strobing is limited."""

_GLSL_TYPES = {"float": "float", "bool": "bool", "event": "bool", "long": "int", "point2D": "vec2", "color": "vec4",
               "image": "sampler2D"}

_PRELUDE = """#version 330
#line 900000 0
in vec2 isf_FragNormCoord;
out vec4 vj_Out;
vec4 isf_FragColor = vec4(0.0, 0.0, 0.0, 1.0);
uniform float TIME;
uniform float TIMEDELTA;
uniform vec4 DATE;
uniform int FRAMEINDEX;
uniform vec2 RENDERSIZE;
uniform float vj_flash_limit;
#define vv_FragNormCoord isf_FragNormCoord
#define IMG_SIZE(image) vec2(textureSize(image, 0))
#define IMG_NORM_PIXEL(image, p) texture(image, p)
#define IMG_PIXEL(image, p) texture(image, (p) / IMG_SIZE(image))
#define IMG_THIS_PIXEL(image) texture(image, isf_FragNormCoord)
#define IMG_THIS_NORM_PIXEL(image) texture(image, isf_FragNormCoord)
"""

_EPILOGUE = """
#undef main
void main() {
    isf_main();
    vj_Out = isf_FragColor;
}
"""
# A NaN in a persistent buffer would stay there all night, so no pass may write one.
_GUARD = """
#undef main
void main() {
    isf_main();
    bool bad = any(isnan(isf_FragColor)) || any(isinf(isf_FragColor));
    vj_Out = bad ? vec4(0.0, 0.0, 0.0, 1.0) : clamp(isf_FragColor, -16.0, 16.0);
}
"""

_OURS = 900_000
"""Lines from here on are ours, below it the author's. Mesa loses the source-string number on the way, so that is not
what tells them apart."""

_COMPLAINTS = (
    # Mesa, Intel, AMD, macOS
    re.compile(r"^(?:ERROR: )?\d+:(\d+)(?:\(\d+\))?: (?:error: )?(?!warning)(.*)", re.MULTILINE),
    re.compile(r"^\d+\((\d+)\) : error (?:\w+: )?(.*)", re.MULTILINE),  # NVIDIA
)


def fragment(effect: Effect, index: int = 0) -> str:
    """The fragment shader of pass ``index``: declarations, the author's text under his own line numbers, a guard.

    PASSINDEX is a constant, so that each pass pays for its own branch only.
    """
    declared = [f"const int PASSINDEX = {index};"]
    declared += [f"uniform {_GLSL_TYPES[i.type]} {i.name};" for i in effect.inputs]
    declared += [f"uniform sampler2D {name};" for name in effect.targets]
    declared += [f"uniform float {name};" for name in AUDIO_UNIFORMS]
    epilogue = _GUARD if effect.passes[index].persistent else _EPILOGUE
    source = _aligned(effect, index, _modern(effect.source))
    return "\n".join([_PRELUDE, *declared, "#define main isf_main", "#line 1 1", source,
                      f"#line {_OURS} 0{epilogue}"])


def _modern(source: str) -> str:
    """Old ISF spelling in today's words. Lines stay lines; GLSL wants ASCII, even in comments."""
    source = re.sub(r"^[ \t]*#version.*$", "", source, flags=re.MULTILINE)
    source = re.sub(r"\bgl_FragColor\b", "isf_FragColor", source)
    source = re.sub(r"\btexture2D(Rect)?\b", "texture", source)
    return source.encode("ascii", "replace").decode("ascii")


def _aligned(effect: Effect, index: int, source: str) -> str:
    """In a pass of the output's size, the same pixel of a picture of that size is fetched, not filtered: the same
    value at a third of the price on a CPU."""
    if not effect.passes[index].full:
        return source
    whole = {*effect.images, *(name for name, step in effect.targets.items() if step.full)}
    def fetch(match: re.Match[str]) -> str:
        return f"texelFetch({match[1]}, ivec2(gl_FragCoord.xy), 0)" if match[1] in whole else match[0]
    return re.sub(r"\bIMG_THIS_(?:NORM_)?PIXEL\(\s*(\w+)\s*\)", fetch, source)


def complaint(effect: Effect, log: str) -> str:
    """One sentence ``file:line: message`` from a driver's compile log."""
    for pattern in _COMPLAINTS:
        for line, message in pattern.findall(log):
            if int(line) < _OURS:
                return f"{effect.path}:{line}: {message.strip()}"
    lines = [line.strip() for line in log.splitlines() if "error" in line.lower()]
    return f"{effect.path}: {lines[0] if lines else 'does not compile: ' + ' '.join(log.split())[:200]}"
