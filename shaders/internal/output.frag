#version 330
// The picture as it is shown: enlarged where it was drawn smaller, master gain, then 8 bit with a dither of one step, so
// that dark gradients do not band. Noise: J. Jimenez, "Next generation post processing in Call of Duty", SIGGRAPH 2014.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D picture;
#include master

float gradientNoise(vec2 p) {
    return fract(52.9829189 * fract(dot(p, vec2(0.06711056, 0.00583715))));
}

void main() {
    vec3 c = mastered(texture(picture, isf_FragNormCoord).rgb);
    float n = gradientNoise(gl_FragCoord.xy) - 0.5;
    vec3 inside = min(c, 1.0 - c) * 255.0;  // pure black and pure white stay pure
    color = vec4(c + n * min(inside, 1.0) / 255.0, 1.0);
}
