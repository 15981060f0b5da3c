/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture before the picture: silk in the dark, breathing with the beat. Shown until the first image comes and whenever the generator is gone.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [],
  "PASSES": [
    {"TARGET": "silk", "WIDTH": "floor($WIDTH/2)", "HEIGHT": "floor($HEIGHT/2)"},
    {}
  ]
}*/
// Domain-warped folds (after I. Quilez, "domain warping", 2002, the idea of f(p + f(p))) at half size.
vec3 palette(float t) {
    return 0.5 + 0.5 * cos(6.2831853 * (t + vec3(0.02, 0.18, 0.36)));
}

vec2 folds(vec2 p, float t) {
    for (int i = 0; i < 4; i++) {
        p += 0.55 * sin(p.yx * 1.7 + vec2(t, 1.3 - t * 0.8)) ;
        p = mat2(0.8, 0.6, -0.6, 0.8) * p * 1.12;
    }
    return p;
}

void main() {
    if (PASSINDEX == 1) {
        gl_FragColor = IMG_THIS_PIXEL(silk);
        return;
    }
    vec2 p = (isf_FragNormCoord * 2.0 - 1.0) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = TIME * 0.11 + vj_time * 0.25;
    float beat = exp(-5.0 * vj_beat) * min(1.0, vj_level * 3.0);
    float push = max(vj_kick, 0.6 * beat);
    vec2 q = p * (1.05 - 0.07 * push);
    vec2 f = folds(q, t);
    float ridge = 0.5 + 0.5 * sin(f.x * 1.9 + f.y * 1.1 + 2.0 * sin(t * 0.6));
    float silk_ = pow(0.5 + 0.5 * sin(f.x * 7.0 + f.y * 5.0 + 3.0 * ridge), 3.0);
    float thread = pow(1.0 - abs(sin(f.x * 1.4 - f.y * 0.9 + t)), 6.0);
    vec3 c = palette(0.08 * f.y + 0.55 + 0.05 * sin(t) + 0.1 * vj_high) * (0.12 + ridge * ridge * (0.55 + 0.4 * vj_bass));
    c += palette(0.05 * f.x + 0.95 + t * 0.1) * thread * (0.55 + 0.9 * push + 0.5 * vj_mid);
    c += palette(0.3 + 0.06 * f.x) * silk_ * ridge * (0.16 + 0.25 * vj_mid + 0.2 * push);
    c *= 1.0 - 0.32 * dot(p, p) * 0.5;
    gl_FragColor = vec4(c * (0.85 + 0.3 * push), 1.0);
}
