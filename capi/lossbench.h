/* lossbench through a C ABI: every loss by every variant, on DLPack tensors.
 *
 * A computation is prepared once and run any number of times. Preparing checks everything that can be checked, chooses the variant, and then
 * says which outputs there are and how much workspace it takes. Running enqueues the work on a stream and allocates no memory for
 * arrays, so it can be captured in a CUDA graph.
 *
 *     lossbench_array inputs[] = {{"logits", &logits}, {"target", &target}};
 *     lossbench_request request = LOSSBENCH_REQUEST("softmax_cross_entropy");
 *     request.inputs = inputs;
 *     request.input_count = 2;
 *     request.pass = LOSSBENCH_GRADIENT;
 *
 *     lossbench_call* call = NULL;
 *     if (lossbench_prepare(&request, &call) != LOSSBENCH_OK) return fail(lossbench_last_error());
 *     void* workspace = zeroed(lossbench_workspace_bytes(call));
 *     lossbench_array outputs[] = {{"loss", &loss}, {"grad_logits", &gradient}};
 *     lossbench_run(call, outputs, 2, workspace, lossbench_workspace_bytes(call), stream);
 *     lossbench_destroy(call);
 *
 * Names of losses, inputs, options and outputs are those of `lossbench list`; lossbench_list() returns them as JSON.
 *
 * Tensors. CPU and CUDA, of float, float64, float16, bfloat16, int32 or int64 (one lane), strides in elements, NULL for row-major. All real inputs
 * of a call have one type; nothing is converted. Labels are int32 or int64. Inputs must be row-major unless their loss broadcasts them
 * (weights) or takes padded rows (logits); outputs must be row-major. A scalar has no dimensions. Sizes may be 0, and then `data` may be NULL.
 *
 * Errors. A function that can fail returns a lossbench_status; lossbench_last_error() then says in one line what was wrong and what is
 * accepted. A call that fails before its work starts (all but LOSSBENCH_FAILED) has written nothing.
 *
 * Threads. Any number of threads may prepare, run and destroy calls of their own. One call belongs to one thread at a time. Calls on the
 * host run one after another, since each uses all cores; those of backend `scalar` use the caller's alone and wait for nobody.
 */
#pragma once

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LOSSBENCH_API __attribute__((visibility("default")))
#else
#define LOSSBENCH_API
#endif

/* Raised when a program built with an older header would no longer run. The library's soname ends in it. */
#define LOSSBENCH_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lossbench_status {
  LOSSBENCH_OK = 0,
  LOSSBENCH_INVALID_ARGUMENT = 1, /* a null pointer, a missing or wrong output, a workspace too small: the program is wrong */
  LOSSBENCH_INVALID_REQUEST = 2,  /* an unknown name, a shape, a type, an option or a label that is not accepted, a combination no variant serves */
  LOSSBENCH_NO_DEVICE = 3,        /* CUDA tensors, or backend cuda, where there are no CUDA kernels or there is no device */
  LOSSBENCH_FAILED = 4            /* it could not be carried out: a CUDA error, no memory on the host, a fault that the emulator found */
} lossbench_status;

typedef enum lossbench_pass {
  LOSSBENCH_FORWARD = 0, /* the value */
  LOSSBENCH_GRADIENT = 1 /* value and gradients, in one go */
} lossbench_pass;

/* A tensor and the name it goes by. */
typedef struct lossbench_array {
  const char* name;
  const DLTensor* tensor;
} lossbench_array;

/* An option as text: {"reduction", "sum"}, {"label_smoothing", "0.1"}. */
typedef struct lossbench_option {
  const char* name;
  const char* value;
} lossbench_option;

