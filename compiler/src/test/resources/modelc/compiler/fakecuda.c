// A driver of NVIDIA's for tests: the functions of libcuda that modelc calls, as cuda.h declares
// them. Device memory is host memory. It checks every argument, that contexts are current, that
// nothing is used before it is made or after it is freed, that copies stay inside of allocations,
// that what is captured takes no ordinary host memory; and hands each kernel to a function of the
// test's. With -DHAVE_CUDA_H it is compiled against the real header, which then checks it.
//
// What it does asynchronously on purpose: nothing that a stream is asked for happens before that
// stream is waited for, so that a missing wait shows as wrong numbers.
#ifdef HAVE_CUDA_H
#include <cuda.h>
#else
typedef int CUresult;
typedef int CUdevice;
typedef int CUdevice_attribute;
typedef int CUjitInputType;
typedef int CUjit_option;
typedef int CUfunction_attribute;
typedef int CUstreamCaptureMode;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct CUlinkState_st *CUlinkState;
#define CUDAAPI
#endif
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
       INVALID_IMAGE = 200, INVALID_CONTEXT = 201, INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500,
       NOT_READY = 600, CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901, CAPTURE_UNMATCHED = 903,
       CAPTURE_IMPLICIT = 906 };

// ---- what is there ----

typedef enum { CONTEXT, DEVICE_MEMORY, HOST_MEMORY, STREAM, EVENT, MODULE, LINK, GRAPH, EXEC } Kind;
static const char *KINDS[] = {"context", "device memory", "host memory", "stream", "event", "module",
                              "link state", "graph", "executable graph"};

typedef struct Work Work;
typedef struct Thing {
  Kind kind;
  void *data;      // the address of memory; of a module, a list of functions
  size_t bytes;
  Work *first, *last; // of a stream: what it was asked for; of a graph: what it holds
  int capturing;      // of a stream; 2: invalidated
  pthread_t by;       // of a stream: who captures
  int recorded;       // of an event; 2: in a capture
  Work *at;           // of an event: what has to be done first, if it is not yet
  struct Thing *next;
} Thing;

typedef enum { COPY, LAUNCH, RECORD, WAIT, GRAPH_RUN } What;
struct Work {
  What what;
  void *to, *from;
  size_t bytes;
  struct CUfunc_st *kernel;
  unsigned grid[3], block[3], shared;
  unsigned long long parameters[64];
  Thing *thing;
  int done;
  Work *next;
};

