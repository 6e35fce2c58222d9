#include "handle.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>

#if __has_include(<dlfcn.h>)
#include <dlfcn.h>
#endif

#include <cstring>
#include <string>
#include <vector>

struct ct_generator {
  at::Generator value;
};

namespace ctorch {

thread_local std::string last_error;

void remember(const std::exception &e) {
  auto *c10e = dynamic_cast<const c10::Error *>(&e);
  last_error = c10e ? c10e->what_without_backtrace() : e.what();
  if (auto end = last_error.find("\nException raised from"); end != std::string::npos)
    last_error.resize(end);
}

}  // namespace ctorch

using namespace ctorch;

namespace {

c10::Device device(int32_t kind, int32_t index) {
  return c10::Device(static_cast<c10::DeviceType>(kind), kind == CT_CPU ? -1 : index);
}

at::TensorOptions options(int32_t dtype, int32_t kind, int32_t index) {
  return at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).device(device(kind, index));
}

at::IntArrayRef ints(ct_dims dims, int32_t n) { return {dims, static_cast<size_t>(n)}; }

/// What comes from the CPU while work is recorded would be the same at each replay, and what goes
/// there would be waited for.
void check_crossing() {
  TORCH_CHECK(!recording, "numbers that come from the CPU or go there can't be part of recorded work");
}

void check_upload(const at::Tensor &t, int32_t kind) {
  if (kind == CT_CUDA && t.is_cpu()) check_crossing();
}

}  // namespace

// ---- The library, devices and threads

const char *ct_error(void) { return last_error.c_str(); }
const char *ct_version(void) { return TORCH_VERSION; }

bool ct_load_cuda(void) {
  return guarded(false, [] {
#if __has_include(<dlfcn.h>)
    static void *library = [] {
      // Float32 is Float32, also in convolutions, until ct_allow_tf32 says otherwise.
      at::globalContext().setAllowTF32CuDNN(false);
      return dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
    }();
    return library != nullptr && at::detail::getCUDAHooks().deviceCount() > 0;
#else
    return false;
#endif
  });
}

bool ct_has_mps(void) {
  return guarded(false, [] { return at::globalContext().hasMPS(); });
}

int32_t ct_device_count(int32_t kind) {
  if (kind == CT_CUDA)
    return ct_load_cuda() ? guarded(0, [] { return int32_t(at::detail::getCUDAHooks().deviceCount()); }) : 0;
  return kind == CT_CPU || ct_has_mps() ? 1 : 0;
}

int64_t ct_memory_allocated(int32_t kind, int32_t index) {
  return guarded<int64_t>(0, [&]() -> int64_t {
    if (kind != CT_CUDA) return 0;
    auto *allocator = c10::getDeviceAllocator(c10::DeviceType::CUDA);
    return allocator->getDeviceStats(index).allocated_bytes[0].current;
  });
}

int32_t ct_synchronize(int32_t kind, int32_t index) {
  return status([&] {
    if (kind == CT_CPU) return;
    auto type = static_cast<c10::DeviceType>(kind);
    at::globalContext().lazyInitDevice(type);
    c10::impl::VirtualGuardImpl(type).synchronizeDevice(index);
  });
}

void ct_set_threads(int32_t n) { status([&] { at::set_num_threads(n); }); }
int32_t ct_threads(void) { return at::get_num_threads(); }
void ct_flush_denormals(bool on) { at::globalContext().setFlushDenormal(on); }
void ct_allow_tf32(bool on) {
  status([&] {
    at::globalContext().setAllowTF32CuBLAS(on);
    at::globalContext().setAllowTF32CuDNN(on);
  });
}
void ct_allow_cudnn_attention(bool on) {
  status([&] { at::globalContext().setSDPUseCuDNN(on); });
}

// ---- Modes

bool ct_set_grad(bool on) {
  bool former = at::GradMode::is_enabled();
  at::GradMode::set_enabled(on);
  return former;
}
void *ct_inference_enter(void) { return new c10::InferenceMode(true); }
void ct_inference_leave(void *guard) { delete static_cast<c10::InferenceMode *>(guard); }

// ---- Life and looks

void ct_release(ct_tensor *t) { delete t; }

ct_tensor *ct_from_bytes(const void *bytes, ct_dims dims, int32_t rank, int32_t dtype) {
  return tensor([&] {
    check_crossing();
    auto t = at::empty(ints(dims, rank), options(dtype, CT_CPU, 0));
    if (t.nbytes() > 0) std::memcpy(t.data_ptr(), bytes, t.nbytes());
    return t;
  });
}

