// What training asks of libtorch: gradients, and operations on many tensors at once.
#include "handle.h"

#include <ATen/core/grad_mode.h>

using namespace ctorch;

// ---- Gradients

ct_tensor *ct_detach(ct_arg a) { return tensor([&] { return a->value.detach(); }); }
int32_t ct_set_requires_grad(ct_tensor *a, bool on) {
  return status([&] { a->value.set_requires_grad(on); });
}
bool ct_requires_grad(ct_arg a) { return a->value.requires_grad(); }
int32_t ct_backward(ct_arg loss) {
  return status([&] { loss->value.backward(); });
}
ct_tensor *ct_grad(ct_arg a) {
  last_error.clear();
  if (!a->value.grad().defined()) return nullptr;
  return tensor([&] { return a->value.grad(); });
}
void ct_clear_grad(ct_tensor *a) { a->value.mutable_grad().reset(); }
void ct_set_grad_tensor(ct_tensor *a, ct_arg grad) {
  status([&] { a->value.mutable_grad() = grad->value; });
}

// ---- Many tensors at once

ct_tensor *ct_foreach_norm(ct_list list, int32_t n) {
  return tensor([&] {
    at::NoGradGuard guard;
    return at::stack(at::_foreach_norm(tensors(list, n), 2)).norm();
  });
}
int32_t ct_foreach_mul_(ct_list list, int32_t n, double s) {
  return status([&] {
    at::NoGradGuard guard;
    at::_foreach_mul_(tensors(list, n), s);
  });
}
int32_t ct_foreach_lerp_(ct_list to, ct_list from, int32_t n, double t) {
  return status([&] {
    at::NoGradGuard guard;
    at::_foreach_lerp_(tensors(to, n), tensors(from, n), t);
  });
}
int32_t ct_adamw_(
    ct_list params, ct_list grads, ct_list first, ct_list second, ct_list steps, int32_t n,
    double lr, double beta1, double beta2, double decay, double eps, ct_optional divisor,
    ct_optional skip) {
  return status([&] {
    at::NoGradGuard guard;
    auto counts = tensors(steps, n);
    at::_foreach_add_(counts, 1);
    at::_fused_adamw_(tensors(params, n), tensors(grads, n), tensors(first, n), tensors(second, n),
                      {}, counts, lr, beta1, beta2, decay, eps, false, false, maybe(divisor),
                      maybe(skip));
    if (skip) at::_foreach_sub_(counts, std::vector<at::Tensor>(n, skip->value));
  });
}
