/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Film grain: strongest in the middle tones, new twenty-four times a second.",
  "CATEGORIES": ["Texture"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3, "CURVE": "square", "LABEL": "how much"},
    {"NAME": "size", "TYPE": "float", "MIN": 1.0, "MAX": 4.0, "DEFAULT": 1.4, "LABEL": "how coarse, at 360 lines"}
  ]
}*/
float hash(uvec3 v) {  // pcg3d: M. Jarzynski, M. Olano, "Hash functions for GPU rendering", JCGT 9(3), 2020
    v = v * 1664525u + 1013904223u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    v ^= v >> 16u;
    v.x += v.y * v.z; v.y += v.z * v.x;
    return float((v.x ^ v.y) & 0xffffu) / 65535.0;
}

void main() {
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    vec2 cell = isf_FragNormCoord * RENDERSIZE / max(1.0, size * RENDERSIZE.y / 360.0);
    float n = hash(uvec3(cell, TIME * 24.0)) + hash(uvec3(cell + 0.5, TIME * 24.0 + 7777.0)) - 1.0;
    float light = dot(c, vec3(0.2126, 0.7152, 0.0722));
    gl_FragColor = vec4(c + n * amount * 0.5 * (0.15 + 2.6 * clamp(light * (1.0 - light), 0.0, 0.25)), 1.0);
}
