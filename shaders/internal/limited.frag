#version 330
// Drawn over the output only while areas are blocked: the new picture is let in, in light, only as far as the pixel's
// cell and every larger area it lies in allow.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D picture;
uniform sampler2D shown;
uniform sampler2D turn;
#include master

// The least share of a cell and its eight neighbours.
float least(ivec2 cell) {
    float share = 1.0;
    for (int y = -1; y <= 1; y++)
        for (int x = -1; x <= 1; x++)
            share = min(share, texelFetch(turn, clamp(cell + ivec2(x, y), ivec2(0), ivec2(11, 8)), 0).b);
    return share;
}

// Without a visible grid, and never more than a cell allows: each of the four centres around a pixel knows the cell that
// the pixel is in as a neighbour, so what lies between them is at most that cell's own share.
float local(vec2 uv) {
    vec2 at = uv * vec2(12.0, 9.0) - 0.5;
    ivec2 corner = ivec2(floor(at));
    vec2 way = at - vec2(corner);
    way = way * way * (3.0 - 2.0 * way);
    float near = mix(least(corner), least(corner + ivec2(1, 0)), way.x);
    float far = mix(least(corner + ivec2(0, 1)), least(corner + ivec2(1, 1)), way.x);
    return mix(near, far, way.y);
}

// The least share of the larger areas around a pixel; measure.frag says where they stand on the page.
float larger(vec2 uv) {
    ivec2 side = ivec2(uv * 2.0);
    float region = texelFetch(turn, ivec2(uv * 3.0) + ivec2(12, 0), 0).b;
    float quarter = texelFetch(turn, side + ivec2(12, 3), 0).b;
    float halves = min(texelFetch(turn, ivec2(12 + side.x, 5), 0).b, texelFetch(turn, ivec2(12 + side.y, 6), 0).b);
    float whole = texelFetch(turn, ivec2(15, 0), 0).b;
    return min(min(region, quarter), min(halves, whole));
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec2 uv = isf_FragNormCoord;
    float share = min(local(uv), larger(uv));
    vec3 next = light(mastered(texture(picture, uv).rgb));
    vec3 last = light(texelFetch(shown, at, 0).rgb);
    color = vec4(display(mix(last, next, share)), 1.0);
}
