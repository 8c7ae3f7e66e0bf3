/* A simulated driver library with libedgetpu's functions: a TFLite delegate for "edgetpu-custom-op", and the C list of
 * devices.
 *
 * gcc -O2 -shared -fPIC -o libedgetpu.so libedgetpu.c -ldl -lpthread
 *
 * Small files in its own folder control it; tests/support/edge_tpu/stick.py writes them:
 *   plugged     one line per device, "usb /sys/bus/usb/devices/1-1"; without the file nothing opens, and when it is
 *               removed the process aborts, even if idle, as with the real driver
 *   open_ms     how long opening takes (the caller holds the GIL, as with the real driver)
 *   open_fails  opening returns NULL without a message
 *   open_aborts how many further openings abort
 *   invoke_ms   how long a call takes
 *   hang_at, abort_at, shape_at, error_at   the number of the call, counted from now, in which this happens once
 *   counterpart path of the CPU file that computes the output; without it every output byte is the mean of its block
 *               of input bytes
 *
 * The structs are declared here from their published layout (TfLiteRegistration is the 88-byte one of TensorFlow
 * 2.12 and later); the runtime's wheels contain no C headers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { int size; int data[]; } IntArray;
typedef struct {
  int type; void *data; IntArray *dims; float scale; int32_t zero_point; int allocation_type; size_t bytes;
  const void *allocation; const char *name; void *delegate; int buffer_handle; bool stale, variable;
  int quantization_type; void *quantization; void *sparsity; const IntArray *dims_signature;
} Tensor;
typedef struct {
  IntArray *inputs, *outputs, *intermediates, *temporaries; void *user_data, *builtin_data;
  const void *custom_data; int custom_size; void *delegate; bool side_effect;
} Node;
typedef struct Context Context;
typedef struct {
  void *(*init)(Context *, const char *, size_t); void (*free)(Context *, void *); int (*prepare)(Context *, Node *);
  int (*invoke)(Context *, Node *); const char *(*profiling)(const Context *, const Node *);
  int32_t builtin_code; const char *custom_name; int version; void *external, *async; uint64_t inplace;
} Registration;
typedef struct Delegate {
  void *data; int (*prepare)(Context *, struct Delegate *); void *copy_from, *copy_to, *free_buffer;
  int64_t flags; void *opaque;
} Delegate;
struct Context {
  size_t tensors_size; int (*execution_plan)(Context *, IntArray **); Tensor *tensors; void *impl, *resize_tensor;
  void (*report_error)(Context *, const char *, ...); void *add_tensors;
  int (*node_and_registration)(Context *, int, Node **, Registration **);
  int (*replace_nodes)(Context *, Registration, const IntArray *, Delegate *);
};
_Static_assert(sizeof(Tensor) == 112 && sizeof(Node) == 80 && sizeof(Registration) == 88 && sizeof(Delegate) == 56,
               "the layout of the runtime");

/* Of the Python that loaded this library. */
extern int PyGILState_Ensure(void);
extern void PyGILState_Release(int);
extern int PyRun_SimpleString(const char *);

enum { OK = 0, ERROR = 1 };

/* --- the folder ---------------------------------------------------------------------------------------- */

static const char *path_of(const char *name) {
  static __thread char path[4096];
  Dl_info info;
  dladdr((void *)path_of, &info);
  snprintf(path, sizeof path, "%s", info.dli_fname);
  char *slash = strrchr(path, '/');
  snprintf(slash + 1, sizeof path - (slash + 1 - path), "%s", name);
  return path;
}

static bool there(const char *name) { return access(path_of(name), F_OK) == 0; }

static bool text_of(const char *name, char *text, int size) {
  FILE *file = fopen(path_of(name), "r");
  if (!file) return false;
  size_t length = fread(text, 1, size - 1, file);
  fclose(file);
  text[length] = 0;
  text[strcspn(text, "\n")] = 0;
  return true;
}

static int number_of(const char *name) {
  char text[32];
  return text_of(name, text, sizeof text) ? atoi(text) : 0;
}

static void sleep_ms(int ms) { usleep(ms * 1000u); }

/* Whether the call that `name` speaks of has come; it comes once. */
static bool struck(const char *name, int *countdown) {
  if (!there(name)) { *countdown = 0; return false; }
  if (*countdown == 0) *countdown = number_of(name);
  if (--*countdown > 0) return false;
  unlink(path_of(name));
  *countdown = 0;
  return true;
}

static void *watch_cable(void *unused) {
  while (there("plugged")) sleep_ms(10);
  fprintf(stderr, "F driver/usb/usb_driver.cc] HandleQueuedBulkIn transfer in failed. Not found: USB transfer error 5\n");
  abort();
  return unused;
}

/* --- the operator -------------------------------------------------------------------------------------- */

static void *op_init(Context *context, const char *params, size_t length) {
  (void)context; (void)params; (void)length;
  return calloc(1, 1);
}

static void op_free(Context *context, void *data) { (void)context; free(data); }

static int op_prepare(Context *context, Node *node) { (void)context; (void)node; return OK; }

