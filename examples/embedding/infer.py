"""Classifies one picture with a compiled LeNet, through ctypes and the library's own description.

    ./modelc compile examples/lenet.model -o lenet.so
    python3 examples/embedding/infer.py ./lenet.so

It needs nothing but Python: `modelc_metadata` in the library says what each slot is.
"""
import ctypes
import json
import math
import sys

TYPES = {"f32": ctypes.c_float, "f64": ctypes.c_double, "i32": ctypes.c_int32,
         "i64": ctypes.c_int64, "bool": ctypes.c_uint8}


class Library:
    def __init__(self, path):
        self.code = ctypes.CDLL(path)
        if ctypes.c_int32.in_dll(self.code, "modelc_abi_version").value != 1:
            raise SystemExit(f"{path} is of another version")
        first = ctypes.c_char.in_dll(self.code, "modelc_metadata")
        self.metadata = json.loads(ctypes.string_at(ctypes.addressof(first)))
        self.tensors = {}  # what is kept between calls, by name

    def run(self, name, inputs, batch=1):
        """Runs an entry on this thread; gives its results that replace nothing, by name."""
        entry = next(e for e in self.metadata["entries"] if e["name"] == name)
        sizes = {"batch": batch}
        alignment = 64
        scratch = ctypes.create_string_buffer(entry["arena_bytes"] + alignment)
        barrier = ctypes.create_string_buffer(128 + alignment)
        aligned = [(ctypes.addressof(b) + alignment - 1) // alignment * alignment
                   for b in (scratch, barrier)]
        slots = aligned + [sizes[s] for s in entry["symbols"]]
        for a in entry["arguments"]:
            if a["name"] in inputs:
                self.tensors[a["name"]] = self.array(a, sizes, inputs[a["name"]])
            slots.append(ctypes.addressof(self.tensors[a["name"]]))
        for r in entry["results"]:
            if "replaces" not in r:
                self.tensors[r["name"]] = self.array(r, sizes)
                slots.append(ctypes.addressof(self.tensors[r["name"]]))
        table = (ctypes.c_void_p * len(slots))(*slots)
        status = self.code["modelc_" + name](table, 0, 1)
        if status != 0:
            raise SystemExit(f"{name} failed with status {status}")
        return {r["name"]: self.tensors[r["name"]] for r in entry["results"]
                if "replaces" not in r}

    @staticmethod
    def array(tensor, sizes, values=()):
        def size(dim):
            return dim if isinstance(dim, int) else math.prod(
                sizes[p] if p in sizes else int(p) for p in dim.split("*"))
        count = math.prod(size(d) for d in tensor["shape"])
        return (TYPES[tensor["type"]] * count)(*values)


library = Library(sys.argv[1])
library.run("init", {"seed": [1, 0]})
image = [1.0 if 6 <= y < 26 and x in (15, 16) else 0.0 for y in range(32) for x in range(32)]
for logit in library.run("infer", {"image": image})["logits"]:
    print(f"{logit:.9g}")