int32_t ct_copy_bytes(ct_arg t, void *out, size_t size) {
  return status([&] {
    check_crossing();
    auto c = t->value.detach().to(at::kCPU).contiguous();
    TORCH_CHECK(c.nbytes() == size, "copy of ", c.nbytes(), " bytes into ", size);
    if (size > 0) std::memcpy(out, c.data_ptr(), size);
  });
}

int32_t ct_rank(ct_arg t) { return int32_t(t->value.dim()); }
void ct_shape(ct_arg t, int64_t *out) {
  auto sizes = t->value.sizes();
  std::copy(sizes.begin(), sizes.end(), out);
}
int32_t ct_dtype(ct_arg t) { return int32_t(t->value.scalar_type()); }
int32_t ct_device_kind(ct_arg t) { return int32_t(t->value.device().type()); }
int32_t ct_device_index(ct_arg t) { return std::max(0, int32_t(t->value.device().index())); }
int32_t ct_item(ct_arg t, double *out) {
  return status([&] {
    check_crossing();
    *out = t->value.item().toDouble();
  });
}
void *ct_data(ct_arg t) {
  return guarded<void *>(nullptr, [&] { return t->value.is_cpu() ? t->value.data_ptr() : nullptr; });
}
bool ct_is_contiguous(ct_arg t) { return t->value.is_contiguous(); }

// ---- Making

ct_tensor *ct_empty(ct_dims dims, int32_t rank, int32_t dtype, int32_t kind, int32_t index) {
  return tensor([&] { return at::empty(ints(dims, rank), options(dtype, kind, index)); });
}
ct_tensor *ct_full(ct_dims dims, int32_t rank, double v, int32_t dtype, int32_t kind, int32_t index) {
  return tensor([&] { return at::full(ints(dims, rank), v, options(dtype, kind, index)); });
}
ct_tensor *ct_arange(double from, double to, double step, int32_t dtype, int32_t kind, int32_t index) {
  return tensor([&] { return at::arange(from, to, step, options(dtype, kind, index)); });
}
ct_tensor *ct_randn(ct_dims dims, int32_t rank, ct_generator *g, int32_t dtype, int32_t kind, int32_t index) {
  return tensor([&] { return at::randn(ints(dims, rank), g->value, options(dtype, kind, index)); });
}
ct_tensor *ct_rand(ct_dims dims, int32_t rank, ct_generator *g, int32_t dtype, int32_t kind, int32_t index) {
  return tensor([&] { return at::rand(ints(dims, rank), g->value, options(dtype, kind, index)); });
}
ct_generator *ct_generator_new(uint64_t seed, int32_t kind, int32_t index) {
  return guarded<ct_generator *>(nullptr, [&] {
    auto type = static_cast<c10::DeviceType>(kind);
    auto g = kind == CT_CPU ? at::globalContext().defaultGenerator(device(kind, index)).clone()
                            : at::globalContext().getAcceleratorHooksInterface(type).getNewGenerator(index);
    g.set_current_seed(seed);
    return new ct_generator{g};
  });
}
void ct_generator_release(ct_generator *g) { delete g; }

// ---- Element by element

