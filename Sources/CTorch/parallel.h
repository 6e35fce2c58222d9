// Loops on libtorch's threads.
#pragma once

#include <ATen/ATen.h>
#include <ATen/TensorIterator.h>

namespace ctorch {

/// Calls `f` with every i in 0..<count, on libtorch's threads, neighbours on the same one; on this
/// thread alone where there are no more than `grain`, since waking others takes 0.1 ms.
///
/// at::parallel_for is a template that runs on one thread where the compiler knows no OpenMP; the
/// loop over a tensor's elements is compiled into libtorch.
template <class F>
void parallel(int64_t count, F f, int64_t grain = 1) {
  if (count <= grain) {
    for (int64_t i = 0; i < count; i++) f(i);
    return;
  }
  auto indices = at::arange(count, at::kLong);
  auto iterator = at::TensorIterator::nullary_op(indices);
  iterator.for_each(
      [&](char **data, const int64_t *strides, int64_t n) {
        for (int64_t i = 0; i < n; i++)
          f(*reinterpret_cast<const int64_t *>(data[0] + i * strides[0]));
      },
      grain);
}

/// So many numbers are gone through in less time than it takes to wake a thread.
constexpr long small = 1 << 19;

}  // namespace ctorch
