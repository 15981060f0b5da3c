#version 330
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D image;
void main() {
    color = vec4(texture(image, isf_FragNormCoord).rgb, 1.0);
}
