#!/bin/sh
# Makes bench/gpu/out (or the folder given): bundles of the networks to measure, each in float32, tf32 and bf16, and run.sh, for a
# bare Linux machine. The libraries are compressed for the way; run.sh unpacks them.
set -eu
here=$(CDPATH='' cd -P "$(dirname "$0")" && pwd)
root=$here/../..
out=${1:-$here/out}
bundle() {
  name=$1
  shift
  "$root/modelc" bundle "$@" --no-pictures --name "$name" -o "$out"
}
rm -rf "$out/models"
for precision in float32 tf32 bf16; do
  case $precision in float32) suffix= ;; *) suffix=_$precision ;; esac
  bundle "mlp$suffix" "$root/examples/mlp.model" "precision=$precision"
  bundle "lenet$suffix" "$root/examples/lenet.model" "precision=$precision"
  bundle "resnet20$suffix" "$root/examples/resnet_cifar.model" "precision=$precision"
  bundle "unet$suffix" "$root/examples/unet.model" "precision=$precision"
  bundle "resnet50$suffix" "$root/examples/resnet.model" batch=64 "precision=$precision"
  bundle "vgg16$suffix" "$root/examples/vgg.model" batch=64 "precision=$precision"
done
gzip -9 -f "$out"/models/*.so
cp "$here/run.sh" "$here/torch_times.py" "$root/examples/reference/networks.py" "$out/"
bytes=$(find "$out" -type f -exec cat {} + | wc -c)
echo "$out: $((bytes / 1048576)) MiB" >&2
[ "$bytes" -le $((60 * 1048576)) ] || { echo "more than 60 MiB" >&2; exit 1; }