static void shrink(Tensor *tensor) {
  tensor->dims->data[tensor->dims->size - 1] = 1;
  tensor->bytes = 1;
}

static int compute(Tensor *in, Tensor *out) {
  char counterpart_path[2048];
  if (text_of("counterpart", counterpart_path, sizeof counterpart_path)) {
    char code[4096];
    snprintf(code, sizeof code, "from tests.support.edge_tpu.counterpart import compute\ncompute(%s%s%s, %llu, %zu, %llu, %zu)",
             "r'''", counterpart_path, "'''", (unsigned long long)(uintptr_t)in->data, in->bytes,
             (unsigned long long)(uintptr_t)out->data, out->bytes);
    int gil = PyGILState_Ensure();
    int failed = PyRun_SimpleString(code);
    PyGILState_Release(gil);
    return failed ? ERROR : OK;
  }
  const uint8_t *from = in->data;
  uint8_t *to = out->data;
  size_t block = in->bytes / out->bytes;
  for (size_t index = 0; index < out->bytes; index++) {
    unsigned sum = 0;
    for (size_t at = 0; at < block; at++) sum += from[index * block + at];
    to[index] = (uint8_t)(sum / block);
  }
  return OK;
}

static int op_invoke(Context *context, Node *node) {
  static int hang, die, shape, fail;
  if (struck("abort_at", &die)) {
    fprintf(stderr, "F driver/usb/usb_driver.cc] USB transfer error 2\n");
    abort();
  }
  if (struck("hang_at", &hang)) for (;;) sleep_ms(1000);
  if (struck("error_at", &fail)) { context->report_error(context, "Edge TPU is not ready"); return ERROR; }
  sleep_ms(number_of("invoke_ms"));
  Tensor *out = &context->tensors[node->outputs->data[0]];
  int status = compute(&context->tensors[node->inputs->data[0]], out);
  if (struck("shape_at", &shape)) {
    shrink(out);
    for (size_t index = 0; index < context->tensors_size; index++) {
      Tensor *tensor = &context->tensors[index];
      if (tensor->name && strcmp(tensor->name, "head/probabilities") == 0) shrink(tensor);
    }
  }
  return status;
}

static int delegate_prepare(Context *context, Delegate *delegate) {
  IntArray *plan;
  if (context->execution_plan(context, &plan) != OK) return ERROR;
  IntArray *all = malloc(sizeof(int) * (plan->size + 1)), *ours = malloc(sizeof(int) * (plan->size + 1));
  memcpy(all, plan, sizeof(int) * (plan->size + 1));
  ours->size = 0;
  for (int index = 0; index < all->size; index++) {
    Node *node;
    Registration *registration;
    if (context->node_and_registration(context, all->data[index], &node, &registration) != OK) return ERROR;
    if (registration->custom_name && strcmp(registration->custom_name, "edgetpu-custom-op") == 0)
      ours->data[ours->size++] = all->data[index];
  }
  Registration kernel = {0};
  kernel.init = op_init;
  kernel.free = op_free;
  kernel.prepare = op_prepare;
  kernel.invoke = op_invoke;
  kernel.custom_name = "EdgeTpuDelegateForCustomOp";
  kernel.version = 1;
  int status = context->replace_nodes(context, kernel, ours, delegate);
  free(all);
  free(ours);
  return status;
}

/* --- the doors ----------------------------------------------------------------------------------------- */

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  (void)report;
  FILE *log = fopen(path_of("options"), "w");
  for (size_t index = 0; log && index < count; index++) fprintf(log, "%s=%s\n", keys[index], values[index]);
  if (log) fclose(log);
  int aborts = number_of("open_aborts");
  if (aborts > 0) {
    FILE *left = fopen(path_of("open_aborts"), "w");
    fprintf(left, "%d\n", aborts - 1);
    fclose(left);
    abort();
  }
  sleep_ms(number_of("open_ms"));
  if (there("open_fails") || !there("plugged")) return NULL;
  static bool watching;
  pthread_t watcher;
  if (!watching) watching = pthread_create(&watcher, NULL, watch_cable, NULL) == 0;
  Delegate *delegate = calloc(1, sizeof *delegate);
  delegate->prepare = delegate_prepare;
  delegate->flags = 1;  /* kTfLiteDelegateFlagsAllowDynamicTensors: else all other operators must be known first */
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }

struct edgetpu_device { int type; const char *path; };

struct edgetpu_device *edgetpu_list_devices(size_t *count) {
  struct edgetpu_device *devices = calloc(16, sizeof *devices);
  *count = 0;
  FILE *file = fopen(path_of("plugged"), "r");
  char kind[8], path[1024];
  while (file && *count < 16 && fscanf(file, "%7s %1023s", kind, path) == 2) {
    devices[*count].type = strcmp(kind, "usb") == 0;
    devices[(*count)++].path = strdup(path);
  }
  if (file) fclose(file);
  return devices;
}

void edgetpu_free_devices(struct edgetpu_device *devices) { free(devices); }

const char *edgetpu_version(void) {
  return "BuildLabel(COMPILER=gcc,DATE=redacted,TENSORFLOW_COMMIT=test), RuntimeVersion(14)";
}
