/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture jumps at you on the kick and falls back, with a streak of speed.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "kick", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "how far a kick throws it"},
    {"NAME": "amount", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "SMOOTH": 0.02, "LABEL": "zoom by hand or by a route"},
    {"NAME": "streak", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "streaks of speed"},
    {"NAME": "roll", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.1, "LABEL": "turns a little as it jumps"}
  ]
}*/
void main() {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float push = amount + kick * vj_kick;
    float a = roll * push * 0.35, s = exp2(-push * 0.55);
    vec2 p = (isf_FragNormCoord - 0.5) * aspect;
    p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p / aspect * s;
    float trail = streak * abs(push) * 0.16;
    vec3 sum = vec3(0.0);
    for (int i = 0; i < 3; i++) {
        vec2 q = p * (1.0 - trail * float(i)) + 0.5;
        sum += IMG_NORM_PIXEL(inputImage, 1.0 - abs(mod(q, 2.0) - 1.0)).rgb * (i == 0 ? 0.5 : 0.25);
    }
    gl_FragColor = vec4(sum, 1.0);
}
