#version 330
out vec4 color;
uniform sampler2D under;
uniform sampler2D over;
uniform float amount;
void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    color = vec4(mix(texelFetch(under, at, 0).rgb, texelFetch(over, at, 0).rgb, amount), 1.0);
}
