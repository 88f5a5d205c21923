"""Times PyTorch's training steps and inference on the GPU, and the GPU's copies and matrix products; prints one JSON object.

    python3 torch_times.py SECONDS [DEVICE [LIMIT]]      SECONDS for each figure, LIMIT for all; DEVICE cuda or cpu

A step is forward, loss, backward and SGD with momentum 0.9. Of each network and precision: eager, and captured as a CUDA graph; in
float32 also compiled by torch.compile, last, where it works. tf32 is PyTorch's own, bf16 its autocast. Medians of events of the GPU,
in milliseconds; on a CPU of the clock, float32 alone.
"""

import json
import statistics
import sys
import time

import torch
from networks import NETWORKS

began = time.time()
seconds = float(sys.argv[1])
device = sys.argv[2] if len(sys.argv) > 2 else "cuda"
limit = float(sys.argv[3]) if len(sys.argv) > 3 else float("inf")
on_gpu = device == "cuda"
torch.backends.cudnn.benchmark = True
torch.manual_seed(1)
# Ours, PyTorch's definition, the batch.
NAMES = [
    ("mlp", "mlp", 64),
    ("lenet", "lenet_full", 64),
    ("resnet20", "resnet_cifar_full", 128),
    ("unet", "unet_full", 8),
    ("resnet50", "resnet50_full", 64),
    ("vgg16", "vgg16_full", 64),
]


def precision(name):
    """Computes in it from here on; what to enter for a forward pass and its loss."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = name == "tf32"
    return torch.autocast(device, dtype=torch.bfloat16, enabled=name == "bf16")


def median_ms(work):
    """The median time of work."""
    for _ in range(3):
        work()
    times, end = [], time.time() + seconds
    while len(times) < 3 or time.time() < end:
        times.append(one_ms(work))
    return statistics.median(times)


def one_ms(work):
    if not on_gpu:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1e3
    begun, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    begun.record()
    work()
    ended.record()
    ended.synchronize()
    return begun.elapsed_time(ended)


def graphed(work):
    """work as a CUDA graph, warmed up on another stream as PyTorch asks for."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def column(form, batch):
    """Numbers, or classes where the form says how many there are."""
    if len(form) == 2 and isinstance(form[1], tuple):
        return torch.randint(form[0], (batch, *form[1]), device=device)
    x = torch.rand(batch, *form, device=device)
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x


class Timed:
    """A network with a batch and an optimizer."""

    def __init__(self, definition, batch):
        self.model = definition().to(device).to(memory_format=torch.channels_last)
        self.data = {name: column(form, batch) for name, form in self.model.columns().items()}
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)

    def step(self, context, loss):
        self.optimizer.zero_grad(set_to_none=True)
        with context:
            value = loss(self.data)
        value.backward()
        self.optimizer.step()

    @torch.no_grad()
    def infer(self, context):
        with context:
            self.model(self.data["image"])

    def times(self, name):
        context = precision(name)
        ways = {"eager": lambda f: f, **({"graph": graphed} if on_gpu else {})}
        found = {}
        for way, prepared in ways.items():
            self.model.train()
            found[f"train_{way}_ms"] = median_ms(prepared(lambda: self.step(context, self.model.loss)))
            self.model.eval()
            found[f"infer_{way}_ms"] = median_ms(prepared(lambda: self.infer(context)))
        return found

    def compiled_ms(self):
        context = precision("float32")
        self.model.train()
        loss = torch.compile(self.model.loss)
        return median_ms(lambda: self.step(context, loss))


def rates():
    """Bytes copied within the GPU, read and written, and the products of large matrices, each a second."""
    a = torch.empty(1 << 28, dtype=torch.uint8, device=device)
    b = torch.empty_like(a)
    found = {"copy_gb_s": 2 * a.numel() / median_ms(lambda: b.copy_(a)) * 1e-6}
    size = 8192 if on_gpu else 1024
    m = torch.rand(size, size, device=device)
    for name in PRECISIONS:
        with precision(name):
            found[f"matmul_{name}_tflop_s"] = 2 * size**3 / median_ms(lambda: m @ m) * 1e-9
    return found


def attempted(what, work, into, key):
    """Puts what work gives into a dictionary, or says why not."""
    if time.time() - began > limit - 20:
        print(f"skipped: {what}, for want of time", file=sys.stderr)
        return
    print(what, "...", file=sys.stderr)
    try:
        into[key] = work()
    except Exception as e:
        print(f"skipped: {what}: {str(e).splitlines()[:1]}", file=sys.stderr)


PRECISIONS = ["float32", "tf32", "bf16"] if on_gpu else ["float32"]
result = {"version": torch.__version__, "device": torch.cuda.get_device_name() if on_gpu else "cpu"}
result["rates"], result["networks"] = rates(), {}
for ours, theirs, batch in NAMES:
    found = result["networks"][ours] = {"batch": batch}
    timed = Timed(NETWORKS[theirs], batch)
    for name in PRECISIONS:
        attempted(f"{ours} in PyTorch, {name}", lambda: timed.times(name), found, name)
for ours, theirs, batch in NAMES if on_gpu else []:
    found = result["networks"][ours]
    attempted(f"{ours} by torch.compile", lambda: Timed(NETWORKS[theirs], batch).compiled_ms(), found, "train_compile_ms")
print(json.dumps(result))
