#!/bin/sh
# On a machine with an NVIDIA GPU and no Java: checks all ops against the reference interpreter's numbers and each network in this
# folder against the CPU, then times the networks, beside PyTorch where a python3 has it. Writes results.json and prints a table.
# `sh run.sh cpu` does without a GPU; SECONDS_EACH (default 2) is how long each network's training and inference are timed; RUN_LIMIT
# (default 520) how many seconds all may take: what would come later is skipped. PRECISIONS are those to run (default: float32 tf32
# bf16).
# On capability 9.0 large products in tf32 and bf16 have kernels of their own (docs/gpu.md). There each network in these is run
# with the kernels for all devices as well (MODELC_SM90A=off), and its line is named ..._sm_80: if its own kernels are
# wrong, that is told, and those are what counts.
set -u
cd "$(dirname "$0")" || exit 3
device=${1:-cuda}
each=${SECONDS_EACH:-2}
limit=${RUN_LIMIT:-520}
began=$(date +%s)
results=results.json
left() { echo $((limit - ($(date +%s) - began))); }
gunzip -f models/*.gz 2>/dev/null || :
# Ops come first, then the examples made small, then what is timed: those that start soonest first, float32 before the rest.
networks=
for precision in ${PRECISIONS:-float32 tf32 bf16}; do networks="$networks ops_$precision"; done
for f in "$PWD"/small_* "$PWD/reading"; do [ ! -x "$f" ] || networks="$networks ${f##*/}"; done
for precision in ${PRECISIONS:-float32 tf32 bf16}; do
  case $precision in float32) suffix= ;; *) suffix=_$precision ;; esac
  for n in mlp lenet resnet20 product unet resnet50 vgg16; do networks="$networks $n$suffix"; done
done
# How far from the CPU, which computes in float32: of a tensor's largest magnitude, after three steps. Small networks normalise over
# few numbers, so that roundings grow.
tolerance() { case $1 in *_tf32) echo 2e-2 ;; *_bf16) echo 1e-1 ;; small_*) echo 1e-2 ;; *) echo 1e-3 ;; esac }
# What is run of it: numbers, the comparison alone, or the comparison and times.
run() {
  case $1 in
    ops_*) timeout "$(left)" "./$1" check --device "$device" ;;
    small_*) timeout "$(left)" "./$1" bench --device "$device" --seconds 0 --tolerance "$(tolerance "$1")" ;;
    *) timeout "$(left)" "./$1" bench --device "$device" --seconds "$each" --tolerance "$(tolerance "$1")" ;;
  esac
}

gpu=none
if command -v nvidia-smi >/dev/null 2>&1; then
  gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -n 1)
else
  echo "skipped: nvidia-smi is not here, so the GPU's name and driver are not told" >&2
fi
hopper=0
if [ "$device" != cpu ] && [ "$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1)" = 9.0 ]; then
  hopper=1
fi
if command -v compute-sanitizer >/dev/null 2>&1; then sanitizer=1; else
  sanitizer=0
  echo "skipped: compute-sanitizer is not installed" >&2
fi

