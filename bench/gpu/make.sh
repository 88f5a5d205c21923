#!/bin/sh
# Makes bench/gpu/out (or the folder given): bundles of the networks to measure, and run.sh, for a bare Linux machine.
set -eu
here=$(CDPATH='' cd -P "$(dirname "$0")" && pwd)
root=$here/../..
out=${1:-$here/out}
bundle() {
  name=$1
  shift
  "$root/modelc" bundle "$@" --no-pictures --name "$name" -o "$out"
}
bundle mlp "$root/examples/mlp.model"
bundle lenet "$root/examples/lenet.model"
bundle resnet20 "$root/examples/resnet_cifar.model"
bundle unet "$root/examples/unet.model"
bundle resnet50 "$root/examples/resnet.model" batch=64
bundle vgg16 "$root/examples/vgg.model" batch=64
cp "$here/run.sh" "$here/torch_times.py" "$root/examples/reference/networks.py" "$out/"
bytes=$(find "$out" -type f -exec cat {} + | wc -c)
echo "$out: $((bytes / 1048576)) MiB" >&2
[ "$bytes" -le $((60 * 1048576)) ] || { echo "more than 60 MiB" >&2; exit 1; }
