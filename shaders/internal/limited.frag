#version 330
// Drawn over the output only while cells are blocked: the new picture is let in, in light, only as far as allowed.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D picture;
uniform sampler2D shown;
uniform sampler2D turn;
#include master

void main() {
    vec3 next = light(mastered(texelFetch(picture, ivec2(gl_FragCoord.xy), 0).rgb));
    vec3 last = light(texelFetch(shown, ivec2(gl_FragCoord.xy), 0).rgb);
    color = vec4(display(mix(last, next, texture(turn, isf_FragNormCoord).b)), 1.0);
}
