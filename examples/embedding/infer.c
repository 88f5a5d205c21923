/*
 * Gives a compiled LeNet first values and classifies one picture with it, on one thread.
 *
 *   ./modelc compile examples/lenet.model -o lenet.so
 *   cc -I. examples/embedding/infer.c ./lenet.so -o infer && ./infer
 *
 * lenet.h, which `modelc compile` wrote, names the slots; docs/abi.md explains them.
 */
#include "lenet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Zeroed memory, aligned as scratch memory and barrier must be. */
static void *zeroed(size_t bytes) {
  size_t rounded = (bytes + 63) / 64 * 64;
  void *memory = aligned_alloc(64, rounded ? rounded : 64);
  if (!memory) {
    fprintf(stderr, "no memory\n");
    exit(1);
  }
  return memset(memory, 0, rounded ? rounded : 64);
}

int main(void) {
  if (modelc_abi_version != LENET5_ABI_VERSION) {
    fprintf(stderr, "the library is not the one lenet.h describes\n");
    return 1;
  }
  static float conv1_w[6 * 25], conv1_b[6], conv2_w[16 * 6 * 25], conv2_b[16];
  static float conv3_w[120 * 16 * 25], conv3_b[120], fc1_w[84 * 120], fc1_b[84];
  static float fc2_w[10 * 84], fc2_b[10], image[32 * 32], logits[10];
  int32_t seed[2] = {1, 0};

  /* init also gives the optimizer's states their first values. */
  void *init[LENET5_INIT_SLOTS];
  for (int i = 0; i < LENET5_INIT_SLOTS; i++) {
    init[i] = zeroed(sizeof conv3_w);
  }
  init[LENET5_INIT_ARENA] = zeroed(LENET5_INIT_ARENA_BYTES);
  init[LENET5_INIT_SEED] = seed;
  init[LENET5_INIT_CONV1_W] = conv1_w;
  init[LENET5_INIT_CONV1_B] = conv1_b;
  init[LENET5_INIT_CONV2_W] = conv2_w;
  init[LENET5_INIT_CONV2_B] = conv2_b;
  init[LENET5_INIT_CONV3_W] = conv3_w;
  init[LENET5_INIT_CONV3_B] = conv3_b;
  init[LENET5_INIT_FC1_W] = fc1_w;
  init[LENET5_INIT_FC1_B] = fc1_b;
  init[LENET5_INIT_FC2_W] = fc2_w;
  init[LENET5_INIT_FC2_B] = fc2_b;
  if (modelc_init(init, 0, 1) != 0) {
    return 1;
  }

  for (int y = 6; y < 26; y++) { /* a vertical stroke */
    image[y * 32 + 15] = image[y * 32 + 16] = 1;
  }
  void *infer[LENET5_INFER_SLOTS];
  infer[LENET5_INFER_ARENA] = zeroed(LENET5_INFER_ARENA_BYTES);
  infer[LENET5_INFER_BARRIER] = zeroed(128);
  infer[LENET5_INFER_BATCH] = (void *)(intptr_t)1;
  infer[LENET5_INFER_CONV1_W] = conv1_w;
  infer[LENET5_INFER_CONV1_B] = conv1_b;
  infer[LENET5_INFER_CONV2_W] = conv2_w;
  infer[LENET5_INFER_CONV2_B] = conv2_b;
  infer[LENET5_INFER_CONV3_W] = conv3_w;
  infer[LENET5_INFER_CONV3_B] = conv3_b;
  infer[LENET5_INFER_FC1_W] = fc1_w;
  infer[LENET5_INFER_FC1_B] = fc1_b;
  infer[LENET5_INFER_FC2_W] = fc2_w;
  infer[LENET5_INFER_FC2_B] = fc2_b;
  infer[LENET5_INFER_IMAGE] = image;
  infer[LENET5_INFER_LOGITS] = logits;
  if (modelc_infer(infer, 0, 1) != 0) {
    return 1;
  }
  for (int c = 0; c < 10; c++) {
    printf("%.9g\n", logits[c]);
  }
  return 0;
}
