/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Light spills over from what is bright.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.4, "LABEL": "how much light spills"},
    {"NAME": "threshold", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "how bright before it spills"},
    {"NAME": "radius", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 1.0, "CURVE": "log", "LABEL": "how far"}
  ],
  "PASSES": [
    {"TARGET": "bright", "WIDTH": "floor($WIDTH/4)", "HEIGHT": "floor($HEIGHT/4)"},
    {"TARGET": "near", "WIDTH": "floor($WIDTH/8)", "HEIGHT": "floor($HEIGHT/8)"},
    {"TARGET": "far", "WIDTH": "floor($WIDTH/16)", "HEIGHT": "floor($HEIGHT/16)"},
    {"TARGET": "glow", "WIDTH": "floor($WIDTH/8)", "HEIGHT": "floor($HEIGHT/8)"},
    {}
  ]
}*/
// Light is added in light (squared values), gathered at a quarter, an eighth and a sixteenth of the size.
vec3 ring(sampler2D image, vec2 uv, vec2 step_) {
    vec3 sum = texture(image, uv).rgb * 0.25;
    sum += (texture(image, uv + step_ * vec2(1.0, 0.0)).rgb + texture(image, uv - step_ * vec2(1.0, 0.0)).rgb
          + texture(image, uv + step_ * vec2(0.0, 1.0)).rgb + texture(image, uv - step_ * vec2(0.0, 1.0)).rgb) * 0.125;
    sum += (texture(image, uv + step_ * vec2(0.7, 0.7)).rgb + texture(image, uv - step_ * vec2(0.7, 0.7)).rgb
          + texture(image, uv + step_ * vec2(-0.7, 0.7)).rgb + texture(image, uv + step_ * vec2(0.7, -0.7)).rgb) * 0.0625;
    return sum;
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 px = radius / RENDERSIZE;
    if (PASSINDEX == 0) {
        vec2 d = 0.5 / RENDERSIZE;
        vec3 c = (IMG_NORM_PIXEL(inputImage, uv + d * vec2(0.5, 0.5)).rgb + IMG_NORM_PIXEL(inputImage, uv - d * vec2(0.5, 0.5)).rgb
                + IMG_NORM_PIXEL(inputImage, uv + d * vec2(-0.5, 0.5)).rgb + IMG_NORM_PIXEL(inputImage, uv + d * vec2(0.5, -0.5)).rgb) * 0.25;
        float top = max(c.r, max(c.g, c.b));
        gl_FragColor = vec4(c * c * smoothstep(threshold - 0.25, threshold + 0.25, top), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(ring(bright, uv, px * 1.2), 1.0);
    } else if (PASSINDEX == 2) {
        gl_FragColor = vec4(ring(near, uv, px * 1.6), 1.0);
    } else if (PASSINDEX == 3) {
        gl_FragColor = vec4(ring(near, uv, px * 1.5) * 0.6 + ring(far, uv, px * 3.2) * 0.9, 1.0);
    } else {
        vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
        vec3 l = c * c;
        vec3 g = IMG_THIS_PIXEL(glow).rgb * amount;
        // Screen in light: what is bright already is not washed out, and head-room above 1 is kept.
        gl_FragColor = vec4(sqrt(l + g * max(1.0 - l, 0.12)), 1.0);
    }
}
