/*{
  "ISFVSN": "2",
  "DESCRIPTION": "A soft slanting front sweeps across; pictures are bent like glass along it.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/
void main() {
    vec2 uv = isf_FragNormCoord;
    float front = uv.x * 0.8 + uv.y * 0.2 + 0.04 * sin(uv.y * 9.0 + 2.0);
    float d = progress * 1.5 - 0.25 - front;
    float near = exp(-d * d * 60.0) * smoothstep(0.0, 0.1, progress) * smoothstep(1.0, 0.9, progress);
    vec2 bent = uv + vec2(0.8, 0.2) * near * 0.12 * sin(d * 24.0);
    bent = 1.0 - abs(mod(bent, 2.0) - 1.0);
    vec3 a = IMG_NORM_PIXEL(startImage, bent).rgb;
    vec3 b = IMG_NORM_PIXEL(endImage, bent).rgb;
    gl_FragColor = vec4(mix(a, b, smoothstep(-0.06, 0.06, d)) * (1.0 + 0.35 * near), 1.0);
}
