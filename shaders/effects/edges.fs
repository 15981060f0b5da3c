/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Neon: the outlines glow in their own colour, the rest sinks into the dark.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.3, "LABEL": "how bright the lines are"},
    {"NAME": "width", "TYPE": "float", "MIN": 0.5, "MAX": 4.0, "DEFAULT": 1.2, "CURVE": "log", "LABEL": "how wide"},
    {"NAME": "dim", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "LABEL": "how far the picture sinks"},
    {"NAME": "colour", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "own colours (0) or a turning spectrum (1)"},
    {"NAME": "kick", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "how much a kick lights them up"}
  ],
  "PASSES": [
    {"TARGET": "lines", "WIDTH": "floor($WIDTH/2)", "HEIGHT": "floor($HEIGHT/2)"},
    {"TARGET": "halo", "WIDTH": "floor($WIDTH/6)", "HEIGHT": "floor($HEIGHT/6)"},
    {}
  ]
}*/
vec3 tap(vec2 d) {
    return IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + d).rgb;
}

void main() {
    if (PASSINDEX == 0) {
        vec2 d = width * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0) * 0.0035;
        vec3 a = tap(vec2(-d.x, -d.y)), b = tap(vec2(d.x, d.y)), c = tap(vec2(d.x, -d.y)), e = tap(vec2(-d.x, d.y));
        vec3 g = sqrt((a - b) * (a - b) + (c - e) * (c - e));
        float edge = smoothstep(0.08, 0.55, inversesqrt(width) * 1.1 * max(g.r, max(g.g, g.b)));
        vec3 own = (a + b + c + e) * 0.25;
        own /= max(max(own.r, max(own.g, own.b)), 0.15);
        float turn = isf_FragNormCoord.x * 0.35 + isf_FragNormCoord.y * 0.25 + TIME * 0.05;
        vec3 spectrum = 0.55 + 0.45 * cos(6.2831853 * (turn + vec3(0.0, 0.33, 0.67)));
        gl_FragColor = vec4(edge * mix(own, spectrum, colour), 1.0);
    } else if (PASSINDEX == 1) {
        vec2 d = 1.4 / RENDERSIZE;
        vec2 uv = isf_FragNormCoord;
        gl_FragColor = vec4((IMG_NORM_PIXEL(lines, uv + vec2(d.x, d.y)).rgb + IMG_NORM_PIXEL(lines, uv - vec2(d.x, d.y)).rgb
            + IMG_NORM_PIXEL(lines, uv + vec2(-d.x, d.y)).rgb + IMG_NORM_PIXEL(lines, uv + vec2(d.x, -d.y)).rgb) * 0.25, 1.0);
    } else {
        vec3 glow = IMG_THIS_PIXEL(lines).rgb + IMG_THIS_PIXEL(halo).rgb * 0.9;
        gl_FragColor = vec4(IMG_THIS_PIXEL(inputImage).rgb * (1.0 - dim) + glow * (amount + kick * vj_kick), 1.0);
    }
}
