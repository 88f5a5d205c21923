"""Makes the files of this folder with PyTorch: what TorchFileTest reads. Run it here: python3 make.py"""

import argparse
from collections import OrderedDict

import torch

base = torch.arange(24, dtype=torch.float32)


def halves():
    return torch.tensor([1.0, -0.5, 65504.0, 6e-8, float("inf")])


plain = OrderedDict(
    f32=base.reshape(2, 3, 4),
    f64=torch.tensor([3.141592653589793, -1e300], dtype=torch.float64),
    f16=halves().half(),
    bf16=halves().bfloat16(),
    i64=torch.tensor([[-(2**63), 2**63 - 1]]),
    i32=torch.tensor([-7], dtype=torch.int32),
    i16=torch.tensor([-7, 300], dtype=torch.int16),
    i8=torch.tensor([-7], dtype=torch.int8),
    u8=torch.tensor([200], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(42),
    empty=torch.zeros(0, 7),
)
torch.save(plain, "types.pt")

views = OrderedDict(
    whole=base,
    part=base[5:9],
    transposed=base.reshape(4, 6).t(),
    corner=base.reshape(4, 6)[1:3, 2:5],
    every=base[1::5],
    permuted=base.reshape(2, 3, 4).permute(2, 0, 1),
    channels_last=base.reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
    half_view=base.half().reshape(4, 6).t(),
)
torch.save(views, "views.pt")

# The format before PyTorch 1.6.
torch.save(plain, "types_old.pt", _use_new_zipfile_serialization=False)
torch.save(views, "views_old.pt", _use_new_zipfile_serialization=False)

torch.manual_seed(1)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten(), torch.nn.Linear(8, 2))
torch.save(net.state_dict(), "module.pt")

optimizer = torch.optim.Adam(net.parameters())
net(torch.ones(1, 1, 4, 4)).sum().backward()
optimizer.step()
checkpoint = {
    "epoch": 3,
    "lr": 0.1,
    "name": "größe",
    "classes": ["cat", "dog"],
    "big": 2**40,
    "negative": -5,
    "state_dict": net.state_dict(),
    "optimizer": optimizer.state_dict(),
}
torch.save(checkpoint, "checkpoint.pt")
torch.save(checkpoint, "protocol4.pt", pickle_protocol=4)
torch.save({"weight": torch.nn.Parameter(torch.ones(2))}, "parameter.pt")

# What must be refused.
torch.save(torch.nn.Linear(1, 1), "whole_module.pt")
torch.save({"state_dict": net.state_dict(), "args": argparse.Namespace(a=1)}, "namespace.pt")
torch.save({"c": torch.zeros(1, dtype=torch.complex64)}, "complex.pt")
torch.save({"wide": torch.ones(1).expand(1000)}, "expanded.pt")
torch.save({"epoch": 1}, "no_tensor.pt")
torch.save(torch.nn.Linear(1, 1), "whole_module_old.pt", _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), "script.pt")
