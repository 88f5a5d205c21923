"""Checks weights from torchvision: its modules, with random weights, against modelc with their saved state dicts.

For each network: the .pt file that torch.save wrote is given to `modelc predict` at full size, and the logits are compared with
PyTorch's in float64, beside PyTorch's own in float32. Then `modelc export` writes the weights back under torchvision's names,
and load_state_dict must take them and give every tensor back bit by bit.

    python3 torchvision_weights.py [--modelc COMMAND] [--batch N] [NAME ...]        needs torch, torchvision, numpy, safetensors

Rule of agreement: no logit may be farther from the float64 run than 4 times what PyTorch's float32 run is, with a floor of 1e-6
of the largest logit.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.torch import load_file

EXAMPLES = Path(__file__).parent.parent
RULES = ["--map-file", str(EXAMPLES / "torchvision.map")]

# torchvision's name: file, options of modelc.
NETWORKS = {
    "resnet18": ("resnet", ["--set", "depth=18"]),
    "resnet50": ("resnet", []),
    "vgg16": ("vgg", RULES),
    "vgg11_bn": ("vgg", ["--set", "depth=11", "--set", "normalized=true", *RULES]),
    "alexnet": ("alexnet", ["--set", "towers=1", *RULES]),
    "googlenet": ("googlenet", ["--map", "aux1=", "--map", "aux2=", *RULES]),
}


def module(name):
    """Untrained, but with running statistics that are not just 0 and 1."""
    torch.manual_seed(1)
    extra = {"init_weights": True} if name == "googlenet" else {}
    net = getattr(torchvision.models, name)(weights=None, **extra)
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.weight.data.uniform_(0.5, 1.5)
            layer.bias.data.uniform_(-0.2, 0.2)
            layer.running_mean.uniform_(-0.2, 0.2)
            layer.running_var.uniform_(0.5, 1.5)
    return net.eval()


def run(command):
    start = time.time()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(" ".join(command) + "\n" + done.stderr)
    return time.time() - start


def check(name, modelc, folder, batch):
    file, options = NETWORKS[name]
    net = module(name)
    weights, back = folder / "w.pt", folder / "back.safetensors"
    torch.save(net.state_dict(), weights)
    x = torch.rand(batch, 3, 224, 224)
    np.save(folder / "x.npy", x.numpy())
    base = [*modelc, "predict", str(EXAMPLES / f"{file}.model"), *options, "--weights", str(weights)]
    seconds = run([*base, "--input", str(folder / "x.npy"), "--output", str(folder / "y.npy")])
    ours = np.load(folder / "y.npy").astype(np.float64)
    with torch.no_grad():
        single = net(x).numpy().astype(np.float64)
        exact = net.double()(x.double()).numpy()
        net.float()
    error, theirs, size = abs(ours - exact).max(), abs(single - exact).max(), abs(exact).max()

    export = [*modelc, "export", str(EXAMPLES / f"{file}.model"), *options, "--weights", str(weights)]
    run([*export, "--names", "torch", "--like", str(weights), "-o", str(back)])
    again = load_file(back)
    net.load_state_dict(again)
    saved = torch.load(weights)
    same = all(torch.equal(again[k], saved[k]) for k in saved)

    agrees = same and error <= max(4 * theirs, 1e-6 * size)
    print(
        f"{name:10} largest logit {size:9.4g}  modelc off by {error:.3g}, PyTorch float32 by {theirs:.3g}  "
        f"back {'bit by bit' if same else 'CHANGED'}  {seconds:.1f} s  {'agrees' if agrees else 'DISAGREES'}",
        flush=True,
    )
    return agrees


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--modelc", default=str(EXAMPLES.parent / "modelc"))
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("names", nargs="*", default=list(NETWORKS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        agree = [check(n, shlex.split(given.modelc), Path(folder), given.batch) for n in given.names]
    sys.exit(0 if all(agree) else 1)


if __name__ == "__main__":
    main()
