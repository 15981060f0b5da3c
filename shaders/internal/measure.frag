#version 330
// One fragment per cell: how bright this cell would be (r) and how bright it was last shown (g).
// Relative luminance; saturated red counts more, as WCAG asks ("red flash").
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D picture;
uniform sampler2D shown;
uniform vec2 cells;
uniform ivec2 taps;
#include master

float brightness(vec3 c) {
    vec3 l = light(c);
    float red = l.r - l.g - l.b;
    float pure = step(0.8 * (l.r + l.g + l.b), l.r) * max(red, 0.0);
    return max(dot(l, vec3(0.2126, 0.7152, 0.0722)), 0.6 * pure);
}

void main() {
    vec2 corner = floor(gl_FragCoord.xy) / cells;
    vec2 pitch = 1.0 / (cells * vec2(taps));
    float next = 0.0, last = 0.0;
    for (int y = 0; y < taps.y; y++) {
        for (int x = 0; x < taps.x; x++) {
            vec2 p = corner + (vec2(x, y) + 0.5) * pitch;
            next += brightness(mastered(texture(picture, p).rgb));
            last += brightness(texture(shown, p).rgb);
        }
    }
    color = vec4(vec2(next, last) / float(taps.x * taps.y), 0.0, 1.0);
}
