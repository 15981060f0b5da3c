#version 330
// The flash book of each cell; see vj/render/limiter.py for the rule and its source.
// turn = (brightest or darkest since the last opposing change, direction +1/-1/0, share of the new picture let in, blocked)
// early, late = seconds since the last eight opposing changes, newest first.
in vec2 isf_FragNormCoord;
layout(location = 0) out vec4 turnNow;
layout(location = 1) out vec4 earlyNow;
layout(location = 2) out vec4 lateNow;
uniform sampler2D measure;
uniform sampler2D turn;
uniform sampler2D early;
uniform sampler2D late;
uniform float dt;
uniform float threshold;  // an opposing change of this much luminance counts
uniform float allowance;  // a blocked cell may still move this much
uniform float window;     // seconds in which six opposing changes are allowed
uniform float open;       // 1: the limiter is off, only the book is kept
uniform float fall;       // 1: a blackout is on, so going darker is always allowed

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec2 m = texelFetch(measure, at, 0).rg;
    vec4 t = texelFetch(turn, at, 0);
    vec4 e = min(texelFetch(early, at, 0) + dt, 60.0);
    vec4 l = min(texelFetch(late, at, 0) + dt, 60.0);

    // What was really shown last frame goes into the book.
    float last = m.g;
    if (t.y == 0.0) {
        t.x = last;
        t.y = 1.0;
    }
    float back = (t.x - last) * t.y;
    if (back >= threshold && min(t.x, last) < 0.8) {
        l = vec4(e.w, l.xyz);
        e = vec4(0.0, e.xyz);
        t.y = -t.y;
        t.x = last;
    } else if (back < 0.0) {
        t.x = last;
    }

    // May the next one oppose it? l.y is the age of the sixth last change.
    float next = m.r;
    float opposing = (t.x - next) * t.y;
    bool free = open > 0.5 || (fall > 0.5 && next <= last);
    bool blocked = !free && opposing >= threshold && min(t.x, next) < 0.8 && l.y + dt < window;
    float allowed = t.x - t.y * allowance;
    float share = blocked ? clamp((allowed - last) / (next - last), 0.0, 1.0) : 1.0;
    turnNow = vec4(t.xy, share, blocked ? 1.0 : 0.0);
    earlyNow = e;
    lateNow = l;
}
