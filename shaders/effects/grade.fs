/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The colourist's desk: lift, gamma, gain, contrast, saturation, warmth, tint, vignette.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "lift", "TYPE": "float", "MIN": -0.3, "MAX": 0.3, "DEFAULT": 0.0, "LABEL": "raises or sinks the darks"},
    {"NAME": "gamma", "TYPE": "float", "MIN": 0.4, "MAX": 2.5, "DEFAULT": 1.0, "CURVE": "log", "LABEL": "brightens or darkens the middle"},
    {"NAME": "gain", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0, "LABEL": "scales the lights"},
    {"NAME": "contrast", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.12, "LABEL": "spread around the middle"},
    {"NAME": "saturation", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.15, "LABEL": "0 is black and white"},
    {"NAME": "warmth", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "towards blue or amber"},
    {"NAME": "hue", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "turns all colours, half turns"},
    {"NAME": "tint", "TYPE": "color", "DEFAULT": [1.0, 1.0, 1.0, 1.0], "LABEL": "multiplies; white does nothing"},
    {"NAME": "vignette", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3, "LABEL": "darkens the corners"}
  ]
}*/
void main() {
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    float grey = dot(c, vec3(0.2126, 0.7152, 0.0722));
    vec3 d = c - grey;
    float h = hue * 3.14159265;
    d = d * cos(h) + vec3(d.y - d.z, d.z - d.x, d.x - d.y) * 0.57735 * -sin(h);
    c = grey + d * saturation;
    c = c * gain * (1.0 + warmth * vec3(0.18, 0.02, -0.22)) * tint.rgb;
    c = (c - 0.5) * contrast + 0.5 + lift * (1.0 - c);
    c = pow(max(c, 0.0), vec3(1.0 / gamma));
    vec2 p = isf_FragNormCoord - 0.5;
    gl_FragColor = vec4(c * (1.0 - vignette * smoothstep(0.1, 0.75, dot(p, p) * 1.6)), 1.0);
}
