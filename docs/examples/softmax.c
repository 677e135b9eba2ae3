/* Cross-entropy of two rows and its gradient. */
#include <lossbench.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row-major host tensor over memory of yours. */
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

static int fail(void) {
  fprintf(stderr, "lossbench: %s\n", lossbench_last_error());
  return 1;
}

int main(void) {
  float logits[2][3] = {{1, 2, 3}, {0, 0, 0}}, gradient[2][3], loss;
  int64_t labels[2] = {2, 0}, rows_and_classes[] = {2, 3}, rows[] = {2};
  DLTensor logits_tensor = tensor(logits, kDLFloat, 32, 2, rows_and_classes), labels_tensor = tensor(labels, kDLInt, 64, 1, rows);
  DLTensor gradient_tensor = tensor(gradient, kDLFloat, 32, 2, rows_and_classes), loss_tensor = tensor(&loss, kDLFloat, 32, 0, NULL);

  lossbench_array inputs[] = {{"logits", &logits_tensor}, {"target", &labels_tensor}};
  lossbench_option options[] = {{"reduction", "sum"}};
  lossbench_request request = LOSSBENCH_REQUEST("softmax_cross_entropy");
  request.pass = LOSSBENCH_GRADIENT;
  request.inputs = inputs;
  request.input_count = 2;
  request.options = options;
  request.option_count = 1;

  lossbench_call* call = NULL;
  if (lossbench_prepare(&request, &call) != LOSSBENCH_OK) return fail();
  printf("%s on %s gives", lossbench_variant(call), lossbench_backend(call));
  for (size_t k = 0; k < lossbench_output_count(call); ++k) {
    lossbench_output output;
    if (lossbench_get_output(call, k, &output) != LOSSBENCH_OK) return fail();
    printf(" %s (%d dimensions)", output.name, (int)output.ndim);
  }

  /* aligned_alloc takes multiples of the alignment. */
  const size_t bytes = lossbench_workspace_bytes(call), rounded = (bytes + 255) / 256 * 256;
  void* workspace = bytes ? aligned_alloc(256, rounded) : NULL;
  if (workspace) memset(workspace, 0, bytes);

  lossbench_array outputs[] = {{"loss", &loss_tensor}, {"grad_logits", &gradient_tensor}};
  const lossbench_status status = lossbench_run(call, outputs, 2, workspace, bytes, NULL);
  lossbench_destroy(call);
  free(workspace);
  if (status != LOSSBENCH_OK) return fail();

  printf("\nloss %.6f, gradient of the first row %.6f %.6f %.6f\n", loss, gradient[0][0], gradient[0][1], gradient[0][2]);
  const double expected = log(1 + exp(-1) + exp(-2)) + log(3);
  return fabs(loss - expected) < 1e-6 ? 0 : 1;
}
