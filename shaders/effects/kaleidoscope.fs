/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Mirrors around a centre: the picture becomes a flower.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "segments", "TYPE": "float", "MIN": 2.0, "MAX": 16.0, "DEFAULT": 6.0, "SMOOTH": 0.15, "LABEL": "mirrors around"},
    {"NAME": "spin", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.08, "LABEL": "turns of the flower, by the clock"},
    {"NAME": "angle", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "turn of the picture behind the mirrors"},
    {"NAME": "zoom", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 1.0, "CURVE": "log", "LABEL": "how close"},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5], "LABEL": "where the mirrors look"}
  ]
}*/
void main() {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * aspect / zoom;
    float r = length(p);
    float wedge = 3.14159265 / floor(segments + 0.5);
    float a = atan(p.y, p.x) + spin * TIME;
    a = abs(mod(a, 2.0 * wedge) - wedge) + angle * 3.14159265 + TIME * spin * 0.37;
    vec2 q = vec2(cos(a), sin(a)) * r / aspect + centre;
    gl_FragColor = vec4(IMG_NORM_PIXEL(inputImage, 1.0 - abs(mod(q, 2.0) - 1.0)).rgb, 1.0);
}
