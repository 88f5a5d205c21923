#!/bin/sh
# Makes bench/gpu/out (or the folder given) for a bare Linux machine: all ops with their numbers, the examples made small, the
# networks to measure and a large product, ops and networks in float32, tf32 and bf16; and run.sh. The libraries are compressed for
# the way; run.sh unpacks them.
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
  bundle "product$suffix" "$here/product.model" "precision=$precision"
done
bundle reading "$here/reading.model"
small() {
  file=$1
  shift
  settings=
  for s in "$@"; do settings="$settings --set $s"; done
  # shellcheck disable=SC2086
  bundle "small_$file" "$root/examples/$file.model" batch=4 $settings
}
small softmax_regression
small xor
small autoencoder
small alexnet classes=10 narrow=16 size=67
small googlenet classes=10 heads=true narrow=8 size=96
small localizer width=4 hidden=24 size=64
small squeezenet classes=10 narrow=8 size=64
small unet_vgg depth=11 width=4 size=64
small mobilenetv2 classes=10 width=0.25 last=40 size=64
small densenet classes=10 growth=4 size=64
(cd "$root" && mvn -q -B --no-transfer-progress -Pfast -pl bench -am process-classes)
MODELC_MAIN=modelc.bench.OpNumbers "$root/modelc" "$out"
for precision in float32 tf32 bf16; do
  sed "s/mlp/ops_$precision/g" "$out/mlp" >"$out/ops_$precision"
  chmod +x "$out/ops_$precision"
done
gzip -9 -f "$out"/models/*.so "$out"/models/*.safetensors
cp "$here/run.sh" "$here/torch_times.py" "$root/examples/reference/networks.py" "$out/"
bytes=$(find "$out" -type f -exec cat {} + | wc -c)
echo "$out: $((bytes / 1048576)) MiB" >&2
[ "$bytes" -le $((60 * 1048576)) ] || { echo "more than 60 MiB" >&2; exit 1; }
