/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Light stays on the wall for a while: bright things leave trails that cool down as they fade.",
  "CATEGORIES": ["Feedback"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "time", "TYPE": "float", "MIN": 0.02, "MAX": 4.0, "DEFAULT": 0.5, "CURVE": "log", "UNIT": "s", "LABEL": "how long a trail stays"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.8, "LABEL": "how strong the trails are"},
    {"NAME": "cool", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.35, "LABEL": "towards blue (1) or red (-1) as they fade"},
    {"NAME": "rise", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "trails drift up or down"}
  ],
  "PASSES": [{"TARGET": "wall", "PERSISTENT": true, "FLOAT": true}]
}*/
void main() {
    vec3 now = IMG_THIS_PIXEL(inputImage).rgb;
    vec2 from = isf_FragNormCoord - vec2(0.0, rise * 0.4 * TIMEDELTA);
    vec3 old = IMG_NORM_PIXEL(wall, clamp(from, 0.0, 1.0)).rgb;
    vec3 tau = time * (1.0 + cool * vec3(-0.45, 0.0, 0.45));
    vec3 lit = old * exp(-TIMEDELTA / tau);
    gl_FragColor = vec4(mix(now, max(now, lit), amount), 1.0);
}
