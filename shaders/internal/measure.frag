#version 330
// One fragment per area of the flash book: how bright it would be (r) and how bright it was last shown (g).
// The book's page is 16 x 9: the first 12 columns are the cells; the last four hold the larger areas, see area().
// Relative luminance; saturated red counts more, as WCAG asks ("red flash").
out vec4 color;
uniform sampler2D picture;
uniform sampler2D shown;
uniform ivec2 taps;  // in a cell; the larger areas have samples of their own
#include master

float brightness(vec3 c) {
    vec3 l = light(c);
    float red = l.r - l.g - l.b;
    float pure = step(0.8 * (l.r + l.g + l.b), l.r) * max(red, 0.0);
    return max(dot(l, vec3(0.2126, 0.7152, 0.0722)), 1.6 * pure);
}

// Corner and size of an area of the picture; size 0 is a blank place on the page.
vec4 area(ivec2 at) {
    vec2 p = vec2(at);
    if (at.x < 12) return vec4(p, 1.0, 1.0) / vec4(12.0, 9.0, 12.0, 9.0);
    p.x -= 12.0;
    if (at.y < 3) return p.x < 3.0 ? vec4(p, 1.0, 1.0) / 3.0 : at.y == 0 ? vec4(0.0, 0.0, 1.0, 1.0) : vec4(0.0);
    if (p.x > 1.0) return vec4(0.0);
    if (at.y < 5) return vec4(p.x, p.y - 3.0, 1.0, 1.0) * 0.5;
    if (at.y == 5) return vec4(p.x * 0.5, 0.0, 0.5, 1.0);
    return at.y == 6 ? vec4(0.0, p.x * 0.5, 1.0, 0.5) : vec4(0.0);
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 part = area(at);
    ivec2 count = at.x < 12 ? taps : ivec2(24, 18);
    if (part.z == 0.0) {
        color = vec4(0.0);
        return;
    }
    float next = 0.0, last = 0.0;
    for (int y = 0; y < count.y; y++) {
        for (int x = 0; x < count.x; x++) {
            vec2 p = part.xy + (vec2(x, y) + 0.5) / vec2(count) * part.zw;
            next += brightness(mastered(texture(picture, p).rgb));
            last += brightness(texture(shown, p).rgb);
        }
    }
    color = vec4(vec2(next, last) / float(count.x * count.y), 0.0, 1.0);
}
