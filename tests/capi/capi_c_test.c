/* The C ABI from C: results against numbers worked out by hand, and every kind of wrong call. */
#include <lossbench.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: %s (last error: %s)\n", __FILE__, __LINE__, #condition, lossbench_last_error()); \
      ++failures;                                                                 \
    }                                                                             \
  } while (0)

/* A status, a message that names what it should, and one line of it. */
static void check_refused(lossbench_status status, lossbench_status expected, const char* naming, int line) {
  const char* message = lossbench_last_error();
  if (status == expected && strstr(message, naming) && !strchr(message, '\n')) return;
  fprintf(stderr, "%s:%d: status %d instead of %d, or '%s' is not in: %s\n", __FILE__, line, (int)status, (int)expected, naming, message);
  ++failures;
}
#define CHECK_REFUSED(status, expected, naming) check_refused((status), (expected), (naming), __LINE__)

static DLTensor tensor(void* data, uint8_t code, uint8_t bits, int32_t ndim, int64_t* shape) {
  DLTensor tensor = {0};
  tensor.data = data;
  tensor.device.device_type = kDLCPU;
  tensor.ndim = ndim;
  tensor.dtype.code = code;
  tensor.dtype.bits = bits;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  return tensor;
}

/* l2 of three elements: the request that most tests start from, and then spoil. */
typedef struct {
  float input[3], target[3], loss, gradient[3];
  int64_t shape[1];
  DLTensor input_tensor, target_tensor, loss_tensor, gradient_tensor;
  lossbench_array inputs[3], outputs[3];
  lossbench_option options[2];
  lossbench_request request;
  lossbench_call* call;
} Squares;

static void make_squares(Squares* s) {
  static const float input[] = {1, 2, 3}, target[] = {0, 0, 5};
  memset(s, 0, sizeof *s);
  memcpy(s->input, input, sizeof input);
  memcpy(s->target, target, sizeof target);
  s->shape[0] = 3;
  s->input_tensor = tensor(s->input, kDLFloat, 32, 1, s->shape);
  s->target_tensor = tensor(s->target, kDLFloat, 32, 1, s->shape);
  s->loss_tensor = tensor(&s->loss, kDLFloat, 32, 0, NULL);
  s->gradient_tensor = tensor(s->gradient, kDLFloat, 32, 1, s->shape);
  s->inputs[0] = (lossbench_array){"input", &s->input_tensor};
  s->inputs[1] = (lossbench_array){"target", &s->target_tensor};
  s->outputs[0] = (lossbench_array){"loss", &s->loss_tensor};
  s->outputs[1] = (lossbench_array){"grad_input", &s->gradient_tensor};
  s->request = (lossbench_request)LOSSBENCH_REQUEST("l2");
  s->request.pass = LOSSBENCH_GRADIENT;
  s->request.inputs = s->inputs;
  s->request.input_count = 2;
  s->request.options = s->options;
}

static lossbench_status prepare(Squares* s) { return lossbench_prepare(&s->request, &s->call); }

static void test_results(void) {
  static const char* const variants[][2] = {{NULL, "scalar"}, {"fused", "simt"}, {"map_then_reduce", "simt"}};
  for (size_t k = 0; k < sizeof variants / sizeof variants[0]; ++k) {
    Squares s;
    make_squares(&s);
    s.request.variant = variants[k][0];
    s.request.backend = variants[k][1];
    s.options[0] = (lossbench_option){"reduction", "sum"};
    s.request.option_count = 1;
    CHECK(prepare(&s) == LOSSBENCH_OK);
    CHECK(strcmp(lossbench_backend(s.call), variants[k][1]) == 0);
    CHECK(!variants[k][0] || strcmp(lossbench_variant(s.call), variants[k][0]) == 0);
    CHECK(lossbench_contract_bytes(s.call) == 3 * 12 + 4);
    CHECK(lossbench_output_count(s.call) == 2);
    lossbench_output output;
    CHECK(lossbench_get_output(s.call, 1, &output) == LOSSBENCH_OK);
    CHECK(strcmp(output.name, "grad_input") == 0 && output.dtype.code == kDLFloat && output.dtype.bits == 32);
    CHECK(output.ndim == 1 && output.shape[0] == 3);
    const size_t bytes = lossbench_workspace_bytes(s.call);
    void* workspace = bytes ? aligned_alloc(256, (bytes + 255) / 256 * 256) : NULL;
    if (workspace) memset(workspace, 0, bytes);
    for (int run = 0; run < 2; ++run) {
      s.loss = NAN;
      CHECK(lossbench_run(s.call, s.outputs, 2, workspace, bytes, NULL) == LOSSBENCH_OK);
      CHECK(s.loss == 1 + 4 + 4);
      CHECK(s.gradient[0] == 2 && s.gradient[1] == 4 && s.gradient[2] == -4);
    }
    lossbench_destroy(s.call);
    free(workspace);
  }
}

