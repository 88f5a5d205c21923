"""Makes the sound files in the folders beside it, from which fuzzing begins: `python make.py`.

The two that only modelc can write, checkpoint/xor.safetensors and artifact/xor.so, are made by
`modelc train examples/xor.model --steps 1` and by hand: a library's description and footer.
"""

import gzip
import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
from PIL import Image


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def npy(x):
    out = io.BytesIO()
    np.save(out, x)
    return out.getvalue()


def safetensors(tensors):
    header, data = {"__metadata__": {"by": "make.py"}}, b""
    for name, x in tensors.items():
        kind = {"float32": "F32", "float64": "F64", "int64": "I64", "int32": "I32", "bool": "BOOL"}[str(x.dtype)]
        b = x.tobytes()
        header[name] = {"dtype": kind, "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(b)]}
        data += b
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def picture(mode, form, **options):
    rng = np.random.default_rng(1)
    shape = (6, 5, 3) if mode == "RGB" else (6, 5)
    image = Image.fromarray(rng.integers(0, 3 if mode == "P" else 256, shape, dtype=np.uint8), None if mode == "P" else mode)
    if mode == "P":
        image = image.convert("P")
        image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def archive(compression):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, form in (("set/a/1.png", "PNG"), ("set/b/1.bmp", "BMP")):
            z.writestr(zipfile.ZipInfo(name), picture("L", form), compression)
    return out.getvalue()


def pickled(name, keys=""):
    """The pickle in a file of PyTorch's, the keys of its storages replaced by those given."""
    folder = os.path.join("..", "..", "..", "..", "..", "runtime/src/test/resources/modelc/runtime/pytorch")
    data = zipfile.ZipFile(os.path.join(folder, name + ".pt")).read(name + "/data.pkl")
    for i, key in enumerate(keys):
        data = data.replace(b"X\1\0\0\0%d" % i, b"X\1\0\0\0" + key.encode())
    return data


def main():
    write("npy/f4.npy", npy(np.arange(6, dtype="<f4").reshape(2, 3)))
    write("npy/i8.npy", npy(np.arange(3, dtype="<i8")))
    write("npy/u1.npy", npy(np.zeros((1, 2, 2), dtype="u1")))
    write("npy/scalar.npy", npy(np.float64(1.5)))
    write("npy/bool.npy", npy(np.array([True, False])))
    sound = {"conv.w": np.ones((2, 1, 3), "f4"), "conv.b": np.zeros(2, "f4"), "n": np.array(7, "i8")}
    write("safetensors/sound.safetensors", safetensors(sound))
    write("safetensors/empty.safetensors", safetensors({"x": np.zeros((0, 4), "f8"), "y": np.array([True])}))
    write("csv/quotes.csv", b'a,y\n"1",b\n"2.5","c ""d"""\n')
    write("csv/bom.csv", "\ufeffx,y\r\n1,2\r\n-3e4,0.5\r\n".encode())
    images = struct.pack(">IIII", 0x803, 2, 28, 28) + bytes(range(256)) * 6 + bytes(32)
    labels = struct.pack(">II", 0x801, 2) + b"\x03\x09"
    write("idx/images", b"\0" + images)
    write("idx/images.gz", b"\0" + gzip.compress(images, mtime=0))
    write("idx/labels", b"\1" + labels)
    write("idx/labels.gz", b"\1" + gzip.compress(labels, mtime=0))
    for kind in ("picture", "mask"):
        write(f"{kind}/gray.png", picture("L", "PNG"))
        write(f"{kind}/palette.png", picture("P", "PNG"))
        write(f"{kind}/gray.bmp", picture("L", "BMP"))
    write("picture/rgb.png", picture("RGB", "PNG"))
    write("picture/gray.jpg", picture("L", "JPEG"))
    write("picture/rgb.jpg", picture("RGB", "JPEG", progressive=True))
    write("picture/rgb.bmp", picture("RGB", "BMP"))
    write("zip/deflated.zip", archive(zipfile.ZIP_DEFLATED))
    write("zip/stored.zip", archive(zipfile.ZIP_STORED))
    write("yolo/1.txt", b"0 0.5 0.5 1 1\n")
    write("coco/one.json", json.dumps({
        "images": [{"id": 1, "file_name": "1.bmp", "width": 1, "height": 1}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1.0}],
        "categories": [{"id": 3, "name": "dot \u00e9"}]}).encode())
    write("map/rules.map", b"fc=head\nlayer*.#=stage*.block#  // a note\n~^(.*)\\.w$=$1.weight\n**.num_batches=\n")
    for name, text in {"int": "8", "list": "[1, 2, 3]", "conditional": "if true then 3 else 4",
                       "epochs": "epochs=3", "data": "data=digits(count = 20) -> pad(2)",
                       "optimizer": "optimizer=adam(lr = warmup(10) * cosine(1e-3))",
                       "short": "data=mnist:there", "stop": "stop=early(monitor = loss, patience = 2)"}.items():
        write(f"value/{name}", text.encode())
    for name, keys in {"checkpoint": "", "module": "", "types": "", "views": "abc"}.items():
        write(f"pickle/{name}", pickled(name, keys))
    for protocol in (2, 4):
        write(f"pickle/numbers{protocol}", pickle.dumps({"a": 1, "b": [1.5, None, True], "c": ("x", 1 << 70)}, protocol))


main()
