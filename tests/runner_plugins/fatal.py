"""Takes the whole process with it when loaded."""

import os

from vj.types import GenRequest, Image


class Fatal:
    NAME = "fatal"
    HELP = "for tests"
    PARAMS = ()
    PURE = True

    def load(self, device: str) -> None:
        os.write(2, b"driver fault 17\n")
        os._exit(9)

    def render(self, request: GenRequest) -> Image:
        raise NotImplementedError

    def close(self) -> None:
        pass


Generator = Fatal