struct CUfunc_st {
  char name[256];
  int parameters;
  unsigned mostShared; // of dynamic shared memory that a launch may ask for
  Thing *module;
  struct CUfunc_st *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Thing *things;
static __thread Thing *current;
static Thing *primary;
static int retained, initialized;
static char complaint[1024];
static char failing[64];
static int failure, failAfter, version = 12040, devices = 1, capability = 90;
static size_t memory = (size_t)1 << 30;
static size_t used;
static long counts[5]; // of copies, launches, ..., graph runs
static char calls[1 << 16]; // names of the functions called, since asked for
typedef void (*Run)(const char *kernel, unsigned *grid, unsigned *block, unsigned shared,
                    unsigned long long *parameters, int count);
static Run run;

static int complain(int result, const char *function, const char *what) {
  if (!complaint[0]) snprintf(complaint, sizeof complaint, "%s: %s", function, what);
  return result;
}

static Thing *find(Kind kind, const void *handle) {
  for (Thing *t = things; t; t = t->next)
    if (t == handle && t->kind == kind) return t;
  return NULL;
}

static Thing *make(Kind kind) {
  Thing *t = calloc(1, sizeof *t);
  t->kind = kind;
  t->next = things;
  things = t;
  return t;
}

static void drop(Thing *gone) {
  for (Thing **t = &things; *t; t = &(*t)->next)
    if (*t == gone) {
      *t = gone->next;
      gone->next = NULL; // not freed: its address is not to come again
      return;
    }
}

static Thing *owner(Kind kind, const void *p, size_t bytes) {
  for (Thing *t = things; t; t = t->next)
    if (t->kind == kind && (char *)p >= (char *)t->data && (char *)p + bytes <= (char *)t->data + t->bytes) return t;
  return NULL;
}

// ---- the beginning of each function ----

static int begin(const char *function, int needsInit, int needsContext) {
  size_t n = strlen(calls);
  if (n + strlen(function) + 2 < sizeof calls) sprintf(calls + n, "%s\n", function);
  if (!strcmp(function, failing) && failAfter-- == 0) return failure;
  if (needsInit && !initialized) return complain(NOT_INITIALIZED, function, "before cuInit");
  if (needsContext && (!current || !find(CONTEXT, current)))
    return complain(INVALID_CONTEXT, function, "no context is current in this thread");
  return OK;
}

#define ENTER(init, context)                          \
  pthread_mutex_lock(&lock);                          \
  int result = begin(__func__, init, context);        \
  if (result) { pthread_mutex_unlock(&lock); return result; }
#define LEAVE(value) do { int v_ = (value); pthread_mutex_unlock(&lock); return v_; } while (0)
#define NEED(condition, error, what) do { if (!(condition)) LEAVE(complain(error, __func__, what)); } while (0)

// ---- work ----

static void perform(Work *w);

static void performAll(Work *first) {
  for (Work *w = first; w; w = w->next) perform(w);
}

static void performUpTo(Work *end);

static void perform(Work *w) {
  if (w->done) return;
  w->done = 1;
  counts[w->what]++;
  switch (w->what) {
    case COPY: memcpy(w->to, w->from, w->bytes); break;
    case LAUNCH:
      if (run) run(w->kernel->name, w->grid, w->block, w->shared, w->parameters, w->kernel->parameters);
      break;
    case RECORD: break;
    case WAIT: if (w->thing) performUpTo((Work *)w->thing); break;
    case GRAPH_RUN:
      for (Work *g = w->thing->first; g; g = g->next) g->done = 0;
      performAll(w->thing->first);
  }
}

// Another stream's work up to an event.
static void performUpTo(Work *end) {
  for (Thing *t = things; t; t = t->next)
    if (t->kind == STREAM)
      for (Work *w = t->first; w; w = w->next)
        if (w == end) {
          for (Work *v = t->first; v; v = v->next) {
            perform(v);
            if (v == end) return;
          }
        }
}

static Work *ask(Thing *stream, What what) {
  Work *w = calloc(1, sizeof *w);
  w->what = what;
  if (stream->last) stream->last->next = w; else stream->first = w;
  stream->last = w;
  return w;
}

static void freeMemory(Kind kind, Thing *t) {
  // What is under way may use it: the driver waits.
  for (Thing *s = things; s; s = s->next) if (s->kind == STREAM && !s->capturing) performAll(s->first);
  if (kind == DEVICE_MEMORY) used -= t->bytes;
  memset(t->data, 0xdd, t->bytes);
  free(t->data);
  drop(t);
}

// ---- for the test ----

EXPORT void fake_reset(void) {
  things = NULL; primary = NULL; retained = initialized = 0; current = NULL; used = 0;
  complaint[0] = failing[0] = calls[0] = 0; failure = failAfter = 0;
  version = 12040; devices = 1; capability = 90; memory = (size_t)1 << 30; run = NULL;
  memset(counts, 0, sizeof counts);
}
EXPORT void fake_fail(const char *function, int error, int after) {
  snprintf(failing, sizeof failing, "%s", function); failure = error; failAfter = after;
}
EXPORT void fake_machine(int driver, int gpus, int sm, unsigned long long bytes) {
  version = driver; devices = gpus; capability = sm; memory = bytes;
}
EXPORT void fake_run(Run function) { run = function; }
EXPORT const char *fake_complaint(void) { return complaint; }
EXPORT const char *fake_calls(void) { return calls; }
EXPORT void fake_forget_calls(void) { calls[0] = 0; }
EXPORT long fake_count(int what) { return counts[what]; }
// What was not freed, as text.
EXPORT const char *fake_leaks(void) {
  static char text[4096];
  text[0] = 0;
  for (Thing *t = things; t; t = t->next)
    if (strlen(text) + 40 < sizeof text) { strcat(text, KINDS[t->kind]); strcat(text, "\n"); }
  return text;
}
// The allocation an address of the device belongs to: its begin; its size goes to *bytes.
EXPORT unsigned long long fake_allocation(unsigned long long address, unsigned long long *bytes) {
  Thing *t = owner(DEVICE_MEMORY, (void *)address, 1);
  *bytes = t ? t->bytes : 0;
  return t ? (unsigned long long)t->data : 0;
}

// ---- the driver ----

EXPORT CUresult CUDAAPI cuGetErrorName(CUresult error, const char **text) {
  *text = error == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : error == 999 ? "CUDA_ERROR_UNKNOWN"
        : error == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : error == INVALID_PTX ? "CUDA_ERROR_INVALID_PTX"
        : error == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_SOMETHING";
  return OK;
}
EXPORT CUresult CUDAAPI cuGetErrorString(CUresult error, const char **text) {
  *text = error == OUT_OF_MEMORY ? "out of memory" : "told so by the test";
  return OK;
}
EXPORT CUresult CUDAAPI cuInit(unsigned int flags) {
  ENTER(0, 0)
  NEED(flags == 0, INVALID_VALUE, "flags");
  if (!devices) LEAVE(NO_DEVICE);
  initialized = 1;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuDriverGetVersion(int *v) {
  ENTER(0, 0)
  *v = version;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuDeviceGetCount(int *count) {
  ENTER(1, 0)
  *count = devices;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuDeviceGet(CUdevice *device, int ordinal) {
  ENTER(1, 0)
  if (ordinal < 0 || ordinal >= devices) LEAVE(INVALID_DEVICE);
  *device = 40 + ordinal; // not its number
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuDeviceGetName(char *name, int length, CUdevice device) {
  ENTER(1, 0)
  NEED(device >= 40 && device < 40 + devices, INVALID_DEVICE, "device");
  snprintf(name, length, "Fake GPU %d", device - 40);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
  ENTER(1, 0)
  NEED(device >= 40 && device < 40 + devices, INVALID_DEVICE, "device");
  NEED(attribute == 75 || attribute == 76, INVALID_VALUE, "attribute");
  *value = attribute == 75 ? capability / 10 : capability % 10;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  ENTER(1, 0)
  NEED(device >= 40 && device < 40 + devices, INVALID_DEVICE, "device");
  if (!retained++) primary = make(CONTEXT);
  *context = (CUcontext)primary;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  ENTER(1, 0)
  NEED(device >= 40 && device < 40 + devices, INVALID_DEVICE, "device");
  NEED(retained > 0, INVALID_CONTEXT, "it is not retained");
  if (!--retained) drop(primary);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuCtxSetCurrent(CUcontext context) {
  ENTER(1, 0)
  NEED(!context || find(CONTEXT, context), INVALID_CONTEXT, "context");
  current = (Thing *)context;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuMemGetInfo_v2(size_t *free, size_t *total) {
  ENTER(1, 1)
  *free = memory - used;
  *total = memory;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  ENTER(1, 1)
  NEED(bytes > 0, INVALID_VALUE, "no bytes");
  if (bytes > memory - used) LEAVE(OUT_OF_MEMORY);
  Thing *t = make(DEVICE_MEMORY);
  t->bytes = bytes;
  if (posix_memalign(&t->data, 512, bytes)) LEAVE(OUT_OF_MEMORY);
  memset(t->data, 0xcd, bytes);
  used += bytes;
  *address = (CUdeviceptr)t->data;
  LEAVE(OK);
}
static int freed(const char *function, Kind kind, const void *address) {
  for (Thing *t = things; t; t = t->next)
    if (t->kind == kind && t->data == address) {
      freeMemory(kind, t);
      return OK;
    }
  return complain(INVALID_VALUE, function, "not an allocation");
}
EXPORT CUresult CUDAAPI cuMemFree_v2(CUdeviceptr address) {
  ENTER(1, 1)
  LEAVE(freed(__func__, DEVICE_MEMORY, (void *)address));
}
EXPORT CUresult CUDAAPI cuMemHostAlloc(void **address, size_t bytes, unsigned int flags) {
  ENTER(1, 1)
  NEED(bytes > 0 && flags < 8, INVALID_VALUE, "bytes or flags");
  Thing *t = make(HOST_MEMORY);
  t->bytes = bytes;
  if (posix_memalign(&t->data, 4096, bytes)) LEAVE(OUT_OF_MEMORY);
  memset(t->data, 0xcd, bytes);
  *address = t->data;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuMemFreeHost(void *address) {
  ENTER(1, 1)
  LEAVE(freed(__func__, HOST_MEMORY, address));
}

// Where a stream's work goes; refuses what a capture does not allow.
static int copy(const char *function, CUstream stream, void *to, const void *from, size_t bytes, const void *host) {
  Thing *s = find(STREAM, stream);
  if (!s) return complain(INVALID_HANDLE, function, "stream");
  if (!bytes) return complain(INVALID_VALUE, function, "no bytes");
  if (host && s->capturing && !owner(HOST_MEMORY, host, bytes))
    return complain(CAPTURE_UNSUPPORTED, function, "ordinary host memory in a capture");
  Work *w = ask(s, COPY);
  w->to = to;
  w->from = (void *)from;
  w->bytes = bytes;
  if (host == from && host && !owner(HOST_MEMORY, host, bytes)) { // staged at once, as the driver does
    w->from = malloc(bytes);
    memcpy(w->from, from, bytes);
  }
  return OK;
}
EXPORT CUresult CUDAAPI cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  ENTER(1, 1)
  NEED(owner(DEVICE_MEMORY, (void *)to, bytes), INVALID_VALUE, "target");
  LEAVE(copy(__func__, stream, (void *)to, from, bytes, from));
}
EXPORT CUresult CUDAAPI cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  ENTER(1, 1)
  NEED(owner(DEVICE_MEMORY, (void *)from, bytes), INVALID_VALUE, "source");
  LEAVE(copy(__func__, stream, to, (void *)from, bytes, to));
}
EXPORT CUresult CUDAAPI cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  ENTER(1, 1)
  NEED(owner(DEVICE_MEMORY, (void *)from, bytes) && owner(DEVICE_MEMORY, (void *)to, bytes), INVALID_VALUE, "address");
  LEAVE(copy(__func__, stream, (void *)to, (void *)from, bytes, NULL));
}
EXPORT CUresult CUDAAPI cuStreamCreate(CUstream *stream, unsigned int flags) {
  ENTER(1, 1)
  NEED(flags <= 1, INVALID_VALUE, "flags");
  *stream = (CUstream)make(STREAM);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuStreamSynchronize(CUstream stream) {
  ENTER(1, 1)
  Thing *s = find(STREAM, stream);
  NEED(s, INVALID_HANDLE, "stream");
  if (s->capturing) {
    s->capturing = 2;
    LEAVE(complain(CAPTURE_UNSUPPORTED, __func__, "in a capture"));
  }
  performAll(s->first);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuStreamDestroy_v2(CUstream stream) {
  ENTER(1, 1)
  Thing *s = find(STREAM, stream);
  NEED(s, INVALID_HANDLE, "stream");
  performAll(s->first);
  drop(s);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuStreamWaitEvent(CUstream stream, CUevent event, unsigned int flags) {
  ENTER(1, 1)
  Thing *s = find(STREAM, stream), *e = find(EVENT, event);
  NEED(s && e && !flags, INVALID_HANDLE, "stream, event or flags");
  NEED(e->recorded == 1, INVALID_VALUE, "the event was never recorded");
  ask(s, WAIT)->thing = (Thing *)e->at;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuEventCreate(CUevent *event, unsigned int flags) {
  ENTER(1, 1)
  NEED(flags < 8, INVALID_VALUE, "flags");
  *event = (CUevent)make(EVENT);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuEventRecord(CUevent event, CUstream stream) {
  ENTER(1, 1)
  Thing *s = find(STREAM, stream), *e = find(EVENT, event);
  NEED(s && e, INVALID_HANDLE, "stream or event");
  e->recorded = s->capturing ? 2 : 1;
  e->at = ask(s, RECORD);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuEventElapsedTime(float *ms, CUevent from, CUevent to) {
  ENTER(1, 0)
  Thing *f = find(EVENT, from), *t = find(EVENT, to);
  NEED(f && t && f->recorded == 1 && t->recorded == 1, INVALID_HANDLE, "events");
  if (!f->at->done || !t->at->done) LEAVE(NOT_READY);
  *ms = 1.25f;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuEventDestroy_v2(CUevent event) {
  ENTER(1, 1)
  Thing *e = find(EVENT, event);
  NEED(e, INVALID_HANDLE, "event");
  drop(e);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuLinkCreate_v2(unsigned int count, CUjit_option *options, void **values, CUlinkState *state) {
  ENTER(1, 1)
  Thing *t = make(LINK);
  for (unsigned i = 0; i < count; i++) {
    if (options[i] == 5) t->data = values[i];
    if (options[i] == 6) t->bytes = (size_t)values[i];
  }
  NEED(!count || (t->data && t->bytes > 100), INVALID_VALUE, "the log");
  *state = (CUlinkState)t;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuLinkAddData_v2(CUlinkState state, CUjitInputType type, void *data, size_t size, const char *name,
                                 unsigned int count, CUjit_option *options, void **values) {
  ENTER(1, 1)
  Thing *t = find(LINK, state);
  NEED(t, INVALID_HANDLE, "state");
  NEED(type == 1 && name && !count && !options && !values, INVALID_VALUE, "arguments");
  NEED(size > 1 && !((char *)data)[size - 1] && strlen(data) == size - 1, INVALID_VALUE, "the zero at its end");
  // Code for 9.0 alone is for that alone, and for drivers of CUDA 12.
  int special = strstr(data, ".target sm_90a") != NULL;
  NEED(!special || capability == 90, INVALID_PTX, "code for another device");
  if (!strstr(data, ".version 7.8") && !(strstr(data, ".version 8.0") && version >= 12000)) {
    snprintf(t->data, t->bytes, "ptxas application ptx input, line 1; error: no version");
    LEAVE(INVALID_PTX);
  }
  char *code = malloc(size + 16);
  sprintf(code, "FAKECUBIN\n%s", (char *)data);
  t->first = (Work *)code; // kept here
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuLinkComplete(CUlinkState state, void **code, size_t *size) {
  ENTER(1, 1)
  Thing *t = find(LINK, state);
  NEED(t && t->first, INVALID_HANDLE, "state");
  *code = t->first;
  *size = strlen((char *)t->first) + 1;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuLinkDestroy(CUlinkState state) {
  ENTER(1, 1)
  Thing *t = find(LINK, state);
  NEED(t, INVALID_HANDLE, "state");
  if (t->first) { memset(t->first, 0, 1); free(t->first); }
  drop(t);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int count, CUjit_option *options,
                                   void **values) {
  ENTER(1, 1)
  NEED(!count && !options && !values, INVALID_VALUE, "options");
  if (strncmp(image, "FAKECUBIN\n", 10)) LEAVE(INVALID_IMAGE);
  Thing *t = make(MODULE);
  struct CUfunc_st *functions = NULL;
  for (const char *p = image; (p = strstr(p, ".entry ")); p++) {
    struct CUfunc_st *f = calloc(1, sizeof *f);
    sscanf(p, ".entry %255[^( \n]", f->name);
    const char *end = strchr(p, ')');
    for (const char *q = p; (q = strstr(q, ".param")) && q < end; q++) f->parameters++;
    f->module = t;
    f->mostShared = 48 << 10;
    f->next = functions;
    functions = f;
  }
  t->data = functions;
  *module = (CUmodule)t;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  ENTER(1, 1)
  Thing *t = find(MODULE, module);
  NEED(t, INVALID_HANDLE, "module");
  for (struct CUfunc_st *f = t->data; f; f = f->next)
    if (!strcmp(f->name, name)) { *function = f; LEAVE(OK); }
  LEAVE(complain(NOT_FOUND, __func__, name));
}
EXPORT CUresult CUDAAPI cuFuncSetAttribute(CUfunction f, CUfunction_attribute attribute, int value) {
  ENTER(1, 1)
  NEED(f && find(MODULE, f->module), INVALID_HANDLE, "function");
  NEED(attribute == 8 && value >= 0 && value <= (capability == 90 ? 227 : 163) << 10, INVALID_VALUE, "attribute");
  f->mostShared = value;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuModuleUnload(CUmodule module) {
  ENTER(1, 1)
  Thing *t = find(MODULE, module);
  NEED(t, INVALID_HANDLE, "module");
  drop(t);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx,
                               unsigned int by, unsigned int bz, unsigned int shared, CUstream stream, void **parameters,
                               void **extra) {
  ENTER(1, 1)
  Thing *s = find(STREAM, stream);
  NEED(s, INVALID_HANDLE, "stream");
  NEED(f && find(MODULE, f->module), INVALID_HANDLE, "function");
  NEED(gx && gy && gz && gy <= 65535 && gz <= 65535, INVALID_VALUE, "grid");
  NEED(bx * by * bz >= 1 && bx * by * bz <= 1024 && bz == 1, INVALID_VALUE, "block");
  NEED(shared <= f->mostShared, INVALID_VALUE, "more shared memory than allowed");
  NEED(!extra && f->parameters <= 64, INVALID_VALUE, "arguments");
  Work *w = ask(s, LAUNCH);
  w->kernel = f;
  w->grid[0] = gx; w->grid[1] = gy; w->grid[2] = gz;
  w->block[0] = bx; w->block[1] = by; w->block[2] = bz;
  w->shared = shared;
  for (int i = 0; i < f->parameters; i++) memcpy(&w->parameters[i], parameters[i], 8);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
  ENTER(1, 1)
  Thing *s = find(STREAM, stream);
  NEED(s && !s->capturing && (unsigned)mode <= 2, INVALID_VALUE, "stream or mode");
  performAll(s->first); // what came before is not part of it
  s->first = s->last = NULL;
  s->capturing = 1;
  s->by = pthread_self();
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuStreamEndCapture(CUstream stream, CUgraph *graph) {
  ENTER(1, 1)
  Thing *s = find(STREAM, stream);
  NEED(s && s->capturing, CAPTURE_UNMATCHED, "stream");
  NEED(pthread_equal(s->by, pthread_self()), 908, "another thread began the capture");
  int invalid = s->capturing == 2;
  s->capturing = 0;
  Thing *g = invalid ? NULL : make(GRAPH);
  if (g) g->first = s->first;
  s->first = s->last = NULL;
  *graph = (CUgraph)g;
  LEAVE(invalid ? CAPTURE_INVALIDATED : OK);
}
EXPORT CUresult CUDAAPI cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long flags) {
  ENTER(1, 1)
  Thing *g = find(GRAPH, graph);
  NEED(g && !flags, INVALID_VALUE, "graph or flags");
  Thing *e = make(EXEC);
  e->first = g->first;
  *exec = (CUgraphExec)e;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  ENTER(1, 1)
  Thing *e = find(EXEC, exec), *s = find(STREAM, stream);
  NEED(e && s && !s->capturing, INVALID_HANDLE, "graph or stream");
  ask(s, GRAPH_RUN)->thing = e;
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuGraphExecDestroy(CUgraphExec exec) {
  ENTER(1, 1)
  Thing *e = find(EXEC, exec);
  NEED(e, INVALID_HANDLE, "graph");
  drop(e);
  LEAVE(OK);
}
EXPORT CUresult CUDAAPI cuGraphDestroy(CUgraph graph) {
  ENTER(1, 1)
  Thing *g = find(GRAPH, graph);
  NEED(g, INVALID_HANDLE, "graph");
  drop(g);
  LEAVE(OK);
}