/* Rows further apart than they are long, an offset in bytes, labels of 32 bits. */
static void test_layouts(void) {
  float logits[] = {9, 9, 1, 2, 3, 9, 0, 0, 0, 9}, gradient[6], loss[2];
  int32_t labels[] = {2, 0};
  int64_t shape[] = {2, 3}, strides[] = {4, 1}, rows[] = {2};
  DLTensor logits_tensor = tensor(logits, kDLFloat, 32, 2, shape), labels_tensor = tensor(labels, kDLInt, 32, 1, rows);
  DLTensor loss_tensor = tensor(loss, kDLFloat, 32, 1, rows), gradient_tensor = tensor(gradient, kDLFloat, 32, 2, shape);
  logits_tensor.strides = strides;
  logits_tensor.byte_offset = 2 * sizeof(float);
  static const char* const backends[] = {"scalar", "simt"};
  for (int k = 0; k < 2; ++k) {
    lossbench_array inputs[] = {{"target", &labels_tensor}, {"logits", &logits_tensor}};
    lossbench_array outputs[] = {{"grad_logits", &gradient_tensor}, {"loss", &loss_tensor}};
    lossbench_option options[] = {{"reduction", "none"}};
    lossbench_request request = LOSSBENCH_REQUEST("softmax_cross_entropy");
    request.backend = backends[k];
    request.pass = LOSSBENCH_GRADIENT;
    request.gradients = "logits";
    request.inputs = inputs;
    request.input_count = 2;
    request.options = options;
    request.option_count = 1;
    lossbench_call* call = NULL;
    CHECK(lossbench_prepare(&request, &call) == LOSSBENCH_OK);
    const size_t bytes = lossbench_workspace_bytes(call);
    void* workspace = bytes ? aligned_alloc(256, (bytes + 255) / 256 * 256) : NULL;
    if (workspace) memset(workspace, 0, bytes);
    CHECK(lossbench_run(call, outputs, 2, workspace, bytes, NULL) == LOSSBENCH_OK);
    CHECK(fabs(loss[0] - log(1 + exp(-1) + exp(-2))) < 1e-6 && fabs(loss[1] - log(3)) < 1e-6);
    CHECK(fabs(gradient[3] - (1 / 3. - 1)) < 1e-6 && fabs(gradient[4] - 1 / 3.) < 1e-6);
    lossbench_destroy(call);
    free(workspace);
  }
}

