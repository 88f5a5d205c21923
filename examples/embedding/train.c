/*
 * Trains a compiled LeNet for a step on one picture, and classifies it then, on one thread; prints
 * the loss and the logits. Zeros are what the optimizer's states begin with.
 *
 *   ./modelc compile examples/lenet.model -o lenet.so
 *   cc -I. examples/embedding/train.c ./lenet.so -o train && ./train
 *
 * With --target aarch64-linux and a compiler for that, it runs on ARM's processors.
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

/* The parameters, in the order that all three entries have them in. */
enum { CONV1_W, CONV1_B, CONV2_W, CONV2_B, CONV3_W, CONV3_B, FC1_W, FC1_B, FC2_W, FC2_B, PARAMETERS };

#define PARAMETER_SLOTS(slots, entry, p)                                   \
  do {                                                                     \
    slots[LENET5_##entry##_CONV1_W] = p[CONV1_W];                          \
    slots[LENET5_##entry##_CONV1_B] = p[CONV1_B];                          \
    slots[LENET5_##entry##_CONV2_W] = p[CONV2_W];                          \
    slots[LENET5_##entry##_CONV2_B] = p[CONV2_B];                          \
    slots[LENET5_##entry##_CONV3_W] = p[CONV3_W];                          \
    slots[LENET5_##entry##_CONV3_B] = p[CONV3_B];                          \
    slots[LENET5_##entry##_FC1_W] = p[FC1_W];                              \
    slots[LENET5_##entry##_FC1_B] = p[FC1_B];                              \
    slots[LENET5_##entry##_FC2_W] = p[FC2_W];                              \
    slots[LENET5_##entry##_FC2_B] = p[FC2_B];                              \
  } while (0)

/* A table whose slots all point to zeros, as many as the largest tensor has. */
static void **table(int count, size_t arena_bytes) {
  void **slots = zeroed(count * sizeof(void *));
  for (int i = 0; i < count; i++) {
    slots[i] = zeroed(120 * 16 * 25 * sizeof(float));
  }
  slots[0] = zeroed(arena_bytes);
  return slots;
}

int main(void) {
  if (modelc_abi_version != LENET5_ABI_VERSION) {
    fprintf(stderr, "the library is not the one lenet.h describes\n");
    return 1;
  }
  float *p[PARAMETERS];
  for (int i = 0; i < PARAMETERS; i++) {
    p[i] = zeroed(120 * 16 * 25 * sizeof(float));
  }
  int32_t seed[2] = {1, 0}, label = 1;
  double first = 1, steps = 10;
  static float image[32 * 32];
  for (int y = 6; y < 26; y++) { /* a vertical stroke */
    image[y * 32 + 15] = image[y * 32 + 16] = 1;
  }

  void **init = table(LENET5_INIT_SLOTS, LENET5_INIT_ARENA_BYTES);
  init[LENET5_INIT_SEED] = seed;
  PARAMETER_SLOTS(init, INIT, p);
  void **train = table(LENET5_TRAIN_SLOTS, LENET5_TRAIN_ARENA_BYTES);
  train[LENET5_TRAIN_BATCH] = (void *)(intptr_t)1;
  train[LENET5_TRAIN_IMAGE] = image;
  train[LENET5_TRAIN_LABEL] = &label;
  train[LENET5_TRAIN_STEP] = &first;
  train[LENET5_TRAIN_STEPS] = &steps;
  PARAMETER_SLOTS(train, TRAIN, p);
  void **infer = table(LENET5_INFER_SLOTS, LENET5_INFER_ARENA_BYTES);
  infer[LENET5_INFER_BATCH] = (void *)(intptr_t)1;
  infer[LENET5_INFER_IMAGE] = image;
  PARAMETER_SLOTS(infer, INFER, p);
  if (modelc_init(init, 0, 1) || modelc_train(train, 0, 1) || modelc_infer(infer, 0, 1)) {
    return 1;
  }
  printf("%.9g\n", *(float *)train[LENET5_TRAIN_LOSS]);
  for (int c = 0; c < 10; c++) {
    printf("%.9g\n", ((float *)infer[LENET5_INFER_LOGITS])[c]);
  }
  return 0;
}
