#version 330
// Is enough of the picture blocked at once to matter? Enough cells, two regions, or anything larger.
out vec4 color;
uniform sampler2D turn;
uniform float least;
void main() {
    float cells = 0.0, regions = 0.0, larger = 0.0;
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 16; x++) {
            float blocked = texelFetch(turn, ivec2(x, y), 0).a;
            if (x < 12) cells += blocked;
            else if (x < 15 && y < 3) regions += blocked;
            else larger += blocked;
        }
    color = vec4(cells >= least || regions > 1.0 || larger > 0.0 ? 1.0 : 0.0);
}
