"""A PyTorch training step as a peer process: reads commands on stdin, answers on stdout.

    python3 torch_step.py NETWORK BATCH THREADS MODE     MODE: eager, channels_last or compile

Answers "ready VERSION LOSS" when warm; then for each line "N" it runs N steps and answers the seconds they took.
The step is forward, cross-entropy, backward and SGD with momentum 0.9, as in the .model file of that name.
"""

import os
import sys
import time

network, batch, threads, mode = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import torch  # noqa: E402  (the environment must be set first)

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "examples", "reference"))
from networks import NETWORKS, Basic, CifarResNet, Network, Stage  # noqa: E402

torch.set_num_threads(threads)
torch.manual_seed(1)


class FullCifarResNet(CifarResNet):
    """ResNet-20 at its real size: the reference numbers are of a small one."""

    shape = (3, 32, 32)

    def __init__(self):
        Network.__init__(self)
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(16)
        self.layer1 = Stage(Basic, 3, 16, 16, 1, convolve=False)
        self.layer2 = Stage(Basic, 3, 16, 32, 2, convolve=False)
        self.layer3 = Stage(Basic, 3, 32, 64, 2, convolve=False)
        self.fc = torch.nn.Linear(64, self.classes)


definition = FullCifarResNet if network == "resnet_cifar" else NETWORKS[network]
model = definition()
model.train()
x = torch.rand(batch, *definition.shape)
if mode == "channels_last":
    model = model.to(memory_format=torch.channels_last)
    x = x.to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
label = torch.randint(definition.classes, (batch,))


def loss_of(x, label):
    return torch.nn.functional.cross_entropy(model(x), label)


if mode == "compile":
    loss_of = torch.compile(loss_of)


def step():
    optimizer.zero_grad()
    loss = loss_of(x, label)
    loss.backward()
    optimizer.step()
    return loss


for _ in range(5):
    loss = step()
print(f"ready {torch.__version__} {loss.item()}", flush=True)
for line in sys.stdin:
    count = int(line)
    start = time.perf_counter()
    for _ in range(count):
        step()
    print(time.perf_counter() - start, flush=True)
