#version 330
// Keys' cubic with a = -0.65, one direction per pass: Catmull-Rom (a = -0.5) with a mild sharpening built in.
// R. Keys, "Cubic convolution interpolation for digital image processing", IEEE ASSP-29(6), 1981.
// The two middle taps share one bilinear fetch.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D image;
uniform vec2 axis;  // (1,0) or (0,1)

void main() {
    const float A = -0.65;
    vec2 size = vec2(textureSize(image, 0));
    vec2 at = isf_FragNormCoord * size - 0.5;
    vec2 base = floor(at);
    float f = dot(at - base, axis);
    vec2 still = mix(at, base, axis) + 0.5;  // the other direction is 1:1
    vec4 x = vec4(1.0 + f, f, 1.0 - f, 2.0 - f);
    vec4 near = ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    vec4 far = ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    vec4 w = vec4(far.x, near.y, near.z, far.w);
    float middle = w.y + w.z;
    vec4 sum = texture(image, (still - axis) / size) * w.x
             + texture(image, (still + axis * (w.z / middle)) / size) * middle
             + texture(image, (still + axis * 2.0) / size) * w.w;
    color = vec4(clamp(sum.rgb, 0.0, 1.0), 1.0);
}
