#version 330
// The picture as it is shown: master gain, then 8 bit with a dither of triangular density, so that dark gradients
// do not band. Noise: J. Jimenez, "Next generation post processing in Call of Duty", SIGGRAPH 2014.
out vec4 color;
uniform sampler2D picture;
#include master

float gradientNoise(vec2 p) {
    return fract(52.9829189 * fract(dot(p, vec2(0.06711056, 0.00583715))));
}

void main() {
    vec3 c = mastered(texelFetch(picture, ivec2(gl_FragCoord.xy), 0).rgb);
    float n = gradientNoise(gl_FragCoord.xy) + gradientNoise(gl_FragCoord.yx + 47.0) - 1.0;
    vec3 inside = min(c, 1.0 - c) * 255.0;  // pure black and pure white stay pure
    color = vec4(c + n * min(inside, 1.0) / 255.0, 1.0);
}