/* What to compute. Start from LOSSBENCH_REQUEST, which leaves everything but the loss to its default. */
typedef struct lossbench_request {
  size_t size;                   /* sizeof(lossbench_request), so that later versions can add fields at the end */
  const char* loss;              /* "l2", … */
  const char* variant;           /* "fused", …; NULL: the first of the loss's own preference that serves the request */
  const char* backend;           /* "cuda", "cpu", "scalar" or "simt" (the emulator). NULL: cuda for CUDA tensors; for others the named variant's, else
                                    cpu where a variant serves the request, else scalar */
  lossbench_pass pass;           /* LOSSBENCH_FORWARD */
  const char* gradients;         /* of the gradient pass: "input,target"; NULL: those of the predictions, which is what training needs */
  const lossbench_array* inputs; /* each name once */
  size_t input_count;
  const lossbench_option* options; /* each name once */
  size_t option_count;
} lossbench_request;

#define LOSSBENCH_REQUEST(name) {sizeof(lossbench_request), (name), NULL, NULL, LOSSBENCH_FORWARD, NULL, NULL, 0, NULL, 0}

/* A prepared computation. */
typedef struct lossbench_call lossbench_call;

/* An output as it must be allocated: row-major, on the device of the inputs. */
typedef struct lossbench_output {
  const char* name; /* "loss", "grad_input", … */
  DLDataType dtype;
  int32_t ndim;
  const int64_t* shape;
} lossbench_output;

/* "0.1.0". Lives forever. */
LOSSBENCH_API const char* lossbench_version(void);

/* The LOSSBENCH_ABI_VERSION that the library was built with. */
LOSSBENCH_API uint32_t lossbench_abi_version(void);

/* What the last failed call of this thread had to say; "" when none has failed. Valid until the next failure in this thread. */
LOSSBENCH_API const char* lossbench_last_error(void);

/* Losses, variants, options and types as JSON, as `lossbench list --json` prints it. Lives forever. NULL with a message where it failed. */
LOSSBENCH_API const char* lossbench_list(void);

/* Checks the request, chooses the variant and makes a call, which lossbench_destroy ends. Reads labels and signs of host tensors to check
 * them; those on a GPU are not read, and an illegal label there is ignored by the kernels. The tensors' memory, not the structures, must live
 * as long as the call is run. On failure *call is NULL. */
LOSSBENCH_API lossbench_status lossbench_prepare(const lossbench_request* request, lossbench_call** call);

/* What the functions below return belongs to the call. For a NULL call they return NULL, 0 or LOSSBENCH_INVALID_ARGUMENT. */

/* The variant chosen, and the backend it runs on. */
LOSSBENCH_API const char* lossbench_variant(const lossbench_call* call);
LOSSBENCH_API const char* lossbench_backend(const lossbench_call* call);

/* Memory for intermediate results, on the device of the inputs, 256-byte aligned. Zero it once before the first run; each run leaves it ready
 * for the next run of this call, or of another call of the same variant with inputs of the same shapes, types and options. 0: none is needed. */
LOSSBENCH_API size_t lossbench_workspace_bytes(const lossbench_call* call);

/* Fewest bytes that the computation can move: each input read and each output written once. Throughput is stated in them. */
LOSSBENCH_API int64_t lossbench_contract_bytes(const lossbench_call* call);

LOSSBENCH_API size_t lossbench_output_count(const lossbench_call* call);
LOSSBENCH_API lossbench_status lossbench_get_output(const lossbench_call* call, size_t index, lossbench_output* output);

/* Enqueues the computation on `stream`: a cudaStream_t of the inputs' device, NULL for its default stream; on the host NULL, and the work is
 * done on return. `outputs` are all outputs of the call, in any order; what they held does not matter. None may overlap another array.
 * Allocates no memory for arrays, with two exceptions that `list` shows: backend scalar, the reference, widens everything to double, and
 * a variant marked `synchronous` belongs to a library that allocates. Those of the latter kind return when they are done. */
LOSSBENCH_API lossbench_status lossbench_run(lossbench_call* call, const lossbench_array* outputs, size_t output_count, void* workspace,
                                             size_t workspace_bytes, void* stream);

/* NULL is accepted. Work that was enqueued may still be running. */
LOSSBENCH_API void lossbench_destroy(lossbench_call* call);

#ifdef __cplusplus
}
#endif
