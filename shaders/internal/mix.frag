#version 330
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D under;
uniform sampler2D over;
uniform float amount;
void main() {
    color = vec4(mix(texture(under, isf_FragNormCoord).rgb, texture(over, isf_FragNormCoord).rgb, amount), 1.0);
}
