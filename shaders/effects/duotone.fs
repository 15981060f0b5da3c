/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Printed in three inks: darks, middles and lights each take a colour; steps make it a screen print.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.85, "LABEL": "how much of the inks"},
    {"NAME": "dark", "TYPE": "color", "DEFAULT": [0.05, 0.02, 0.16, 1.0], "LABEL": "ink of the darks"},
    {"NAME": "middle", "TYPE": "color", "DEFAULT": [0.88, 0.12, 0.42, 1.0], "LABEL": "ink of the middles"},
    {"NAME": "bright", "TYPE": "color", "DEFAULT": [1.0, 0.9, 0.62, 1.0], "LABEL": "ink of the lights"},
    {"NAME": "steps", "TYPE": "float", "MIN": 2.0, "MAX": 16.0, "DEFAULT": 16.0, "LABEL": "tones; 16 is smooth"},
    {"NAME": "turn", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "slides the inks through the tones"}
  ]
}*/
void main() {
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    float tone = clamp(dot(c, vec3(0.2126, 0.7152, 0.0722)), 0.0, 1.0);
    float wide = smoothstep(0.06, 0.8, tone) + turn * 2.0;  // pictures live in the middle tones: spread them
    tone = 1.0 - abs(mod(wide, 2.0) - 1.0);
    float n = floor(steps + 0.5);
    float at = tone * (n - 1.0);
    float stair = (floor(at) + smoothstep(0.4, 0.6, fract(at))) / (n - 1.0);
    tone = mix(stair, tone, smoothstep(14.0, 16.0, steps));
    vec3 ink = tone < 0.5 ? mix(dark.rgb, middle.rgb, tone * 2.0) : mix(middle.rgb, bright.rgb, tone * 2.0 - 1.0);
    gl_FragColor = vec4(mix(c, ink, amount), 1.0);
}
