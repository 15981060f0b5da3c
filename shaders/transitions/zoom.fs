/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Falling through the old picture into the new one.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/
vec3 rush(sampler2D image, vec2 p, float scale, float streak) {
    vec3 sum = vec3(0.0);
    for (int i = 0; i < 4; i++) {
        vec2 q = p * scale * (1.0 - streak * float(i) / 4.0) + 0.5;
        sum += texture(image, 1.0 - abs(mod(q, 2.0) - 1.0)).rgb;
    }
    return sum / 4.0;
}

void main() {
    vec2 p = isf_FragNormCoord - 0.5;
    float speed = 4.0 * progress * (1.0 - progress) * 0.3;
    vec3 a = rush(startImage, p, 1.0 - 0.75 * progress * progress, speed);
    float left = 1.0 - progress;
    vec3 b = rush(endImage, p, 1.0 + 1.5 * left * left, speed);
    gl_FragColor = vec4(mix(a, b, smoothstep(0.25, 0.75, progress)), 1.0);
}
