// Brightness and fade in display values (an even fade to the eye), then the head-room above 1 spills into white
// instead of clipping to a flat colour. Untouched where the picture is within 0..1 and the gain is 1.
uniform float gain;

vec3 mastered(vec3 c) {
    c = max(c, 0.0) * gain;
    vec3 over = max(c - 1.0, 0.0);
    return min(c + dot(over, vec3(0.3)), 1.0);
}

// Display value to light and back: gamma 2 in place of the sRGB curve, a twentieth of its cost; both ends agree.
vec3 light(vec3 c) {
    return c * c;
}

vec3 display(vec3 c) {
    return sqrt(c);
}
