"""torch's gated recurrent layers for lessons: the same arithmetic, a quarter less time where bfloat16 helps.

torch makes the gradient of the weights step by step; here it is one product for all steps. On processors that multiply
bfloat16, ``kind`` lets products be made in it; sums, states and the weights themselves stay float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def layers(gru: nn.GRU, x: Tensor, kind: torch.dtype = torch.float32) -> Tensor:
    """What ``gru(x)[0]`` is: (B, T, I) to (B, T, H), for one that is ``batch_first`` and goes one way."""
    x = x.transpose(0, 1)
    for n in range(gru.num_layers):
        parts = (getattr(gru, f"{part}_l{n}") for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        x = _Layer.apply(x, *parts, kind)
    return x.transpose(0, 1)


class _Layer(torch.autograd.Function):
    """(T, B, I) to (T, B, H). Gates stand side by side as torch has them: reset, update, new."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, inner: Tensor, outer: Tensor, inner_bias: Tensor,  # noqa: PLR0917 - torch's
                outer_bias: Tensor, kind: torch.dtype) -> Tensor:
        steps, many, _ = x.shape
        size = outer.shape[1]
        heard = x.reshape(steps * many, -1).to(kind)
        gates = (heard @ inner.to(kind).t()).float().view(steps, many, 3 * size)
        gates += inner_bias
        gates[..., :2 * size] += outer_bias[:2 * size]
        states = torch.zeros(steps + 1, many, size)
        olds = torch.empty(steps, many, size)
        turned = outer.to(kind).t()
        for t in range(steps):
            before, gate = states[t], gates[t]
            told = (before.to(kind) @ turned).float()
            both, new = gate[:, :2 * size], gate[:, 2 * size:]
            both.add_(told[:, :2 * size]).sigmoid_()
            old = torch.add(told[:, 2 * size:], outer_bias[2 * size:], out=olds[t])
            new.addcmul_(both[:, :size], old).tanh_()
            torch.lerp(new, before, both[:, size:], out=states[t + 1])
        ctx.save_for_backward(heard, inner, outer, gates, olds, states)
        ctx.kind = kind
        return states[1:]

    @staticmethod
    def backward(ctx: Any, *wished: Tensor) -> Any:
        heard, inner, outer, gates, olds, states = ctx.saved_tensors
        kind, size = ctx.kind, outer.shape[1]
        steps, many, _ = gates.shape
        reset, update, new = gates.split(size, -1)
        # All that does not wait for the next step's answer, at once.
        of_new = (1.0 - update) * (1.0 - new * new)
        of_update = (states[:-1] - new) * update * (1.0 - update)
        of_reset = olds * reset * (1.0 - reset)
        inward, outward = torch.empty_like(gates), torch.empty_like(gates)
        back = outer.to(kind)
        blame = torch.zeros(many, size)
        for t in range(steps - 1, -1, -1):
            blame = blame + wished[0][t]
            in_, out = inward[t], outward[t]
            anew = torch.mul(blame, of_new[t], out=in_[:, 2 * size:])
            torch.mul(anew, of_reset[t], out=in_[:, :size])
            torch.mul(blame, of_update[t], out=in_[:, size:2 * size])
            out[:, :2 * size] = in_[:, :2 * size]
            torch.mul(anew, reset[t], out=out[:, 2 * size:])
            blame = torch.addcmul((out.to(kind) @ back).float(), blame, update[t])
        flat_in, flat_out = inward.view(steps * many, -1).to(kind), outward.view(steps * many, -1).to(kind)
        before = states[:-1].reshape(steps * many, -1).to(kind)
        return ((flat_in @ inner.to(kind)).float().view(steps, many, -1), (flat_in.t() @ heard).float(),
                (flat_out.t() @ before).float(), inward.sum((0, 1)), outward.sum((0, 1)), None)
