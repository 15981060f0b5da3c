/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Folds the picture onto itself along one or two axes that may wander.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "fold", "TYPE": "long", "VALUES": [0, 1, 2, 3], "LABELS": ["left-right", "top-bottom", "quarters", "diamond"], "DEFAULT": 0, "LABEL": "which axes"},
    {"NAME": "shift", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "slides the picture under the fold"},
    {"NAME": "angle", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "tilts the axes, half turns"}
  ]
}*/
void main() {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * aspect;
    float a = angle * 3.14159265 + (fold == 3 ? 0.78539816 : 0.0);
    mat2 turn = mat2(cos(a), sin(a), -sin(a), cos(a));
    p = turn * p;
    if (fold != 1) p.x = abs(p.x) - shift * 0.5 * aspect.x;
    if (fold != 0) p.y = abs(p.y) - shift * 0.5;
    p = p * turn;
    vec2 q = p / aspect + 0.5;
    gl_FragColor = vec4(IMG_NORM_PIXEL(inputImage, 1.0 - abs(mod(q, 2.0) - 1.0)).rgb, 1.0);
}
