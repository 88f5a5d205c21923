"""Makes the PyTorch numbers that the tests compare with, beside this file as *.safetensors.

For each network: its outputs in inference, loss, every gradient, and the losses of 20 SGD-momentum and 20 Adam steps, run in
float64 (the reference) and in float32 (PyTorch's own error). Parameters, running statistics and batches come from a formula,
so that nothing else need be stored; a test computes the same ones. A tensor of more than LIMIT elements is kept as LIMIT evenly spaced ones.

    python3 reference.py [NAME ...]        needs torch, numpy, safetensors

Rule of agreement: nothing may be farther from the float64 run than 4 times what PyTorch's float32 run is, with a floor of
1e-6 of the tensor's largest magnitude; both are kept in the metadata, taken over the whole tensor. PyTorch's error is the
greatest of its ways to compute in float32 (VARIANTS): that of one of them alone is a matter of luck in a small tensor.
"""

import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from networks import NETWORKS

HERE = Path(__file__).parent
LIMIT = 4096
STEPS = 20
BATCH = 16

# With oneDNN's convolutions and PyTorch's own, images by rows and with channels last.
VARIANTS = [(True, torch.contiguous_format), (False, torch.contiguous_format), (True, torch.channels_last)]


def uniform(count, seed):
    """Uniform numbers in [-0.5, 0.5): a Weyl sequence scrambled by multiplications, in exact integer arithmetic."""
    i = np.arange(1, count + 1, dtype=np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    x = (i * np.uint64(2654435761) + np.uint64(seed) * np.uint64(40503)) & mask
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(2246822519)) & mask
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(3266489917)) & mask
    x = x ^ (x >> np.uint64(16))
    return x.astype(np.float64) / 2.0**32 - 0.5


def fill(module):
    """A parameter or running statistic is uniform(crc32(name) % 65536) * 2 / sqrt(fan in), a vector's fan in being 4; a `scale`
    or `var` is 1 + half that."""
    state = module.state_dict()
    for name, tensor in state.items():
        fan = tensor[0].numel() if tensor.dim() > 1 else 4
        values = uniform(tensor.numel(), zlib.crc32(name.encode()) % 65536).reshape(tuple(tensor.shape)) * 2 / np.sqrt(fan)
        if name.endswith(("scale", "var")):
            values = 1 + values / 2
        state[name] = torch.tensor(np.float32(values), dtype=tensor.dtype)
    module.load_state_dict(state)


def batch(network, step, dtype):
    """Inputs of step number `step` (from 0): uniform(1000 + step) + 0.5; labels the same sequence's integers."""
    shape = (BATCH, *network.input_shape)
    count = int(np.prod(shape))
    x = torch.tensor(np.float32(uniform(count, 1000 + step) + 0.5).reshape(shape), dtype=dtype)
    label = torch.tensor(np.floor((uniform(BATCH, 2000 + step) + 0.5) * network.classes).astype(np.int64))
    return x, label


def run(network, dtype, layout=torch.contiguous_format):
    results = {}

    def made():
        module = network.module().to(dtype, memory_format=layout)
        fill(module)
        return module

    module = made()
    x, label = batch(network, 0, dtype)
    results["infer.logits"] = module.eval()(x)
    loss = torch.nn.functional.cross_entropy(module.train()(x), label)
    loss.backward()
    results["loss"] = loss.reshape(1)
    for name, p in module.named_parameters():
        results["grad." + name] = p.grad
    for kind in ("sgd", "adam"):
        module = made().train()
        if kind == "sgd":
            optimizer = torch.optim.SGD(module.parameters(), lr=0.002, momentum=0.9)
        else:
            optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
        losses = []
        for step in range(STEPS):
            x, label = batch(network, step, dtype)
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(x), label)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        results[kind] = torch.stack(losses)
        for name, p in module.named_parameters():
            results[kind + "." + name] = p
        for name, p in module.named_buffers():
            if p.is_floating_point():
                results[kind + "." + name] = p
    return {k: v.detach().to(torch.float64).contiguous().numpy().ravel() for k, v in results.items()}


def single_runs(network):
    for onednn, layout in VARIANTS:
        with torch.backends.mkldnn.flags(enabled=onednn):
            yield run(network, torch.float32, layout)


def main(names):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name in names or NETWORKS:
        exact = run(NETWORKS[name], torch.float64)
        single = list(single_runs(NETWORKS[name]))
        tensors, metadata = {}, {"torch": torch.__version__.split("+")[0], "batch": str(BATCH)}
        for key, values in exact.items():
            kept = values if values.size <= LIMIT else values[:: -(-values.size // LIMIT)]
            tensors[key] = np.ascontiguousarray(kept)
            error = max(np.abs(run[key] - values).max() for run in single)
            magnitude = np.abs(values).max()
            metadata[key] = f"{values.size} {error!r} {magnitude!r}".replace("np.float64(", "").replace(")", "")
        path = HERE / f"{name}.safetensors"
        save_file(tensors, path, metadata)
        print(f"{path.name}: {path.stat().st_size} bytes, losses sgd {exact['sgd'][[0, -1]]}, adam {exact['adam'][[0, -1]]}")


if __name__ == "__main__":
    main(sys.argv[1:])
