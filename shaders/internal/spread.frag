#version 330
// The book's page again, for drawing: each area's least share among itself and its neighbours (r), so that what is
// interpolated between areas is never more than one of them allows; and the least of quarters, halves and the whole (g),
// which goes for every pixel, because an edge between two of them would be seen.
out vec4 color;
uniform sampler2D turn;

float least(ivec2 at, ivec2 corner, ivec2 grid) {
    float share = 1.0;
    for (int y = -1; y <= 1; y++)
        for (int x = -1; x <= 1; x++)
            share = min(share, texelFetch(turn, corner + clamp(at - corner + ivec2(x, y), ivec2(0), grid - 1), 0).b);
    return share;
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    float everywhere = texelFetch(turn, ivec2(15, 0), 0).b;
    for (int y = 3; y < 7; y++)
        for (int x = 12; x < 14; x++)
            everywhere = min(everywhere, texelFetch(turn, ivec2(x, y), 0).b);
    float share = at.x < 12 ? least(at, ivec2(0), ivec2(12, 9)) : least(at, ivec2(12, 0), ivec2(3));
    color = vec4(share, everywhere, 0.0, 1.0);
}
