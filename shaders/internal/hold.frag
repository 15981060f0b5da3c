#version 330
// Pixel for pixel: what is held is exactly what was shown.
out vec4 color;
uniform sampler2D image;
void main() {
    color = vec4(texelFetch(image, ivec2(gl_FragCoord.xy), 0).rgb, 1.0);
}