static void test_wrong_requests(void) {
  Squares s;
#define SPOILED(change, expected, naming)                          \
  do {                                                             \
    make_squares(&s);                                              \
    s.call = (lossbench_call*)&s;                                  \
    change;                                                        \
    CHECK_REFUSED(prepare(&s), (expected), (naming));              \
    CHECK(s.call == NULL);                                         \
  } while (0)

  SPOILED(s.request.loss = "l3", LOSSBENCH_INVALID_REQUEST, "unknown loss 'l3'");
  SPOILED(s.request.loss = NULL, LOSSBENCH_INVALID_ARGUMENT, "the name of the loss");
  SPOILED(s.request.size = 8, LOSSBENCH_INVALID_ARGUMENT, "LOSSBENCH_REQUEST");
  SPOILED(s.request.pass = (lossbench_pass)7, LOSSBENCH_INVALID_ARGUMENT, "pass is 7");
  SPOILED(s.request.variant = "fastest", LOSSBENCH_INVALID_REQUEST, "no variant 'fastest'");
  SPOILED(s.request.backend = "tpu", LOSSBENCH_INVALID_REQUEST, "accepted: scalar, cpu, simt, cuda");
  SPOILED((s.request.variant = "single_pass", s.request.backend = "simt"), LOSSBENCH_INVALID_REQUEST, "single_pass");
  SPOILED(s.request.gradients = "weight", LOSSBENCH_INVALID_REQUEST, "no gradient of 'weight'");
  SPOILED(s.request.gradients = "input,input", LOSSBENCH_INVALID_REQUEST, "twice");
  SPOILED((s.request.gradients = "input", s.request.pass = LOSSBENCH_FORWARD), LOSSBENCH_INVALID_REQUEST, "forward");

  SPOILED((s.options[0] = (lossbench_option){"sigma", "1"}, s.request.option_count = 1), LOSSBENCH_INVALID_REQUEST, "unknown option 'sigma'");
  SPOILED((s.options[0] = (lossbench_option){"half", "maybe"}, s.request.option_count = 1), LOSSBENCH_INVALID_REQUEST, "true, false");
  SPOILED((s.options[0] = (lossbench_option){"half", NULL}, s.request.option_count = 1), LOSSBENCH_INVALID_ARGUMENT, "option half");
  SPOILED((s.options[0] = (lossbench_option){NULL, "1"}, s.request.option_count = 1), LOSSBENCH_INVALID_ARGUMENT, "name of an option");
  SPOILED((s.request.options = NULL, s.request.option_count = 1), LOSSBENCH_INVALID_ARGUMENT, "options is a null pointer");
  SPOILED((s.options[0] = s.options[1] = (lossbench_option){"half", "true"}, s.request.option_count = 2), LOSSBENCH_INVALID_REQUEST, "twice");

  SPOILED(s.request.input_count = 1, LOSSBENCH_INVALID_REQUEST, "'target' is missing");
  SPOILED(s.request.input_count = 0, LOSSBENCH_INVALID_REQUEST, "'input' is missing");
  SPOILED(s.request.inputs = NULL, LOSSBENCH_INVALID_ARGUMENT, "inputs is a null pointer");
  SPOILED(s.inputs[1].name = "label", LOSSBENCH_INVALID_REQUEST, "unknown input 'label'");
  SPOILED(s.inputs[1].name = "input", LOSSBENCH_INVALID_REQUEST, "given twice");
  SPOILED(s.inputs[1].name = NULL, LOSSBENCH_INVALID_ARGUMENT, "name of an input");
  SPOILED(s.inputs[1].tensor = NULL, LOSSBENCH_INVALID_ARGUMENT, "input 'target'");
  SPOILED(s.target_tensor.data = NULL, LOSSBENCH_INVALID_ARGUMENT, "data is a null pointer");
  SPOILED(s.target_tensor.byte_offset = 2, LOSSBENCH_INVALID_ARGUMENT, "not aligned");
  SPOILED(s.target_tensor.shape = NULL, LOSSBENCH_INVALID_ARGUMENT, "shape is a null pointer");
  SPOILED(s.target_tensor.ndim = -1, LOSSBENCH_INVALID_ARGUMENT, "ndim");
  SPOILED(s.target_tensor.dtype.bits = 16, LOSSBENCH_INVALID_REQUEST, "f16");
  SPOILED(s.target_tensor.dtype.bits = 8, LOSSBENCH_INVALID_REQUEST, "float of 8 bits");
  SPOILED(s.target_tensor.dtype.lanes = 4, LOSSBENCH_INVALID_REQUEST, "4 lanes");
  SPOILED(s.target_tensor.device.device_type = kDLVulkan, LOSSBENCH_INVALID_REQUEST, "DLPack type 7");
  int64_t negative[] = {-3}, huge[] = {INT64_MAX}, two[] = {2}, every_other[] = {2};
  SPOILED(s.target_tensor.shape = negative, LOSSBENCH_INVALID_ARGUMENT, "[-3]");
  SPOILED(s.target_tensor.shape = huge, LOSSBENCH_INVALID_ARGUMENT, "too large");
  SPOILED(s.target_tensor.shape = two, LOSSBENCH_INVALID_REQUEST, "shape [2]; it must be [3]");
  SPOILED(s.target_tensor.strides = negative, LOSSBENCH_INVALID_REQUEST, "strides [-3]");
  SPOILED(s.target_tensor.strides = every_other, LOSSBENCH_INVALID_REQUEST, "'target' must be contiguous");
#undef SPOILED
  CHECK_REFUSED(lossbench_prepare(NULL, &s.call), LOSSBENCH_INVALID_ARGUMENT, "the request");
  CHECK_REFUSED(lossbench_prepare(&s.request, NULL), LOSSBENCH_INVALID_ARGUMENT, "the place for the call");
}

/* A tensor that says it is on a GPU. Device 99 is on no machine of ours, so this holds with CUDA and without. */
static void test_no_device(void) {
  Squares s;
  make_squares(&s);
  s.input_tensor.device.device_type = s.target_tensor.device.device_type = kDLCUDA;
  s.input_tensor.device.device_id = s.target_tensor.device.device_id = 99;
  CHECK_REFUSED(prepare(&s), LOSSBENCH_NO_DEVICE, "input 'input' is on CUDA device 99");
  make_squares(&s);
  s.request.backend = "cuda";
  const lossbench_status status = prepare(&s);
  CHECK_REFUSED(status, status == LOSSBENCH_NO_DEVICE ? LOSSBENCH_NO_DEVICE : LOSSBENCH_INVALID_REQUEST,
                status == LOSSBENCH_NO_DEVICE ? "CUDA" : "backend 'cuda'");
}

