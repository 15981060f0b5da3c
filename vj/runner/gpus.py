"""What torch can compute on. Asked in a probe's process: importing torch takes seconds."""

from __future__ import annotations

from typing import Any


def gpus() -> dict[str, Any]:
    """``torch`` its version, ``threads``, and ``gpus``: name and memory in GB of each device torch can use."""
    import torch

    found = [_cuda(index) for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append({"device": "mps", "name": "Apple GPU", "memory_gb": 0.0})
    return {"torch": str(torch.__version__), "threads": torch.get_num_threads(), "gpus": found}


def _cuda(index: int) -> dict[str, Any]:
    import torch

    about = torch.cuda.get_device_properties(index)
    return {"device": f"cuda:{index}", "name": about.name, "memory_gb": round(about.total_memory / 2**30, 1)}
