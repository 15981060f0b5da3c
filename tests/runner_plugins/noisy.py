"""A pure torch generator whose picture would differ by how a sum is split."""

from vj.types import GenRequest, Image


class Noisy:
    NAME = "noisy"
    HELP = "for tests"
    PARAMS = ()
    PURE = True

    def load(self, device: str) -> None:
        import torch

        self.layer = torch.nn.Conv2d(8, 4, 9, padding=4)
        weights = torch.randn(self.layer.weight.shape, generator=torch.Generator().manual_seed(3))
        with torch.no_grad():
            self.layer.weight.copy_(weights)
            self.layer.bias.zero_()

    def render(self, request: GenRequest) -> Image:
        import torch

        self.threads = torch.get_num_threads()
        width, height = request.size
        seed = torch.Generator().manual_seed(request.seed + request.tick.index)
        with torch.inference_mode():
            out = self.layer(torch.randn(1, 8, height, width, generator=seed))[0].permute(1, 2, 0)
            pixels = (torch.sigmoid(out) * 255).to(torch.uint8).contiguous().numpy()
        pixels[0, 0] = self.threads
        return Image(pixels, request.tick.index, request.tick.time, request.point.camera)

    def close(self) -> None:
        pass


Generator = Noisy
