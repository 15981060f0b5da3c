/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture becomes the wall of a tunnel that one flies through, faster with the energy.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "speed", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.22, "LABEL": "how fast, backwards below 0"},
    {"NAME": "drive", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.25, "LABEL": "how much the energy speeds it up"},
    {"NAME": "repeats", "TYPE": "float", "MIN": 1.0, "MAX": 6.0, "DEFAULT": 2.0, "LABEL": "pictures around the wall"},
    {"NAME": "depth", "TYPE": "float", "MIN": 0.1, "MAX": 1.5, "DEFAULT": 0.5, "LABEL": "how long the pictures are drawn"},
    {"NAME": "twist", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.15, "LABEL": "turns along the way"},
    {"NAME": "fog", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "LABEL": "darkness at the end"}
  ]
}*/
void main() {
    vec2 p = (isf_FragNormCoord * 2.0 - 1.0) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    p += 0.12 * vec2(sin(TIME * 0.37), cos(TIME * 0.29));
    float r = length(p) + 1e-4;
    float z = -log(r) * depth;  // log polar: every ring looks the same, so the flight never ends
    float along = z + TIME * speed + vj_time * drive;
    float around = atan(p.y, p.x) / 6.2831853 + twist * z + TIME * speed * twist * 0.3;
    vec2 q = vec2(around * floor(repeats + 0.5) * 2.0, along);
    // The seam of the angle is a jump of whole turns; lod 0 keeps it from showing as a line.
    vec3 c = textureLod(inputImage, 1.0 - abs(mod(q, 2.0) - 1.0), 0.0).rgb;
    float end = smoothstep(0.0, 0.1 + 0.9 * fog, r);
    gl_FragColor = vec4(c * mix(1.0, end, fog) * (1.0 + 0.25 * vj_kick * (1.0 - end)), 1.0);
}
