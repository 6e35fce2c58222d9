// What training asks of libtorch: gradients, and operations on many tensors at once.
#include "handle.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Products in Float32 proper while it lives, whatever ct_allow_tf32 said. Where that said nothing, as on
/// CPUs, whose threads share it, nothing changes.
struct Exactly {
  const bool former = at::globalContext().allowTF32CuBLAS();
  Exactly() {
    if (former) at::globalContext().setAllowTF32CuBLAS(false);
  }
  ~Exactly() {
    if (former) at::globalContext().setAllowTF32CuBLAS(true);
  }
};

struct Windowed : torch::autograd::Function<Windowed> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &rows, const at::Tensor &columns) {
    const Exactly exactly;
    context->save_for_backward({rows, columns});
    return at::matmul(rows, at::matmul(x, columns.t()));
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const Exactly exactly;
    const auto saved = context->get_saved_variables();
    return {at::matmul(saved[0].t(), at::matmul(gradients[0], saved[1])), at::Tensor(), at::Tensor()};
  }
};

/// Tensors of other types, and the same of one type, all at once.
std::vector<at::Tensor> converted(const std::vector<at::Tensor> &from, at::ScalarType type) {
  std::vector<at::Tensor> to;
  to.reserve(from.size());
  for (const auto &t : from) to.push_back(at::empty_like(t, t.options().dtype(type)));
  if (!from.empty()) at::_foreach_copy_(to, from);
  return to;
}

struct Convert : torch::autograd::Function<Convert> {
  static variable_list forward(AutogradContext *context, at::TensorList from, at::ScalarType type) {
    context->saved_data["type"] = int64_t(from[0].scalar_type());
    context->set_materialize_grads(false);
    return converted(from.vec(), type);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto type = at::ScalarType(context->saved_data["type"].toInt());
    std::vector<at::Tensor> known;
    for (const auto &g : gradients)
      if (g.defined()) known.push_back(g);
    const auto result = converted(known, type);
    size_t next = 0;
    for (auto &g : gradients)
      if (g.defined()) g = result[next++];
    gradients.emplace_back();  // the type's
    return gradients;
  }
};

}  // namespace

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

ct_tensor *ct_windowed(ct_arg x, ct_arg rows, ct_arg columns) {
  return tensor([&] { return Windowed::apply(x->value, rows->value, columns->value); });
}

// ---- Many tensors at once

int32_t ct_foreach_to(ct_list list, int32_t n, int32_t dtype, ct_tensor **out) {
  return status([&] {
    const auto from = tensors(list, n);
    const auto to = Convert::apply(at::TensorList(from), static_cast<at::ScalarType>(dtype));
    for (int32_t i = 0; i < n; i++) out[i] = new ct_tensor{to[i]};
  });
}
int32_t ct_foreach_scale_add_(ct_list list, int32_t n, ct_arg factor, ct_arg addends) {
  return status([&] {
    at::NoGradGuard guard;
    auto all = tensors(list, n);
    at::_foreach_mul_(all, factor->value);
    at::_foreach_add_(all, addends->value.unbind(0));
  });
}
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
