// What the parts of this module share: the handle, and where exceptions end.
#pragma once

#include "include/CTorch.h"

#include <ATen/ATen.h>

#include <exception>
#include <optional>
#include <string>
#include <vector>

struct ct_tensor {
  at::Tensor value;
};

namespace ctorch {

/// The last failure's message, of this thread; emptied by the next call.
extern thread_local std::string last_error;

/// Whether this thread's work on a GPU is being recorded, and not done.
extern thread_local bool recording;

/// Keeps a message, without libtorch's C++ back-trace.
void remember(const std::exception &e);

/// Runs `f`; whatever it throws ends here and becomes `failed`.
template <class R, class F>
R guarded(R failed, F f) noexcept {
  try {
    last_error.clear();
    return f();
  } catch (const std::exception &e) {
    remember(e);
  } catch (...) {
    last_error = "unknown C++ exception";
  }
  return failed;
}

template <class F>
ct_tensor *tensor(F f) noexcept {
  return guarded<ct_tensor *>(nullptr, [&] { return new ct_tensor{f()}; });
}

template <class F>
int32_t status(F f) noexcept {
  return guarded<int32_t>(1, [&] { return f(), 0; });
}

inline std::vector<at::Tensor> tensors(ct_list list, int32_t n) {
  std::vector<at::Tensor> result;
  result.reserve(n);
  for (int32_t i = 0; i < n; i++) result.push_back(list[i]->value);
  return result;
}

inline std::optional<at::Tensor> maybe(ct_optional t) {
  return t ? std::optional<at::Tensor>(t->value) : std::nullopt;
}

}  // namespace ctorch