/* Each is refused, and no output is touched. */
static void test_wrong_runs(void) {
  Squares s;
  make_squares(&s);
  s.request.variant = "fused";
  s.request.backend = "simt";
  CHECK(prepare(&s) == LOSSBENCH_OK);
  const size_t bytes = lossbench_workspace_bytes(s.call);
  CHECK(bytes > 0);
  unsigned char* workspace = aligned_alloc(256, (bytes + 511) / 256 * 256);
  memset(workspace, 0, bytes + 1);
  const lossbench_array right[] = {s.outputs[0], s.outputs[1]};
#define RUN(count, memory, size) lossbench_run(s.call, s.outputs, (count), (memory), (size), NULL)
#define SPOILED(change, run, naming)                                     \
  do {                                                                   \
    memcpy(s.outputs, right, sizeof right);                              \
    s.loss_tensor = tensor(&s.loss, kDLFloat, 32, 0, NULL);              \
    s.gradient_tensor = tensor(s.gradient, kDLFloat, 32, 1, s.shape);    \
    s.loss = s.gradient[0] = s.gradient[2] = 77;                         \
    change;                                                              \
    CHECK_REFUSED((run), LOSSBENCH_INVALID_ARGUMENT, (naming));          \
    CHECK(s.loss == 77 && s.gradient[0] == 77 && s.gradient[2] == 77);   \
  } while (0)

  int64_t two[] = {2}, every_other[] = {2};
  SPOILED((void)0, RUN(1, workspace, bytes), "'grad_input' is missing");
  SPOILED((void)0, lossbench_run(s.call, NULL, 2, workspace, bytes, NULL), "outputs");
  SPOILED(s.outputs[1].name = "grad_target", RUN(2, workspace, bytes), "this call has loss, grad_input");
  SPOILED(s.outputs[1].name = "loss", RUN(2, workspace, bytes), "given twice");
  SPOILED(s.outputs[1].name = NULL, RUN(2, workspace, bytes), "name of an output");
  SPOILED(s.outputs[1].tensor = NULL, RUN(2, workspace, bytes), "null pointer");
  SPOILED(s.gradient_tensor.shape = two, RUN(2, workspace, bytes), "shape [2]; it must be [3]");
  SPOILED(s.gradient_tensor.strides = every_other, RUN(2, workspace, bytes), "contiguous");
  SPOILED(s.gradient_tensor.dtype.code = kDLInt, RUN(2, workspace, bytes), "it must be f32");
  SPOILED(s.gradient_tensor.data = s.input, RUN(2, workspace, bytes), "overlaps 'input'");
  SPOILED(s.loss_tensor.data = s.gradient, RUN(2, workspace, bytes), "overlaps");
  SPOILED((void)0, RUN(2, workspace, bytes - 1), "bytes; this call needs");
  SPOILED((void)0, RUN(2, NULL, bytes), "workspace is a null pointer");
  SPOILED((void)0, RUN(2, workspace + 1, bytes), "aligned to 256");
  SPOILED((void)0, lossbench_run(s.call, s.outputs, 2, workspace, bytes, workspace), "stream must be NULL");
  SPOILED((void)0, lossbench_run(NULL, s.outputs, 2, workspace, bytes, NULL), "the call is a null pointer");
  lossbench_output output;
  SPOILED((void)0, lossbench_get_output(s.call, 2, &output), "there is no output 2");
  SPOILED((void)0, lossbench_get_output(s.call, 0, NULL), "place for the output");
#undef SPOILED
  memcpy(s.outputs, right, sizeof right);
  s.loss_tensor = tensor(&s.loss, kDLFloat, 32, 0, NULL);
  s.gradient_tensor = tensor(s.gradient, kDLFloat, 32, 1, s.shape);
  CHECK(RUN(2, workspace, bytes) == LOSSBENCH_OK); /* none of that has spoiled the call */
  CHECK(s.loss == 3);
#undef RUN
  lossbench_destroy(s.call);
  free(workspace);
}

static void test_nothing_to_ask(void) {
  CHECK(lossbench_abi_version() == LOSSBENCH_ABI_VERSION);
  CHECK(strchr(lossbench_version(), '.') != NULL);
  CHECK(strstr(lossbench_list(), "\"softmax_cross_entropy\"") != NULL);
  CHECK(lossbench_list() == lossbench_list());
  CHECK(lossbench_variant(NULL) == NULL && lossbench_backend(NULL) == NULL);
  CHECK(lossbench_workspace_bytes(NULL) == 0 && lossbench_contract_bytes(NULL) == 0 && lossbench_output_count(NULL) == 0);
  lossbench_destroy(NULL);
}

int main(void) {
  CHECK(lossbench_last_error()[0] == '\0'); /* nothing has failed yet */
  test_results();
  test_layouts();
  test_wrong_requests();
  test_no_device();
  test_wrong_runs();
  test_nothing_to_ask();
  if (failures) fprintf(stderr, "%d failures\n", failures);
  return failures != 0;
}