failed=0
comma=
# Runs a network, NAME [on|off], and prints its line: on or off says whether kernels for capability 9.0 alone are taken.
measure() {
  name=$1
  if [ "$2" = off ]; then name=$1_sm_80; fi
  echo "$name ..." >&2
  line=$(export MODELC_SM90A="$2"; run "$1" 2>"$name.log")
  code=$?
  if [ -z "$line" ]; then
    line=$(printf '{"model":"%s","failed":%d}' "$1" "$code")
  fi
  if [ "$2" = off ]; then line=$(printf '%s' "$line" | sed "s/\"model\": *\"\([^\"]*\)\"/\"model\":\"\1_sm_80\"/"); fi
  if [ "$code" -ne 0 ]; then
    echo "FAILED: $name ended with $code:" >&2
    head -n 20 "$name.log" >&2
  fi
  printf '%s\n%s' "$comma" "$line"
  comma=,
  return "$code"
}
{
  printf '{"date": "%s", "gpu": "%s", "device": "%s", "networks": [' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$gpu" "$device"
  for n in $networks; do
    case $device,$n in cpu,product* | cpu,reading) continue ;; esac
    [ -x "./$n" ] || { echo "skipped: $n is not in this folder" >&2; continue; }
    if [ "$(left)" -lt 30 ]; then echo "skipped: $n, for want of time" >&2; continue; fi
    measure "$n" on
    own=$?
    if [ "$own" -ne 0 ]; then failed=1; fi
    case $hopper$n in
      1ops_*) ;;
      1*_tf32 | 1*_bf16)
        if [ "$(left)" -lt 30 ]; then
          echo "skipped: $n with the kernels for all devices, for want of time" >&2
        elif ! measure "$n" off; then
          failed=1
        elif [ "$own" -ne 0 ]; then
          echo "FALLING BACK: $n is wrong by the kernels for capability 9.0 alone, and right by those for all: set MODELC_SM90A=off" >&2
        fi
        ;;
    esac
  done
  printf '],\n"torch": '
  probe='import torch'
  [ "$device" = cpu ] || probe='import torch; assert torch.cuda.is_available()'
  if python3 -c "$probe" 2>/dev/null && [ "$(left)" -gt 30 ]; then
    timeout "$(left)" python3 torch_times.py "$each" "${device%%:*}" "$(left)" || printf 'null'
  else
    echo "skipped: PyTorch's times, for there is no python3 with torch for this device, or no time" >&2
    printf 'null'
  fi
  printf '}\n'
} >"$results"

# The table.
printf '%-20s %-6s %12s %14s %12s %14s\n' network right train_ms train_gpu_ms infer_ms infer_gpu_ms
value() { printf '%s' "$1" | sed -n "s/.*\"$2\":\\([^,}]*\\).*/\\1/p"; }
grep '"model"' "$results" | while IFS= read -r line; do
  printf '%-20s %-6s' "$(value "$line" model | tr -d '"')" "$(value "$line" right)"
  for key in train_ms train_gpu_ms infer_ms infer_gpu_ms; do
    v=$(value "$line" $key)
    case $key in *gpu*) w=14 ;; *) w=12 ;; esac
    printf " %${w}.10s" "${v:--}"
  done
  printf '\n'
done
# What the device reached: the product's multiply-adds are 2 operations each, what is read is 4 bytes each.
rate() {
  line=$(grep "\"model\":\"$1\"" "$results") && ms=$(value "$line" infer_gpu_ms) && ms=${ms:-$(value "$line" infer_ms)} || return 0
  [ -z "$ms" ] || awk "BEGIN { printf \"%-20s %8.1f %s\n\", \"$1\", $2 / $ms, \"$3\" }"
}
for n in product product_tf32 product_bf16; do rate "$n" '2 * 8192 * 4096 * 8192 * 1e-9' 'TFLOP/s'; done
rate reading '4 * 32768 * 4096 * 1e-6' 'GB/s'
# Last, for it takes long: every op and two training steps under the sanitizer's tools.
if [ "$sanitizer" = 1 ] && [ "$device" != cpu ]; then
  for n in ops_float32 ops_tf32 ops_bf16 mlp lenet; do
    case $n in ops_*) what=check ;; *) what='bench --seconds 0' ;; esac
    for tool in memcheck racecheck initcheck synccheck; do
      if [ ! -x "./$n" ] || [ "$(left)" -lt 10 ]; then echo "skipped: $n under $tool" >&2; continue; fi
      # shellcheck disable=SC2086
      if timeout "$(left)" compute-sanitizer --target-processes all --tool "$tool" --error-exitcode 99 "./$n" $what \
        --device "$device" >"$n.$tool.log" 2>&1; then said=silent; else said="see $n.$tool.log" failed=1; fi
      echo "$n under $tool: $said" >&2
    done
  done
fi
echo "all of it is in $results" >&2
exit $failed
