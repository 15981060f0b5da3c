#version 330
// Two generated images, each warped by the known motion since it was made, cross-faded.
// Screen coordinates as in vj/camera.py: origin in the middle, y down, one unit is half the image's height.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D older;
uniform sampler2D newer;
uniform vec4 olderTurn;   // (a, b, c, d) of the affine map screen -> image
uniform vec4 newerTurn;
uniform vec4 shifts;      // (tx, ty) of older, then newer
uniform vec4 extents;     // half width and height of older, then newer, in units
uniform vec2 view;        // half width and height of the screen, in units
uniform float fade;       // 0 older .. 1 newer

vec2 mirrored(vec2 uv) {
    return 1.0 - abs(mod(uv, 2.0) - 1.0);
}

vec2 warped(vec2 p, vec4 turn, vec2 shift, vec2 extent) {
    vec2 q = vec2(dot(turn.xy, p), dot(turn.zw, p)) + shift;
    return mirrored(q / extent * 0.5 + 0.5);
}

void main() {
    vec2 p = (isf_FragNormCoord * 2.0 - 1.0) * vec2(1.0, -1.0) * view;
    vec4 a = texture(older, warped(p, olderTurn, shifts.xy, extents.xy));
    vec4 b = texture(newer, warped(p, newerTurn, shifts.zw, extents.zw));
    color = vec4(mix(a.rgb, b.rgb, fade), 1.0);
}
