"""Times PyTorch's training steps and inference on the GPU, and the GPU's copies and matrix products; prints one JSON object.

    python3 torch_times.py SECONDS      SECONDS for each figure

A step is forward, cross-entropy, backward and SGD with momentum 0.9. Of each network: eager, and captured as a CUDA graph;
torch.compile where it works. Medians of events of the GPU, in milliseconds. float32 without tf32, as modelc's.
"""

import json
import statistics
import sys
import time

import torch
from networks import NETWORKS

seconds = float(sys.argv[1])
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True
torch.manual_seed(1)
# Ours, PyTorch's definition, the batch. U-Net is missing: its loss is another.
NAMES = [
    ("mlp", "mlp", 64),
    ("lenet", "lenet_full", 64),
    ("resnet20", "resnet_cifar_full", 128),
    ("resnet50", "resnet50_full", 64),
    ("vgg16", "vgg16_full", 64),
]


def median_ms(work):
    """The median time of work on the GPU."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    times, end = [], time.time() + seconds
    while len(times) < 3 or time.time() < end:
        begun, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begun.record()
        work()
        ended.record()
        ended.synchronize()
        times.append(begun.elapsed_time(ended))
    return statistics.median(times)


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


def times(definition, batch):
    model = definition().cuda().to(memory_format=torch.channels_last)
    x = torch.rand(batch, *definition.shape, device="cuda").contiguous(memory_format=torch.channels_last)
    label = torch.randint(definition.classes, (batch,), device="cuda")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step(model=model):
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(x), label).backward()
        optimizer.step()

    @torch.no_grad()
    def infer():
        model(x)

    model.train()
    found = {"batch": batch, "train_eager_ms": median_ms(step)}
    try:
        compiled = torch.compile(model)
        found["train_compile_ms"] = median_ms(lambda: step(compiled))
    except Exception as e:  # it needs a C compiler, among others
        print("skipped: torch.compile:", str(e).splitlines()[:1], file=sys.stderr)
    found["train_graph_ms"] = median_ms(graphed(step))
    model.eval()
    found["infer_eager_ms"] = median_ms(infer)
    found["infer_graph_ms"] = median_ms(graphed(infer))
    return found


def rates():
    """Bytes copied within the GPU, read and written, and the products of large matrices, each a second."""
    a = torch.empty(1 << 28, dtype=torch.uint8, device="cuda")
    b = torch.empty_like(a)
    m = torch.rand(8192, 8192, device="cuda")
    found = {"copy_gb_s": 2 * a.numel() / median_ms(lambda: b.copy_(a)) * 1e-6}
    for name, kind, tf32 in [("float32", torch.float32, False), ("tf32", torch.float32, True), ("bf16", torch.bfloat16, False)]:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        x = m.to(kind)
        found[f"matmul_{name}_tflop_s"] = 2 * 8192**3 / median_ms(lambda x=x: x @ x) * 1e-9
    torch.backends.cuda.matmul.allow_tf32 = False
    return found


result = {"version": torch.__version__, "device": torch.cuda.get_device_name(), "rates": rates(), "networks": {}}
for ours, theirs, batch in NAMES:
    try:
        result["networks"][ours] = times(NETWORKS[theirs], batch)
    except Exception as e:
        print(f"skipped: {ours} in PyTorch: {e}", file=sys.stderr)
    print(ours, "in PyTorch ...", file=sys.stderr)
print(json.dumps(result))
