/*{
  "ISFVSN": "2",
  "DESCRIPTION": "One picture fades into the other, in light, so that the middle is never dull.",
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
    gl_FragColor = vec4(sqrt(mix(a * a, b * b, progress)), 1.0);
}
