// The functions of the C ABI: nothing is thrown across it.
#include "capi/lossbench.h"

#include <memory>
#include <new>

#include "capi/call.h"
#include "capi/cuda.h"
#include "capi/errors.h"
#include "core/error.h"
#include "registry/build_info.h"
#include "registry/list_json.h"

struct lossbench_call : lossbench::capi::Call {
  using Call::Call;
};

namespace lossbench::capi {
namespace {

/// The message of this thread's last failure. Where there is no memory for it, a text that needs none.
thread_local std::string message;
thread_local bool speechless = false;

lossbench_status failed(lossbench_status status, const char* what) noexcept {
  try {
    message = what;
    speechless = false;
  } catch (...) {
    speechless = true;
  }
  return status;
}

template <class Work>
lossbench_status guarded(Work&& work) noexcept {
  try {
    work();
    return LOSSBENCH_OK;
  } catch (const ArgumentError& error) {
    return failed(LOSSBENCH_INVALID_ARGUMENT, error.what());
  } catch (const InputError& error) {
    return failed(LOSSBENCH_INVALID_REQUEST, error.what());
  } catch (const NoDeviceError& error) {
    return failed(LOSSBENCH_NO_DEVICE, error.what());
  } catch (const std::bad_alloc&) {
    return failed(LOSSBENCH_FAILED, "out of memory on the host");
  } catch (const std::exception& error) {
    return failed(LOSSBENCH_FAILED, error.what());
  } catch (...) {
    return failed(LOSSBENCH_FAILED, "an unknown failure");
  }
}

void need(const void* pointer, const char* what) {
  if (!pointer) throw ArgumentError(std::string(what) + " is a null pointer");
}

}  // namespace
}  // namespace lossbench::capi

using namespace lossbench::capi;

extern "C" {

const char* lossbench_version(void) { return lossbench::build_info().version.c_str(); }

uint32_t lossbench_abi_version(void) { return LOSSBENCH_ABI_VERSION; }

const char* lossbench_last_error(void) { return speechless ? "out of memory on the host" : message.c_str(); }

const char* lossbench_list(void) {
  const char* text = nullptr;
  guarded([&] {
    static const std::string list = lossbench::list_json({.device = device_name(), .no_device = why_no_device()});
    text = list.c_str();
  });
  return text;
}

lossbench_status lossbench_prepare(const lossbench_request* request, lossbench_call** call) {
  return guarded([&] {
    need(call, "the place for the call");
    *call = nullptr;
    need(request, "the request");
    *call = std::make_unique<lossbench_call>(*request).release();
  });
}

const char* lossbench_variant(const lossbench_call* call) { return call ? call->variant().name.c_str() : nullptr; }

const char* lossbench_backend(const lossbench_call* call) {
  return call ? lossbench::name_of(call->variant().backend).data() : nullptr;  // the names are literals
}

size_t lossbench_workspace_bytes(const lossbench_call* call) { return call ? call->workspace_bytes() : 0; }

int64_t lossbench_contract_bytes(const lossbench_call* call) { return call ? call->contract_bytes() : 0; }

size_t lossbench_output_count(const lossbench_call* call) { return call ? call->outputs().size() : 0; }

lossbench_status lossbench_get_output(const lossbench_call* call, size_t index, lossbench_output* output) {
  return guarded([&] {
    need(call, "the call");
    need(output, "the place for the output");
    if (index >= call->outputs().size())
      throw ArgumentError("there is no output " + std::to_string(index) + "; there are " + std::to_string(call->outputs().size()));
    const auto& [name, array] = call->outputs()[index];
    *output = {name.c_str(), dlpack_type(array.dtype), static_cast<int32_t>(array.shape.size()), array.shape.data()};
  });
}

lossbench_status lossbench_run(lossbench_call* call, const lossbench_array* outputs, size_t output_count, void* workspace,
                               size_t workspace_bytes, void* stream) {
  return guarded([&] {
    need(call, "the call");
    if (output_count) need(outputs, "outputs");
    call->run({outputs, output_count}, {workspace, workspace_bytes}, stream);
  });
}

void lossbench_destroy(lossbench_call* call) { delete call; }

}  // extern "C"