ct_tensor *ct_add(ct_arg a, ct_arg b) { return tensor([&] { return at::add(a->value, b->value); }); }
ct_tensor *ct_sub(ct_arg a, ct_arg b) { return tensor([&] { return at::sub(a->value, b->value); }); }
ct_tensor *ct_mul(ct_arg a, ct_arg b) { return tensor([&] { return at::mul(a->value, b->value); }); }
ct_tensor *ct_div(ct_arg a, ct_arg b) { return tensor([&] { return at::div(a->value, b->value); }); }
ct_tensor *ct_add_scalar(ct_arg a, double s) { return tensor([&] { return at::add(a->value, s); }); }
ct_tensor *ct_mul_scalar(ct_arg a, double s) { return tensor([&] { return at::mul(a->value, s); }); }
ct_tensor *ct_pow_scalar(ct_arg a, double s) { return tensor([&] { return at::pow(a->value, s); }); }
ct_tensor *ct_minimum(ct_arg a, ct_arg b) { return tensor([&] { return at::minimum(a->value, b->value); }); }
ct_tensor *ct_maximum(ct_arg a, ct_arg b) { return tensor([&] { return at::maximum(a->value, b->value); }); }
ct_tensor *ct_less(ct_arg a, ct_arg b) { return tensor([&] { return at::lt(a->value, b->value); }); }
ct_tensor *ct_less_scalar(ct_arg a, double s) { return tensor([&] { return at::lt(a->value, s); }); }
ct_tensor *ct_where(ct_arg c, ct_arg a, ct_arg b) {
  return tensor([&] { return at::where(c->value, a->value, b->value); });
}
ct_tensor *ct_clamp(ct_arg a, double low, double high) {
  return tensor([&] { return at::clamp(a->value, low, high); });
}
ct_tensor *ct_neg(ct_arg a) { return tensor([&] { return at::neg(a->value); }); }
ct_tensor *ct_abs(ct_arg a) { return tensor([&] { return at::abs(a->value); }); }
ct_tensor *ct_exp(ct_arg a) { return tensor([&] { return at::exp(a->value); }); }
ct_tensor *ct_log(ct_arg a) { return tensor([&] { return at::log(a->value); }); }
ct_tensor *ct_sqrt(ct_arg a) { return tensor([&] { return at::sqrt(a->value); }); }
ct_tensor *ct_sin(ct_arg a) { return tensor([&] { return at::sin(a->value); }); }
ct_tensor *ct_cos(ct_arg a) { return tensor([&] { return at::cos(a->value); }); }
ct_tensor *ct_sigmoid(ct_arg a) { return tensor([&] { return at::sigmoid(a->value); }); }
ct_tensor *ct_silu(ct_arg a) { return tensor([&] { return at::silu(a->value); }); }

// ---- Sums and products

