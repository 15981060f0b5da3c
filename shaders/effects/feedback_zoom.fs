/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture falls into itself: every frame is drawn over the last one, zoomed and turned.",
  "CATEGORIES": ["Feedback"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.75, "LABEL": "how much of the past is kept"},
    {"NAME": "zoom", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.3, "LABEL": "doublings a second, inwards below 0"},
    {"NAME": "turn", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.06, "LABEL": "radians a second times pi"},
    {"NAME": "hue", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.08, "LABEL": "colour drift of the past, turns a second"},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5], "LABEL": "where it falls to"}
  ],
  "PASSES": [{"TARGET": "past", "PERSISTENT": true, "FLOAT": true}]
}*/
void main() {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = turn * 3.14159265 * TIMEDELTA, s = exp2(-zoom * TIMEDELTA * 2.0);
    float sine = a - a * a * a / 6.0, cosine = 1.0 - a * a * 0.5 + a * a * a * a / 24.0;  // a is small within one frame
    vec2 p = (isf_FragNormCoord - centre) * aspect;
    p = mat2(cosine, sine, -sine, cosine) * p * s / aspect + centre;
    vec3 old = IMG_NORM_PIXEL(past, 1.0 - abs(mod(p, 2.0) - 1.0)).rgb;
    float h = hue * 6.2831853 * TIMEDELTA;
    float grey = dot(old, vec3(0.3333));
    vec3 d = old - grey;
    old = grey + d * (1.0 - h * h * 0.5) - vec3(d.y - d.z, d.z - d.x, d.x - d.y) * 0.57735 * (h - h * h * h / 6.0);
    vec3 now = IMG_THIS_PIXEL(inputImage).rgb;
    // The past shows through where the picture is dark, and its lights fly on over it; what is bright now stays sharp.
    // Up to two and a half seconds of memory, the same at any frame rate.
    float keep = amount <= 0.0 ? 0.0 : exp(-TIMEDELTA / (2.5 * amount * amount));
    float dark = 1.0 - smoothstep(0.12, 0.62, dot(now, vec3(0.3, 0.55, 0.15)));
    float lift = smoothstep(0.02, 0.4, dot(old - now, vec3(0.3, 0.55, 0.15)));
    float share = keep * clamp(amount * (0.25 + 0.85 * max(dark, lift)), 0.0, 0.985);
    gl_FragColor = vec4(max(mix(now, old, share), 0.0), 1.0);
}
