/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture flows like something hot under glass, stirred by the bass.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.35, "CURVE": "square", "LABEL": "how far it flows"},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.5, "MAX": 8.0, "DEFAULT": 2.2, "CURVE": "log", "LABEL": "how fine the swirls are"},
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.35, "LABEL": "how fast they turn"},
    {"NAME": "bass", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3, "LABEL": "how much the bass stirs"}
  ],
  "PASSES": [{"TARGET": "flow", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)"}, {}]
}*/
// The gradient of a sum of waves, turned a quarter: a flow without sources, so the picture swirls and never tears.
// It is smooth, so it is drawn at a quarter of the size.
void main() {
    if (PASSINDEX == 1) {
        vec2 q = isf_FragNormCoord + IMG_THIS_PIXEL(flow).xy;
        gl_FragColor = vec4(IMG_NORM_PIXEL(inputImage, 1.0 - abs(mod(q, 2.0) - 1.0)).rgb, 1.0);
        return;
    }
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * aspect * scale * 2.0;
    float t = TIME * speed;
    p += 0.6 * sin(p.yx * 1.3 + vec2(t, -t * 0.83));
    vec2 wave = vec2(cos(p.y * 1.7 + p.x * 0.4 + t), cos(p.x * 1.5 - p.y * 0.6 - t * 1.1));
    wave += 0.5 * vec2(cos(p.y * 3.1 - t * 1.3), cos(p.x * 3.3 + t * 1.2));
    wave *= (amount * 0.3 + bass * vj_bass * 0.06) / (1.0 + scale * 0.5);
    gl_FragColor = vec4(wave / aspect, 0.0, 1.0);
}
