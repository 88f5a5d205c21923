"""Makes the PyTorch numbers that the tests compare with, beside this file as *.safetensors.

For each network: its outputs in inference, loss, every gradient, and losses, parameters and running statistics of 20 steps of
SGD with momentum and of Adam (of the larger networks 10 of SGD), run in float64 (the reference) and in float32 (PyTorch's own
error). Of the networks at full size (NAME_full) only the outputs are made. Parameters, running statistics and batches come from a formula, so that nothing else need be stored; a test computes
the same ones. Of a tensor of more than LIMIT elements only LIMIT are kept, one drawn from each of as many parts.

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

from networks import NETWORKS, variables

HERE = Path(__file__).parent
LIMIT = 32

# So many numbers of a large tensor are made at once.
PIECE = 1 << 22

# With oneDNN's convolutions and PyTorch's own, images by rows and with channels last.
VARIANTS = [(True, torch.contiguous_format), (False, torch.contiguous_format), (True, torch.channels_last)]

# Where the sequence of a column starts in step 0.
SEEDS = {"image": 1000, "label": 2000, "box": 3000, "mask": 4000}


def uniform(count, seed):
    """Uniform numbers in [-0.5, 0.5): a Weyl sequence scrambled by multiplications, in exact integer arithmetic."""
    if count > PIECE:
        return np.concatenate([uniform_piece(i, min(PIECE, count - i), seed) for i in range(0, count, PIECE)])
    return uniform_piece(0, count, seed)


def uniform_piece(first, count, seed):
    """Those from number `first` on."""
    i = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    x = (i * np.uint64(2654435761) + np.uint64(seed) * np.uint64(40503)) & mask
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(2246822519)) & mask
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(3266489917)) & mask
    x = x ^ (x >> np.uint64(16))
    return x.astype(np.float64) / 2.0**32 - 0.5


def kept(count):
    """The places that are kept of `count` elements: all, or one drawn from each of LIMIT parts of equal size."""
    if count <= LIMIT:
        return np.arange(count)
    return np.floor((np.arange(LIMIT) + uniform(LIMIT, count % 65536) + 0.5) * count / LIMIT).astype(np.int64)


def fill(module):
    """A weight is uniform(crc32(name) % 65536) * gain / sqrt(fan in), another parameter or running statistic that sequence as it
    is, a `scale` or `var` 1 + half of it; and what ends in the network's `faint` is a tenth of that."""
    with torch.no_grad():
        for name, tensor in variables(module).items():
            seed = zlib.crc32(name.encode()) % 65536
            values = uniform(tensor.numel(), seed).reshape(tuple(tensor.shape))
            if tensor.dim() > 1:
                values = values * module.gain / np.sqrt(tensor[0].numel())
            if name.endswith(("scale", "var")):
                values = 1 + values / 2
            if module.faint and name.endswith(module.faint):
                values /= 10
            tensor.copy_(torch.tensor(np.float32(values)))


def batch(module, step, dtype):
    """The columns at step number `step` (from 0): uniform(column's seed + network's seed + step) + 0.5, and classes the same
    sequence's integers."""
    data = {}
    for name, column in module.columns().items():
        labels = isinstance(column[-1], tuple)
        classes, shape = column if labels else (1, column)
        shape = (module.batch, *shape)
        values = (uniform(int(np.prod(shape)), SEEDS[name] + module.seed + step) + 0.5).reshape(shape) * classes
        data[name] = torch.tensor(np.floor(values).astype(np.int64) if labels else np.float32(values))
        data[name] = data[name] if labels else data[name].to(dtype)
    return data


def run(network, dtype, layout=torch.contiguous_format):
    results = {}

    def made():
        module = network().to(dtype, memory_format=layout)
        fill(module)
        return module

    module = made()
    data = batch(module, 0, dtype)
    with torch.no_grad():
        for name, output in module.eval().outputs(data).items():
            results["infer." + name] = output
    if module.optimizers:
        results |= trained(module, data, made, dtype)
    return {k: v.detach().to(torch.float64).contiguous().numpy().ravel() for k, v in results.items()}


def trained(module, data, made, dtype):
    """Loss and gradients of a module, and what the optimizers make of others like it."""
    results = {}
    loss = module.train().loss(data)
    loss.backward()
    results["loss"] = loss.reshape(1)
    for name, p in variables(module).items():
        if p.requires_grad:
            results["grad." + name] = p.grad
    for kind in module.optimizers:
        module = made().train()
        if kind == "sgd":
            optimizer = torch.optim.SGD(module.parameters(), lr=module.rate, momentum=0.9)
        else:
            optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
        losses = []
        for step in range(module.steps):
            optimizer.zero_grad()
            loss = module.loss(batch(module, step, dtype))
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        results[kind] = torch.stack(losses)
        for name, p in variables(module).items():
            results[kind + "." + name] = p
    return results


def single_runs(network):
    for onednn, layout in VARIANTS:
        with torch.backends.mkldnn.flags(enabled=onednn):
            yield run(network, torch.float32, layout)


def check_stable(name, exact, single):
    """Refuses numbers that say little: where one of PyTorch's runs went another way at a ReLU or a maximum, or steps amplify
    rounding, 4 times its error would allow anything. Another seed or rate of the network helps."""
    for key, values in exact.items():
        magnitude = np.abs(values).max()
        error = max(np.abs(run[key] - values).max() for run in single)
        if magnitude > 1e-12 and error > 3e-4 * magnitude:
            sys.exit(f"{name}: {key} is {error / magnitude:.1e} from the float64 run, relatively")


def main(names):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name in names or NETWORKS:
        exact = run(NETWORKS[name], torch.float64)
        single = list(single_runs(NETWORKS[name]))
        check_stable(name, exact, single)
        tensors, metadata = {}, {"torch": torch.__version__.split("+")[0]}
        for setting in ("seed", "rate", "faint", "gain"):
            metadata[setting] = str(getattr(NETWORKS[name], setting))
        for key, values in exact.items():
            tensors[key] = np.ascontiguousarray(values[kept(values.size)])
            error, magnitude = max(np.abs(run[key] - values).max() for run in single), np.abs(values).max()
            if magnitude < 1e-12:  # the gradient of a bias that a normalisation takes away: judge it by its layer's others
                layer = key[: key.rindex(".") + 1]
                magnitude = max(np.abs(v).max() for k, v in exact.items() if k.startswith(layer))
            metadata[key] = f"{values.size} {error:.3g} {magnitude:.6g}"
        path = HERE / f"{name}.safetensors"
        save_file(tensors, path, metadata)
        losses = ", ".join(f"{k} {exact[k][0]:.6f} {exact[k][-1]:.6f}" for k in ("sgd", "adam") if k in exact)
        print(f"{path.name}: {path.stat().st_size} bytes, losses {losses}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
