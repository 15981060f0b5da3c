#version 330
// A picture at about a quarter of its size: four looks between four pixels each, so that nothing thin flickers.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D image;
uniform vec2 pixel;  // of the small picture, in texture coordinates
void main() {
    vec3 sum = vec3(0.0);
    for (int n = 0; n < 4; n++) {
        vec2 corner = vec2(float(n & 1), float(n >> 1)) - 0.5;
        sum += texture(image, isf_FragNormCoord + 0.5 * corner * pixel).rgb;
    }
    color = vec4(0.25 * sum, 1.0);
}
