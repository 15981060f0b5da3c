/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Red and blue pull apart, more towards the rim; a kick may push it.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.25, "CURVE": "square", "LABEL": "how far the colours part"},
    {"NAME": "radial", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.8, "LABEL": "0 along one direction, 1 out from the centre"},
    {"NAME": "angle", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "the direction, half turns"},
    {"NAME": "kick", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3, "LABEL": "how much a kick adds"}
  ]
}*/
void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 p = uv - 0.5;
    vec2 straight = vec2(cos(angle * 3.14159265), sin(angle * 3.14159265)) * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0) * 0.35;
    vec2 d = mix(straight, p * (0.25 + 2.0 * dot(p, p)), radial) * (amount * 0.16 + kick * vj_kick * 0.05);
    gl_FragColor = vec4(IMG_NORM_PIXEL(inputImage, uv + d).r, IMG_THIS_PIXEL(inputImage).g,
                        IMG_NORM_PIXEL(inputImage, uv - d).b, 1.0);
}
