#version 330
// Share of the cells that are blocked, in one pixel.
in vec2 isf_FragNormCoord;
out vec4 color;
uniform sampler2D turn;
void main() {
    ivec2 size = textureSize(turn, 0);
    float blocked = 0.0;
    for (int y = 0; y < size.y; y++)
        for (int x = 0; x < size.x; x++)
            blocked += texelFetch(turn, ivec2(x, y), 0).a;
    color = vec4(blocked / float(size.x * size.y));
}
