#version 330
// Drawn over the output only while areas are blocked: the new picture is let in, in light, only as far as the pixel's
// cell and every larger area it lies in allow. ``spread`` holds the shares; see spread.frag.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D picture;
uniform sampler2D shown;
uniform sampler2D spread;
#include master

// Between the centres of a grid's areas, smoothly, without a visible grid.
float smoothly(vec2 uv, ivec2 corner, ivec2 grid) {
    vec2 at = uv * vec2(grid) - 0.5;
    ivec2 cell = ivec2(floor(at)), last = grid - 1;
    vec2 way = at - vec2(cell);
    way = way * way * (3.0 - 2.0 * way);
    ivec2 a = corner + clamp(cell, ivec2(0), last), b = corner + clamp(cell + 1, ivec2(0), last);
    float near = mix(texelFetch(spread, a, 0).r, texelFetch(spread, ivec2(b.x, a.y), 0).r, way.x);
    float far = mix(texelFetch(spread, ivec2(a.x, b.y), 0).r, texelFetch(spread, b, 0).r, way.x);
    return mix(near, far, way.y);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    float share = min(smoothly(uv, ivec2(0), ivec2(12, 9)), smoothly(uv, ivec2(12, 0), ivec2(3)));
    share = min(share, texelFetch(spread, ivec2(0), 0).g);
    vec3 next = light(mastered(texture(picture, uv).rgb));
    vec3 last = light(texelFetch(shown, ivec2(gl_FragCoord.xy), 0).rgb);
    color = vec4(display(mix(last, next, share)), 1.0);
}
