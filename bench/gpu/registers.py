"""What NVIDIA's assembler makes of kernels: a table of registers, shared memory, spills and occupancy.

    ./modelc ir examples/lenet.model --stage ptx --entry train > lenet.ptx
    python3 bench/gpu/registers.py lenet.ptx [90]      for sm_90; MODELC_PTXAS names ptxas (default: on the PATH)

Occupancy is the share of a multiprocessor's 64 warps that the blocks which fit on it have, by threads, registers and shared
memory, for compute capability 8.0 or 9.0. It needs no GPU. Ends with 1 if a kernel spills.
"""

import os
import re
import shutil
import subprocess
import sys

path, sm = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "90"
ptxas = os.environ.get("MODELC_PTXAS", "ptxas")
if not shutil.which(ptxas):
    sys.exit(f"there is no {ptxas}: name NVIDIA's assembler in MODELC_PTXAS (it comes with the CUDA toolkit, or pip's nvidia-cuda-nvcc)")
run = subprocess.run([ptxas, f"-arch=sm_{sm}", "-v", path, "-o", os.devnull], capture_output=True, text=True)
if run.returncode:
    sys.exit(run.stderr + run.stdout)
ptx = open(path).read()
threads = {}
for name, x, y in re.findall(r"\.entry (\S+?)\(.*?\.maxntid (\d+)(?:, (\d+))?", ptx, re.S):
    threads[name] = int(x) * int(y or 1)

# Of a multiprocessor: registers, threads, blocks, bytes of shared memory (a block costs 1 KiB more).
REGISTERS, THREADS, BLOCKS, SHARED = 65536, 2048, 32, (164 if sm in ("80",) else 228) * 1024


def occupancy(block, registers, shared):
    warps = -(-block // 32)
    # Registers are given to warps, 256 at a time.
    per_warp = -(-registers * 32 // 256) * 256
    blocks = min(THREADS // (warps * 32), BLOCKS, REGISTERS // (per_warp * warps), SHARED // (shared + 1024))
    return blocks * warps / (THREADS // 32)


rows, name, own, spill = [], None, False, 0
for line in (run.stderr + run.stdout).splitlines():
    if m := re.search(r"Compiling entry function '(\S+)'", line):
        name, spill = m.group(1), 0
    elif m := re.search(r"Function properties for (\S+)", line):
        own = m.group(1) == name
    elif (m := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line)) and name and own:
        spill = int(m.group(1)) + int(m.group(2))
    elif (m := re.search(r"Used (\d+) registers(.*)", line)) and name:
        shared = int(s.group(1)) if (s := re.search(r"(\d+) bytes smem", m.group(2))) else 0
        registers = int(m.group(1))
        rows.append((name, threads.get(name, 1024), registers, shared, spill))
        name = None
print(f"{'kernel':44} {'threads':>7} {'registers':>9} {'shared':>7} {'spilled':>7} {'occupancy':>9}")
for name, block, registers, shared, spill in rows:
    print(f"{name:44} {block:7} {registers:9} {shared:7} {spill:7} {occupancy(block, registers, shared):8.0%}")
spilling = [r[0] for r in rows if r[4]]
print(
    f"{len(rows)} kernels for sm_{sm}: at most {max(r[2] for r in rows)} registers and {max(r[3] for r in rows)} bytes shared; "
    f"{len(spilling)} spill{': ' + ', '.join(spilling) if spilling else ''}; "
    f"lowest occupancy {min(occupancy(*r[1:4]) for r in rows):.0%}"
)
sys.exit(1 if spilling else 0)
