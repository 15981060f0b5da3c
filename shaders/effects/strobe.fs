/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Flashes, by the clock or on the beat. At most three a second while the master's flash limit is on.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "SMOOTH": 0.02, "LABEL": "how hard it flashes"},
    {"NAME": "rate", "TYPE": "float", "MIN": 0.5, "MAX": 15.0, "DEFAULT": 2.5, "CURVE": "log", "UNIT": "Hz", "LABEL": "flashes a second, by the clock"},
    {"NAME": "sync", "TYPE": "bool", "DEFAULT": true, "LABEL": "on the beat instead of by the clock"},
    {"NAME": "per_beat", "TYPE": "long", "VALUES": [1, 2, 4], "LABELS": ["1", "2", "4"], "DEFAULT": 1, "LABEL": "flashes a beat; one while the flash limit is on"},
    {"NAME": "length", "TYPE": "float", "MIN": 0.05, "MAX": 0.9, "DEFAULT": 0.25, "LABEL": "how long a flash stands, share of its period"},
    {"NAME": "kind", "TYPE": "long", "VALUES": [0, 1, 2], "LABELS": ["light", "dark", "invert"], "DEFAULT": 0, "LABEL": "what flashes"},
    {"NAME": "tone", "TYPE": "color", "DEFAULT": [1.0, 0.97, 0.92, 1.0], "LABEL": "colour of the light"}
  ]
}*/
void main() {
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    bool limited = vj_flash_limit > 0.5;
    float clock = fract(TIME * (limited ? min(rate, 2.5) : rate));  // room for a kick's flash beside it
    float beat = fract(vj_beat * float(limited ? 1 : per_beat));
    float phase = sync ? beat : clock;
    float flash = amount * (1.0 - smoothstep(length * 0.5, length, phase));
    vec3 light_ = mix(c, tone.rgb, 0.55) + c * 0.5;  // the picture burns through: a flash, not a sheet of paper
    vec3 aim = kind == 0 ? light_ : kind == 1 ? c * 0.04 : 1.0 - clamp(c, 0.0, 1.0);
    gl_FragColor = vec4(mix(c, aim, flash), 1.0);
}