ct_tensor *ct_matmul(ct_arg a, ct_arg b) {
  return tensor([&] { return at::matmul(a->value, b->value); });
}
ct_tensor *ct_linear(ct_arg x, ct_arg weight) {
  return tensor([&] { return at::linear(x->value, weight->value); });
}
ct_tensor *ct_layer_norm(ct_arg x, ct_optional weight, ct_optional bias, double eps) {
  return tensor([&] {
    return at::layer_norm(x->value, {x->value.size(-1)}, maybe(weight), maybe(bias), eps);
  });
}
ct_tensor *ct_attention(ct_arg q, ct_arg k, ct_arg v, bool grouped) {
  return tensor([&] {
    return at::scaled_dot_product_attention(
        q->value, k->value, v->value, {}, 0.0, false, std::nullopt, grouped);
  });
}
ct_tensor *ct_softmax(ct_arg a, int32_t axis) {
  return tensor([&] { return at::softmax(a->value, axis); });
}
ct_tensor *ct_sum(ct_arg a, ct_dims axes, int32_t n, bool keep) {
  return tensor([&] { return n ? at::sum(a->value, ints(axes, n), keep) : at::sum(a->value); });
}
ct_tensor *ct_mean(ct_arg a, ct_dims axes, int32_t n, bool keep) {
  return tensor([&] { return n ? at::mean(a->value, ints(axes, n), keep) : at::mean(a->value); });
}
ct_tensor *ct_amax(ct_arg a, ct_dims axes, int32_t n, bool keep) {
  return tensor([&] { return at::amax(a->value, ints(axes, n), keep); });
}
namespace {

/// Windows added up where they overlap. libtorch's gradient goes picture by picture; this one is one
/// copy of all.
struct Fold : torch::autograd::Function<Fold> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                            int64_t height, int64_t width, int64_t side, int64_t overlap) {
    context->saved_data["side"] = side;
    context->saved_data["overlap"] = overlap;
    const int64_t w = side + 2 * overlap;
    return at::col2im(x, {height, width}, {w, w}, {1, 1}, {overlap, overlap}, {side, side});
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    const int64_t side = context->saved_data["side"].toInt();
    const int64_t o = context->saved_data["overlap"].toInt();
    const auto padded = at::constant_pad_nd(gradients[0], {o, o, o, o});
    const auto windows = padded.unfold(2, side + 2 * o, side).unfold(3, side + 2 * o, side);
    const auto s = windows.sizes();  // [B, C, rows, columns, w, w]
    const auto dx = windows.permute({0, 1, 4, 5, 2, 3})
                        .reshape({s[0], s[1] * s[4] * s[5], s[2] * s[3]});
    return {dx, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

ct_tensor *ct_fold(ct_arg x, int64_t height, int64_t width, int64_t side, int64_t overlap) {
  return tensor([&] {
    TORCH_CHECK(x->value.dim() == 3 && side > 0 && overlap >= 0 && height % side == 0 &&
                    width % side == 0,
                "fold: needs windows [B, C w w, N] and whole squares");
    return Fold::apply(x->value, height, width, side, overlap);
  });
}
ct_tensor *ct_avg_pool2d(ct_arg x, int64_t side) {
  return tensor([&] { return at::avg_pool2d(x->value, {side, side}); });
}
ct_tensor *ct_upsample_nearest2d(ct_arg x, int64_t height, int64_t width) {
  return tensor([&] { return at::upsample_nearest2d(x->value, {height, width}); });
}
ct_tensor *ct_upsample_bilinear2d(ct_arg x, int64_t height, int64_t width) {
  return tensor([&] { return at::upsample_bilinear2d(x->value, {height, width}, false); });
}

// ---- Shape

ct_tensor *ct_reshape(ct_arg a, ct_dims dims, int32_t rank) {
  return tensor([&] { return at::reshape(a->value, ints(dims, rank)); });
}
ct_tensor *ct_permute(ct_arg a, ct_dims order, int32_t rank) {
  return tensor([&] { return a->value.permute(ints(order, rank)); });
}
ct_tensor *ct_transpose(ct_arg a, int32_t i, int32_t j) {
  return tensor([&] { return a->value.transpose(i, j); });
}
ct_tensor *ct_expand(ct_arg a, ct_dims dims, int32_t rank) {
  return tensor([&] { return a->value.expand(ints(dims, rank)); });
}
ct_tensor *ct_narrow(ct_arg a, int32_t axis, int64_t start, int64_t length) {
  return tensor([&] { return a->value.narrow(axis, start, length); });
}
ct_tensor *ct_index_select(ct_arg a, int32_t axis, ct_arg index) {
  return tensor([&] { return at::index_select(a->value, axis, index->value); });
}
ct_tensor *ct_cat(ct_list list, int32_t n, int32_t axis) {
  return tensor([&] { return at::cat(tensors(list, n), axis); });
}
ct_tensor *ct_stack(ct_list list, int32_t n, int32_t axis) {
  return tensor([&] { return at::stack(tensors(list, n), axis); });
}
int32_t ct_split(ct_arg a, ct_dims sizes, int32_t n, int32_t axis, ct_tensor **out) {
  return status([&] {
    auto parts = at::split_with_sizes(a->value, ints(sizes, n), axis);
    for (int32_t i = 0; i < n; i++) out[i] = new ct_tensor{parts[i]};
  });
}
ct_tensor *ct_contiguous(ct_arg a) { return tensor([&] { return a->value.contiguous(); }); }
ct_tensor *ct_clone(ct_arg a) { return tensor([&] { return a->value.clone(); }); }
ct_tensor *ct_to(ct_arg a, int32_t dtype, int32_t kind, int32_t index) {
  return tensor([&] {
    check_upload(a->value, kind);
    return a->value.to(device(kind, index), static_cast<at::ScalarType>(dtype));
  });
}
ct_tensor *ct_send(ct_arg a, int32_t kind, int32_t index) {
  return tensor([&] {
    check_upload(a->value, kind);
    // Only from page-locked memory can a copy be left to itself; libtorch keeps that until it is done.
    if (kind == CT_CUDA && a->value.is_cpu())
      return a->value.pin_memory().to(device(kind, index), a->value.scalar_type(), true);
    return a->value.to(device(kind, index), a->value.scalar_type());
  });
}
ct_tensor *ct_pad2d(ct_arg a, int64_t right, int64_t bottom) {
  return tensor([&] { return at::constant_pad_nd(a->value, {0, right, 0, bottom}, 0); });
}

// ---- In place

int32_t ct_copy_(ct_tensor *to, ct_arg from) {
  return status([&] {
    at::NoGradGuard guard;
    to->value.copy_(from->value);
  });
}
int32_t ct_fill_(ct_tensor *t, double v) {
  return status([&] {
    at::NoGradGuard guard;
    t->value.fill_(v);
  });
}
int32_t ct_add_scaled_(ct_tensor *a, ct_arg b, double scale) {
  return status([&] {
    at::NoGradGuard guard;
    a->value.add_(b->value, scale);
  });
}
int32_t ct_mul_scalar_(ct_tensor *a, double s) {
  return status([&] {
    at::NoGradGuard guard;
    a->value.mul_(s);
  });
}
int32_t ct_lerp_(ct_tensor *a, ct_arg b, double t) {
  return status([&] {
    at::NoGradGuard guard;
    a->value.lerp_(b->value, t);
  });
}
