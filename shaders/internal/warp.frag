#version 330
// deck.frag where one image alone is to be seen.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D newer;
uniform vec4 newerTurn;
uniform vec4 shifts;
uniform vec4 extents;
uniform vec2 view;

void main() {
    vec2 p = (isf_FragNormCoord * 2.0 - 1.0) * vec2(1.0, -1.0) * view;
    vec2 q = vec2(dot(newerTurn.xy, p), dot(newerTurn.zw, p)) + shifts.zw;
    vec2 uv = q / extents.zw * 0.5 + 0.5;
    color = vec4(texture(newer, 1.0 - abs(mod(uv, 2.0) - 1.0)).rgb, 1.0);
}
