/*
 * Runs entries of compiled programs that check themselves (AddressSanitizer, and modelc_undefined
 * below) on buffers of exactly the size the ABI asks for, aligned as it asks and no better. The
 * table of entries is generated beside it. The first fault ends the process.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t (*entry_t)(void **, int32_t, int32_t);
struct argument { char type; int64_t elements; double low, high; };
struct entry {
  const char *name;
  entry_t code;
  int64_t arena_bytes;
  int symbols;
  int64_t sizes[4];
  int arguments;
  const struct argument *argument;
};
extern const struct entry entries[];
extern const int entry_count;

static const char *running = "nothing";

void modelc_undefined(int32_t is, int32_t what) {
  if (is) {
    static const char *const KINDS[] = {"?", "division", "signed overflow", "misaligned access"};
    fprintf(stderr, "%s: undefined behaviour: %s\n", running, KINDS[what]);
    abort();
  }
}

static uint64_t state = 1;

static double uniform(double low, double high) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return low + (double)(state >> 11) / 9007199254740992.0 * (high - low);
}

static int size_of(char type) {
  return type == 'b' ? 1 : type == 'd' || type == 'l' ? 8 : 4;
}

static void fill(const struct argument *a, char *at) {
  for (int64_t i = 0; i < a->elements; i++, at += size_of(a->type)) {
    double x = uniform(a->low, a->high);
    int64_t whole = (int64_t)x - (x < (double)(int64_t)x);
    switch (a->type) {
      case 'f': *(float *)at = (float)x; break;
      case 'd': *(double *)at = x; break;
      case 'i': *(int32_t *)at = (int32_t)whole; break;
      case 'l': *(int64_t *)at = whole; break;
      default: *at = whole & 1;
    }
  }
}

struct share { entry_t code; void **slots; int32_t tid, nthreads, status; };

static void *enter(void *p) {
  struct share *s = p;
  s->status = s->code(s->slots, s->tid, s->nthreads);
  return NULL;
}

static void *aligned(int64_t bytes) {
  void *p = NULL;
  if (posix_memalign(&p, 64, bytes ? bytes : 1)) {
    exit(2);
  }
  return memset(p, 0xff, bytes ? bytes : 1);
}

/* Each buffer ends where its memory does; moved by one element, it is aligned to that alone. */
static void run(const struct entry *e, int threads, int moved) {
  void *blocks[64], *slots[80];
  int at = 0;
  slots[at++] = aligned(e->arena_bytes);
  slots[at++] = memset(aligned(128), 0, 128);
  for (int i = 0; i < e->symbols; i++) {
    slots[at++] = (void *)(intptr_t)e->sizes[i];
  }
  for (int i = 0; i < e->arguments; i++) {
    const struct argument *a = &e->argument[i];
    int64_t skip = moved ? size_of(a->type) : 0, bytes = a->elements * size_of(a->type);
    char *block = malloc(skip + bytes ? skip + bytes : 1);
    fill(a, block + skip);
    blocks[i] = block;
    slots[at++] = block + skip;
  }
  struct share shares[4];
  pthread_t others[4];
  for (int t = threads - 1; t >= 0; t--) {
    shares[t] = (struct share){e->code, slots, t, threads, 0};
    if (t > 0) {
      pthread_create(&others[t], NULL, enter, &shares[t]);
    } else {
      enter(&shares[t]);
    }
  }
  for (int t = 1; t < threads; t++) {
    pthread_join(others[t], NULL);
  }
  for (int i = 0; i < e->arguments; i++) {
    free(blocks[i]);
  }
  free(slots[0]);
  free(slots[1]);
}

int main(void) {
  for (int i = 0; i < entry_count; i++) {
    running = entries[i].name;
    for (int threads = 1; threads <= 2; threads++) {
      for (int moved = 0; moved <= 1; moved++) {
        run(&entries[i], threads, moved);
      }
    }
  }
  printf("%d entries clean\n", entry_count);
  return 0;
}
