"""Inference of ResNet-18 at 224x224 as a peer process: reads commands on stdin, answers on stdout.

    python3 infer.py resnet18 BATCH THREADS MODE     MODE: eager, channels_last, compile (PyTorch) or onnx (ONNX Runtime)

Answers "ready VERSION" when warm; then for each line "N" it runs N times and answers the seconds they took. ONNX Runtime's
model is exported from the same PyTorch module, for which the package onnx must be installed.
"""

import io
import os
import sys
import time
import warnings

network, batch, threads, mode = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import torch  # noqa: E402  (the environment must be set first)

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "examples", "reference"))
from networks import ResNet  # noqa: E402


class FullResNet18(ResNet):
    """At its real size: the reference numbers are of a small one."""

    shape, width, classes = (3, 224, 224), 64, 1000


def exported(model, x):
    warnings.filterwarnings("ignore")
    file = io.BytesIO()
    torch.onnx.export(model, (x,), file, dynamo=False, input_names=["image"], output_names=["logits"])
    return file.getvalue()


torch.set_num_threads(threads)
torch.manual_seed(1)
assert network == "resnet18", network
model = FullResNet18().eval()
x = torch.rand(batch, *model.shape)
if mode == "onnx":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(exported(model, x), options, providers=["CPUExecutionProvider"])
    image = x.numpy()
    version = onnxruntime.__version__

    def run():
        session.run(None, {"image": image})

else:
    version = torch.__version__
    if mode == "channels_last":
        model = model.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    if mode == "compile":
        model = torch.compile(model)

    def run():
        with torch.inference_mode():
            model(x)


for _ in range(3):
    run()
print(f"ready {version}", flush=True)
for line in sys.stdin:
    count = int(line)
    start = time.perf_counter()
    for _ in range(count):
        run()
    print(time.perf_counter() - start, flush=True)
