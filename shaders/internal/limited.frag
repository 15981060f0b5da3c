#version 330
// Drawn over the output only while areas are blocked: the new picture is let in, in light, only as far as the pixel's
// cell and every larger area it lies in allow.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D picture;
uniform sampler2D shown;
uniform sampler2D turn;
#include master

// The least share of an area of a grid (columns and rows from ``corner`` on the page) and its eight neighbours.
float least(ivec2 cell, ivec2 corner, ivec2 grid) {
    float share = 1.0;
    for (int y = -1; y <= 1; y++)
        for (int x = -1; x <= 1; x++)
            share = min(share, texelFetch(turn, corner + clamp(cell + ivec2(x, y), ivec2(0), grid - 1), 0).b);
    return share;
}

// Without a visible grid, and never more than an area allows: each of the four centres around a pixel knows the area
// that the pixel is in as a neighbour, so what lies between them is at most that area's own share.
float smoothly(vec2 uv, ivec2 corner, ivec2 grid) {
    vec2 at = uv * vec2(grid) - 0.5;
    ivec2 cell = ivec2(floor(at));
    vec2 way = at - vec2(cell);
    way = way * way * (3.0 - 2.0 * way);
    float near = mix(least(cell, corner, grid), least(cell + ivec2(1, 0), corner, grid), way.x);
    float far = mix(least(cell + ivec2(0, 1), corner, grid), least(cell + ivec2(1, 1), corner, grid), way.x);
    return mix(near, far, way.y);
}

// What quarters, halves and the whole allow goes for every pixel: an edge between two of them would be seen.
float everywhere() {
    float share = texelFetch(turn, ivec2(15, 0), 0).b;
    for (int y = 3; y < 7; y++)
        for (int x = 12; x < 14; x++)
            share = min(share, texelFetch(turn, ivec2(x, y), 0).b);
    return share;
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec2 uv = isf_FragNormCoord;
    float share = min(smoothly(uv, ivec2(0), ivec2(12, 9)), smoothly(uv, ivec2(12, 0), ivec2(3)));
    share = min(share, everywhere());
    vec3 next = light(mastered(texture(picture, uv).rgb));
    vec3 last = light(texelFetch(shown, at, 0).rgb);
    color = vec4(display(mix(last, next, share)), 1.0);
}
