#version 330
// The generator is late or dead: keep its last picture alive. Slow curling displacement and feedback of our own
// last frame grow with the image's age, so that the eye sees a melt and never a stop.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D image;     // the warped image of this frame
uniform sampler2D memory;    // what we drew last frame
uniform float stale;         // 0 fresh .. 1 long gone
uniform float time;
uniform float energy;        // 0..1, how hard the music pushes
uniform float keep;          // share of memory kept this frame, from exp(-dt/tau)
uniform float pace;           // this frame in thirtieths of a second
uniform vec2 aspect;

vec2 curl(vec2 p, float t) {
    vec2 q = vec2(sin(p.y * 2.1 + t * 0.7) + 0.6 * sin(p.y * 4.3 - p.x * 1.7 - t * 0.9),
                  sin(p.x * 2.3 - t * 0.6) + 0.6 * sin(p.x * 3.9 + p.y * 1.9 + t * 0.8));
    return q + 0.35 * q.yx * vec2(-1.0, 1.0);
}

vec2 mirrored(vec2 uv) {
    return 1.0 - abs(mod(uv, 2.0) - 1.0);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * aspect;
    vec2 flow = curl(p * 2.0, time) / aspect;
    vec2 bent = isf_FragNormCoord + flow * stale * (0.035 + 0.03 * energy);
    vec2 old = 0.5 + (isf_FragNormCoord - 0.5) * (1.0 - 0.006 * stale * pace) + flow * stale * 0.0035 * pace;
    vec3 fresh = texture(image, mirrored(bent)).rgb;
    vec3 held = texture(memory, mirrored(old)).rgb;
    color = vec4(mix(fresh, held, keep), 1.0);
}
