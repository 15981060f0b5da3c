/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Both at once, and never brighter than white: in the middle each lies over the other as slides do.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/
void main() {
    vec3 a = IMG_THIS_PIXEL(startImage).rgb;
    vec3 b = IMG_THIS_PIXEL(endImage).rgb;
    float here = clamp(2.0 - 2.0 * progress, 0.0, 1.0), there = clamp(2.0 * progress, 0.0, 1.0);
    gl_FragColor = vec4(1.0 - (1.0 - clamp(a * here, 0.0, 1.0)) * (1.0 - clamp(b * there, 0.0, 1.0)), 1.0);
}
