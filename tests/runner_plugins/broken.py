"""Never loads."""

from vj.types import GenRequest, Image


class Broken:
    NAME = "broken"
    HELP = "for tests"
    PARAMS = ()
    PURE = True

    def load(self, device: str) -> None:
        raise OSError("the weights are missing")

    def render(self, request: GenRequest) -> Image:
        raise NotImplementedError

    def close(self) -> None:
        pass


Generator = Broken
