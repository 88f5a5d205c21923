"""A PyTorch training step as a peer process: reads commands on stdin, answers on stdout.

    python3 torch_step.py NETWORK BATCH THREADS MODE     MODE: eager or compile

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
from networks import NETWORKS  # noqa: E402

torch.set_num_threads(threads)
torch.manual_seed(1)
definition = NETWORKS[network]
model = definition.module()
model.train()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
x = torch.rand(batch, *definition.input_shape)
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


for _ in range(20):
    loss = step()
print(f"ready {torch.__version__} {loss.item()}", flush=True)
for line in sys.stdin:
    count = int(line)
    start = time.perf_counter()
    for _ in range(count):
        step()
    print(time.perf_counter() - start, flush=True)
