"""Trains the batch-normalised U-Net of unet.model in PyTorch, by the recipe of that file, to compare what both learn.

    python3 unet_membrane.py TRAIN VALIDATION [--seeds 1,2,3] [--width 8] [--size 128] [--epochs 12] [--batch 8]

TRAIN and VALIDATION are folders that hold `image` and `label`, PNG files of the same names: grey slices and masks. The same here:

    ./modelc train examples/unet.model --set padded=true --set width=8 --set size=128 seed=1 \\
        'data=image_masks("TRAIN/image", "TRAIN/label")' \\
        'validation=image_masks("VALIDATION/image", "VALIDATION/label") -> tiles(128)'

The network is the one of networks.py. Tiles, distribution of the changes to them, first weights, loss, optimizer, schedule and
number of steps are those of the recipe; the random numbers are not. Prints the mean intersection over union of both classes
over all pixels of the validation tiles after each epoch. Needs torch, numpy and Pillow.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from networks import PaddedUNet


def tiles(folder, size):
    """All tiles of the folder's pictures, each [size, size] of 0..255, and of their masks of 0 and 1."""
    images, masks = [], []
    for file in sorted((folder / "image").iterdir()):
        image = np.asarray(Image.open(file).convert("L"))
        mask = (np.asarray(Image.open(folder / "label" / file.name).convert("L")) >= 128).astype(np.int64)
        for top in range(0, image.shape[0] - size + 1, size):
            for left in range(0, image.shape[1] - size + 1, size):
                images.append(image[top : top + size, left : left + size])
                masks.append(mask[top : top + size, left : left + size])
    return torch.tensor(np.array(images)), torch.tensor(np.array(masks))


def augmented(images, masks, draw):
    """flip(0.5, 0.5), rotate(15), jitter(0.2, 0.2), mirrored at the edges; rounded to 8 bits as pictures are."""
    n, size = images.shape[0], images.shape[-1]
    x, y = (torch.where(torch.rand(n, generator=draw) < 0.5, -1.0, 1.0) for _ in range(2))
    angle = (2 * torch.rand(n, generator=draw) - 1) * math.radians(15)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros(n)
    where = torch.stack([torch.stack([x * cos, x * sin, zero], 1), torch.stack([-y * sin, y * cos, zero], 1)], 1)
    # The grid of affine_grid runs from centre to centre of the outermost pixels: the same turn for a square picture.
    grid = F.affine_grid(where, (n, 1, size, size), align_corners=True)
    more = {"padding_mode": "reflection", "align_corners": True}
    images = F.grid_sample(images.float().unsqueeze(1), grid, mode="bilinear", **more).add(0.5).floor()
    masks = F.grid_sample(masks.float().unsqueeze(1), grid, mode="nearest", **more).long().squeeze(1)
    bright, contrast = (0.8 + 0.4 * torch.rand(n, 1, 1, 1, generator=draw) for _ in range(2))
    mean = images.mean((1, 2, 3), keepdim=True)
    images = bright * (contrast * images + mean * (1 - contrast))
    return images.add(0.5).floor().clamp(0, 255), masks


def initialise(module, draw):
    """he_uniform with the library's rule for the fan in: all of a weight's axes but the first. Biases are 0."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)):
                bound = math.sqrt(6 / part.weight[0].numel())
                part.weight.uniform_(-bound, bound, generator=draw)
                if part.bias is not None:
                    part.bias.zero_()


def mean_iou(module, images, masks, batch):
    module.eval()
    both, either = torch.zeros(2), torch.zeros(2)
    with torch.no_grad():
        for i in range(0, len(images), batch):
            found = module(images[i : i + batch].unsqueeze(1) / 255).argmax(1)
            for k in range(2):
                a, b = found == k, masks[i : i + batch] == k
                both[k] += (a & b).sum()
                either[k] += (a | b).sum()
    return (both / either).mean().item()


def train(seed, options, data, validation):
    draw = torch.Generator().manual_seed(seed)

    class Net(PaddedUNet):
        channels, width = 1, options.width

    module = Net().to(memory_format=torch.channels_last)
    initialise(module, draw)
    optimizer = torch.optim.Adam(module.parameters(), lr=2e-3)
    steps = options.epochs * math.ceil(len(data[0]) / options.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: (1 + math.cos(math.pi * done / steps)) / 2)
    begun, processor = time.time(), time.process_time()
    for epoch in range(1, options.epochs + 1):
        module.train()
        for part in torch.randperm(len(data[0]), generator=draw).split(options.batch):
            images, masks = augmented(data[0][part], data[1][part], draw)
            loss = F.cross_entropy(module(images / 255), masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        found = mean_iou(module, *validation, options.batch)
        spent = f"{time.time() - begun:.0f} s, {time.process_time() - processor:.0f} s of processor"
        print(f"seed {seed} epoch {epoch} loss {loss.item():.4f} mean IoU {found:.4f} ({spent})", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train", type=Path)
    parser.add_argument("validation", type=Path)
    parser.add_argument("--seeds", default="1,2,3")
    for name, value in {"width": 8, "size": 128, "epochs": 12, "batch": 8}.items():
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data, validation = tiles(options.train, options.size), tiles(options.validation, options.size)
    found = [train(int(seed), options, data, validation) for seed in options.seeds.split(",")]
    print(f"mean IoU {np.mean(found):.4f}, standard deviation {np.std(found, ddof=1) if len(found) > 1 else 0:.4f}")


if __name__ == "__main__":
    main()
