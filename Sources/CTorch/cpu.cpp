// This machine's CPU: what it has, how its threads wait, and products with packed weights.
#include "handle.h"
#include "parallel.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

using namespace ctorch;

void ct_wait_asleep(void) {
  // libgomp's threads spin for 3 ms at the end of each parallel region, unless it has started more
  // of them than there are cores. A second, idle pool makes it so: nothing else can be set once the
  // process runs.
  static const bool done = [] {
    const int32_t threads = std::max(2, at::get_num_threads());
    std::promise<void> ready;
    auto waiting = ready.get_future();
    std::thread([threads, &ready] {
      at::set_num_threads(threads);
      status([&] { parallel(threads, [](long) {}); });
      ready.set_value();
      for (;;) std::this_thread::sleep_for(std::chrono::hours(24));
    }).detach();
    waiting.wait();
    return true;
  }();
  (void)done;
}

bool ct_has_bfloat16(void) {
#if defined(__x86_64__)
  static const bool has = ct_has_avx512() && __builtin_cpu_supports("avx512bf16");
  return has;
#else
  return false;
#endif
}

bool ct_has_avx512(void) {
#if defined(__x86_64__)
  static const bool has =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return has;
#else
  return false;
#endif
}

// ---- Products with a weight in the layout that oneDNN likes best

namespace {

using Reorder = at::Tensor(const at::Tensor &, std::optional<c10::SymInt>);
using Scalars = c10::List<std::optional<at::Scalar>>;
using Linear = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &,
                          std::string_view, Scalars, std::optional<std::string_view>);
using Times = at::Tensor(const at::Tensor &, const at::Tensor &, const at::Tensor &,
                         const std::optional<at::Tensor> &, std::string_view);

/// An operation of libtorch's by its name; none where this libtorch lacks it.
template <class Signature>
std::optional<c10::TypedOperatorHandle<Signature>> find(const char *name, const char *overload) {
  auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!found || !found->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return std::nullopt;
  return found->typed<Signature>();
}

}  // namespace

ct_tensor *ct_packed(ct_arg weight, int64_t rows) {
  return guarded<ct_tensor *>(nullptr, [&]() -> ct_tensor * {
    static const auto reorder = find<Reorder>("mkldnn::_reorder_linear_weight", "");
    static const auto linear = find<Linear>("mkldnn::_linear_pointwise", "");
    static const auto times = find<Times>("mkldnn::_linear_pointwise", "binary");
    if (!reorder || !linear || !times || !at::globalContext().userEnabledMkldnn()) return nullptr;
    return new ct_tensor{reorder->call(weight->value, c10::SymInt(rows))};
  });
}

ct_tensor *ct_packed_linear(ct_arg x, ct_arg packed, bool silu, ct_optional factor) {
  return tensor([&] {
    static const auto linear = find<Linear>("mkldnn::_linear_pointwise", "").value();
    static const auto times = find<Times>("mkldnn::_linear_pointwise", "binary").value();
    if (factor)
      return times.call(x->value, factor->value, packed->value, std::nullopt, "mul");
    return linear.call(x->value, packed->value, std::nullopt, silu ? "swish" : "none", Scalars(), "");
  });
}

int64_t ct_revision(ct_arg t) {
  return guarded<int64_t>(0, [&] {
    return t->value.is_inference() ? 0 : static_cast<int64_t>(t->value._version());
  });
}
