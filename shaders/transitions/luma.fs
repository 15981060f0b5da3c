/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The new picture comes in through the brightest parts of the old one, with a burning rim.",
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
    float height = 1.0 - clamp(dot(a, vec3(0.2126, 0.7152, 0.0722)), 0.0, 1.0);
    float edge = progress * 1.3 - height;
    float rim = smoothstep(0.0, 0.08, edge) * (1.0 - smoothstep(0.08, 0.3, edge)) * 4.0 * progress * (1.0 - progress);
    gl_FragColor = vec4(mix(a, b, smoothstep(0.0, 0.3, edge)) + rim * 0.25 * (a + b), 1.0);
}
