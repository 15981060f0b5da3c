#version 330
// Keys' cubic with a = -0.65, one direction per pass: Catmull-Rom (a = -0.5) with a mild sharpening built in.
// R. Keys, "Cubic convolution interpolation for digital image processing", IEEE ASSP-29(6), 1981.
// Four fetches: on a CPU they cost less than the two filtered taps that would do.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D image;
uniform ivec2 axis;  // (1,0) or (0,1); the other direction is 1:1

void main() {
    const float A = -0.65;
    ivec2 size = textureSize(image, 0);
    vec2 at = isf_FragNormCoord * vec2(size) - 0.5;
    ivec2 base = ivec2(mix(gl_FragCoord.xy, floor(at), vec2(axis)));
    float f = fract(axis.x == 1 ? at.x : at.y);
    vec4 x = vec4(1.0 + f, f, 1.0 - f, 2.0 - f);
    vec4 near = ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    vec4 far = ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    ivec2 last = size - 1;
    vec3 sum = texelFetch(image, clamp(base - axis, ivec2(0), last), 0).rgb * far.x
             + texelFetch(image, clamp(base, ivec2(0), last), 0).rgb * near.y
             + texelFetch(image, clamp(base + axis, ivec2(0), last), 0).rgb * near.z
             + texelFetch(image, clamp(base + axis * 2, ivec2(0), last), 0).rgb * far.w;
    color = vec4(clamp(sum, 0.0, 1.0), 1.0);
}
