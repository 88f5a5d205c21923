"""Makes PyTorch's numbers for the library's layers: layers.safetensors, from layers.txt.

For each line: the result y, and the gradients of sum(y * c) by the input and every parameter, in float64; PyTorch's own float32
error beside, as in reference.py, whose formulas make the numbers: x is uniform(1000), c uniform(77), parameters by their names.

    python3 layers.py          needs torch, torchvision, numpy, safetensors
"""

import zlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from safetensors.numpy import save_file

from reference import VARIANTS, uniform

HERE = Path(__file__).parent


def sizes(text):
    return [int(n) for n in text.split("x")]


def values(name, shape):
    count = int(np.prod(shape))
    v = uniform(count, zlib.crc32(name.encode()) % 65536) * 2 / np.sqrt(count / shape[0] if len(shape) > 1 else 4)
    return 1 + v / 2 if name.endswith(("scale", "var")) else v


def run(line, dtype, layout=torch.contiguous_format):
    name, shape, _, parameters, there = (part.strip() for part in line.split(" | "))
    shape = sizes(shape)

    def tensor(v, of):
        t = torch.tensor(np.float32(v).reshape(of), dtype=dtype)
        return (t.contiguous(memory_format=layout) if len(of) == 4 else t).requires_grad_()

    x = tensor(uniform(int(np.prod(shape)), 1000), shape)
    given = {}
    for p in filter(None, parameters.split(", ")):
        path, of = p.strip().rsplit(" ", 1)
        stem, _, several = path.rstrip("}").partition("{")  # l.bn.{scale shift} 4: several of one shape
        for path in [stem + last for last in several.split(" ")]:
            given[path] = tensor(values(path, sizes(of)), sizes(of))

    def conv(x, path, *args, **options):
        return F.conv2d(x, given[path + ".w"], given.get(path + ".b"), *args, **options)

    def bn(x, path):
        mu, var = given[path + ".mu"].detach(), given[path + ".var"].detach()
        return F.batch_norm(x, mu, var, given[path + ".scale"], given[path + ".shift"])

    def block(x, path, act, *args, **options):
        return act(bn(conv(x, path + ".conv", *args, **options), path + ".bn"))

    known = {"F": F, "torch": torch, "torchvision": torchvision, "x": x, "conv": conv, "bn": bn, "block": block, "same": lambda y: y}
    y = eval(there, known | {k.split(".", 1)[1].replace(".", "_"): v for k, v in given.items()})
    c = torch.tensor(np.float32(uniform(y.numel(), 77)).reshape(tuple(y.shape)), dtype=dtype)
    (y * c).sum().backward()
    results = {"y": y, "grad.x": x.grad} | {"grad." + k: v.grad for k, v in given.items() if v.grad is not None}
    return {name + "." + k: v.detach().to(torch.float64).contiguous().numpy().ravel() for k, v in results.items()}


def main():
    torch.set_num_threads(1)
    tensors, metadata = {}, {"torch": torch.__version__.split("+")[0]}
    for line in (HERE / "layers.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        exact = run(line, torch.float64)
        single = []
        for onednn, layout in VARIANTS:
            with torch.backends.mkldnn.flags(enabled=onednn):
                single.append(run(line, torch.float32, layout))
        for key, v in exact.items():
            tensors[key] = v
            error = float(max(np.abs(r[key] - v).max() for r in single))
            metadata[key] = f"{v.size} {error!r} {float(np.abs(v).max())!r}"
    save_file(tensors, HERE / "layers.safetensors", metadata)
    print(len(tensors), "tensors")


if __name__ == "__main__":
    main()
