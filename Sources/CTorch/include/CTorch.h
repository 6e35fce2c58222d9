// The part of libtorch that this project uses, as C.
//
// Ownership: every function that returns a `ct_tensor *` or `ct_generator *` gives the caller a
// handle of its own, to be released with `ct_release` / `ct_generator_release`. Handles are
// reference-counted views: two may share storage, as in libtorch. Arguments are only borrowed.
// Failure: a NULL handle, or a non-zero status, means that libtorch threw; `ct_error` gives this
// thread's last message. Nothing is written to outputs then. No exception leaves this file.
// Threads: gradient and inference modes belong to the calling thread. A tensor must not be written
// by two threads at once.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_generator ct_generator;
typedef struct ct_code ct_code;
typedef struct ct_kernel ct_kernel;
typedef struct ct_graph ct_graph;
typedef ct_tensor *_Nullable ct_result;
typedef const ct_tensor *_Nonnull ct_arg;
typedef const ct_tensor *_Nullable ct_optional;
typedef const int64_t *_Nonnull ct_dims;
typedef const ct_tensor *_Nonnull const *_Nonnull ct_list;

// Element types and device kinds, in libtorch's numbering.
enum { CT_U8 = 0, CT_I32 = 3, CT_I64 = 4, CT_F16 = 5, CT_F32 = 6, CT_F64 = 7, CT_BOOL = 11, CT_BF16 = 15 };
enum { CT_CPU = 0, CT_CUDA = 1, CT_MPS = 13 };

// ---- The library, devices and threads
const char *_Nonnull ct_error(void);
const char *_Nonnull ct_version(void);
bool ct_load_cuda(void);  // finds libtorch_cuda at run time; true when there is a usable GPU
bool ct_has_mps(void);
int32_t ct_device_count(int32_t kind);
int64_t ct_memory_allocated(int32_t kind, int32_t index);  // bytes; 0 where unknown
int32_t ct_synchronize(int32_t kind, int32_t index);
void ct_set_threads(int32_t n);  // of the calling thread's parallel regions
int32_t ct_threads(void);
void ct_flush_denormals(bool on);  // of the calling thread
void ct_allow_tf32(bool on);
void ct_allow_cudnn_attention(bool on);

// ---- Modes of the calling thread; each returns the former value
bool ct_set_grad(bool on);
void *_Nonnull ct_inference_enter(void);  // close with ct_inference_leave, in reverse order
void ct_inference_leave(void *_Nonnull guard);

// ---- Life and looks
void ct_release(ct_tensor *_Nonnull t);
ct_result ct_from_bytes(const void *_Nonnull bytes, ct_dims dims, int32_t rank, int32_t dtype);
int32_t ct_copy_bytes(ct_arg t, void *_Nonnull out, size_t size);  // row by row, from any device
int32_t ct_rank(ct_arg t);
void ct_shape(ct_arg t, int64_t *_Nonnull out);
int32_t ct_dtype(ct_arg t);
int32_t ct_device_kind(ct_arg t);
int32_t ct_device_index(ct_arg t);
int32_t ct_item(ct_arg t, double *_Nonnull out);
void *_Nullable ct_data(ct_arg t);  // the storage's address, for the CPU
bool ct_is_contiguous(ct_arg t);

// ---- Making
ct_result ct_empty(ct_dims dims, int32_t rank, int32_t dtype, int32_t kind, int32_t index);
ct_result ct_full(ct_dims dims, int32_t rank, double v, int32_t dtype, int32_t kind, int32_t index);
ct_result ct_arange(double from, double to, double step, int32_t dtype, int32_t kind, int32_t index);
ct_result ct_randn(ct_dims dims, int32_t rank, ct_generator *_Nonnull g, int32_t dtype, int32_t kind, int32_t index);
ct_result ct_rand(ct_dims dims, int32_t rank, ct_generator *_Nonnull g, int32_t dtype, int32_t kind, int32_t index);
ct_generator *_Nullable ct_generator_new(uint64_t seed, int32_t kind, int32_t index);
void ct_generator_release(ct_generator *_Nonnull g);

// ---- Element by element
ct_result ct_add(ct_arg a, ct_arg b);
ct_result ct_sub(ct_arg a, ct_arg b);
ct_result ct_mul(ct_arg a, ct_arg b);
ct_result ct_div(ct_arg a, ct_arg b);
ct_result ct_add_scalar(ct_arg a, double s);
ct_result ct_mul_scalar(ct_arg a, double s);
ct_result ct_pow_scalar(ct_arg a, double s);
ct_result ct_minimum(ct_arg a, ct_arg b);
ct_result ct_maximum(ct_arg a, ct_arg b);
ct_result ct_less(ct_arg a, ct_arg b);
ct_result ct_less_scalar(ct_arg a, double s);
ct_result ct_where(ct_arg condition, ct_arg a, ct_arg b);
ct_result ct_clamp(ct_arg a, double low, double high);
ct_result ct_neg(ct_arg a);
ct_result ct_abs(ct_arg a);
ct_result ct_exp(ct_arg a);
ct_result ct_log(ct_arg a);
ct_result ct_sqrt(ct_arg a);
ct_result ct_sin(ct_arg a);
ct_result ct_cos(ct_arg a);
ct_result ct_sigmoid(ct_arg a);
ct_result ct_silu(ct_arg a);

// ---- Sums and products
ct_result ct_matmul(ct_arg a, ct_arg b);
ct_result ct_linear(ct_arg x, ct_arg weight);  // x weightᵀ
ct_result ct_layer_norm(ct_arg x, ct_optional weight, ct_optional bias, double eps);  // last axis
ct_result ct_attention(ct_arg q, ct_arg k, ct_arg v, bool grouped);  // softmax(q kᵀ / √d) v
ct_result ct_softmax(ct_arg a, int32_t axis);
ct_result ct_sum(ct_arg a, ct_dims axes, int32_t n, bool keep);  // n = 0: all
ct_result ct_mean(ct_arg a, ct_dims axes, int32_t n, bool keep);
ct_result ct_amax(ct_arg a, ct_dims axes, int32_t n, bool keep);
ct_result ct_fold(ct_arg x, int64_t height, int64_t width, int64_t side, int64_t overlap);
ct_result ct_avg_pool2d(ct_arg x, int64_t side);
ct_result ct_upsample_nearest2d(ct_arg x, int64_t height, int64_t width);
ct_result ct_upsample_bilinear2d(ct_arg x, int64_t height, int64_t width);

// ---- Shape
ct_result ct_reshape(ct_arg a, ct_dims dims, int32_t rank);
ct_result ct_permute(ct_arg a, ct_dims order, int32_t rank);
ct_result ct_transpose(ct_arg a, int32_t i, int32_t j);
ct_result ct_expand(ct_arg a, ct_dims dims, int32_t rank);
ct_result ct_narrow(ct_arg a, int32_t axis, int64_t start, int64_t length);
ct_result ct_index_select(ct_arg a, int32_t axis, ct_arg index);
ct_result ct_cat(ct_list list, int32_t n, int32_t axis);
ct_result ct_stack(ct_list list, int32_t n, int32_t axis);
// Writes `n` handles to `out`; sizes must add up to the axis.
int32_t ct_split(ct_arg a, ct_dims sizes, int32_t n, int32_t axis, ct_tensor *_Nullable *_Nonnull out);
ct_result ct_contiguous(ct_arg a);
ct_result ct_clone(ct_arg a);
ct_result ct_to(ct_arg a, int32_t dtype, int32_t kind, int32_t index);
ct_result ct_send(ct_arg a, int32_t kind, int32_t index);  // from the CPU; does not wait for a GPU
ct_result ct_pad2d(ct_arg a, int64_t right, int64_t bottom);  // zeros

// ---- In place (no gradient flows)
int32_t ct_copy_(ct_tensor *_Nonnull to, ct_arg from);
int32_t ct_fill_(ct_tensor *_Nonnull t, double v);
int32_t ct_add_scaled_(ct_tensor *_Nonnull a, ct_arg b, double scale);  // a += scale b
int32_t ct_mul_scalar_(ct_tensor *_Nonnull a, double s);
int32_t ct_lerp_(ct_tensor *_Nonnull a, ct_arg b, double t);

// ---- Drawing on the CPU: contiguous, no gradients; Float32, but what is multiplied may be BFloat16
// A weight [out, in] laid out for products with so many rows; NULL with an empty error where this
// libtorch has no such layout.
ct_result ct_packed(ct_arg weight, int64_t rows);
// x weightᵀ for a packed weight; then, if asked, silu of it, or `factor` times it.
ct_result ct_packed_linear(ct_arg x, ct_arg packed, bool silu, ct_optional factor);
// Slots: keys [L, G, M, d]; values the same or, in BFloat16, [L, G, M/2 rounded up, d, 2].
// Places one frame's raw keys and values [L, T, G, d] from slot `first` on.
// matrix [4, 4] is for columns; cosines and sines are [T, G or 1, A, n], those of values the same if
// they are turned.
int32_t ct_place(
    ct_arg keys, ct_arg values, ct_arg matrix, ct_arg cosines, ct_arg sines, int64_t first,
    ct_tensor *_Nonnull slot_keys, ct_tensor *_Nonnull slot_values, ct_optional value_cosines,
    ct_optional value_sines);
// One layer's attention of T tokens. projections [.., T, (H + 2 G) d]: queries, keys, values; gains [d].
// Own keys and values go to the last T of the layer's slots, then queries attend to all of them.
// lens and inverse [4, 4]; cosines and sines [T, 1, 1, n], for each of so many groups.
// raw_keys and raw_values [T, G, d], if given, get what a memory keeps. Where values are turned, their
// cosines and sines are [T, G, A, n], and back_sines the opposite of the latter. Returns [.., T, H d]. Projections
// and what is returned are Float32, or both BFloat16.
ct_result ct_attend(
    ct_arg projections, ct_arg query_gains, ct_arg key_gains, ct_arg lens, ct_arg inverse,
    ct_arg cosines, ct_arg sines, int32_t groups, int64_t layer, ct_tensor *_Nonnull slot_keys,
    ct_tensor *_Nonnull slot_values, ct_tensor *_Nullable raw_keys, ct_tensor *_Nullable raw_values,
    ct_optional value_cosines, ct_optional value_sines, ct_optional back_sines);
// stream + gate update, to `sum`; its layer norm over the last axis times `weight` plus `bias`, as
// dtype, to `normed`. The update is Float32 or BFloat16.
int32_t ct_add_norm(
    ct_arg stream, ct_arg update, ct_arg gate, ct_arg weight, ct_arg bias, int32_t dtype,
    ct_tensor *_Nullable *_Nonnull sum, ct_tensor *_Nullable *_Nonnull normed);
void ct_wait_asleep(void);  // threads that have nothing to do sleep at once, from now on
bool ct_has_avx512(void);  // F, BW, DQ and VL
bool ct_has_bfloat16(void);  // AVX-512 BF16
void ct_limit_lanes(int32_t lanes);  // widest vectors to use: 16, 8 or 4 Float32 lanes; for tests
int64_t ct_revision(ct_arg t);  // grows with each change in place; 0 for inference tensors

// ---- Gradients
ct_result ct_detach(ct_arg a);
int32_t ct_set_requires_grad(ct_tensor *_Nonnull a, bool on);
bool ct_requires_grad(ct_arg a);
int32_t ct_backward(ct_arg loss);
ct_result ct_grad(ct_arg a);  // NULL with an empty error: none yet
void ct_clear_grad(ct_tensor *_Nonnull a);
void ct_set_grad_tensor(ct_tensor *_Nonnull a, ct_arg grad);

// ---- Placing heads' channels, with gradients, in one pass (Sources/Layers/Positions.swift)
// x [.., T, H, d]; matrix [.., 4, 4], Float32, for the first half of the channels, as columns; cosines and
// sines [.., T, G or 1, A or 1, n] of so many groups A for the second half, NULL to leave it: G divides
// H. Up to three leading axes broadcast. No gradient goes to matrix and tables.
ct_result ct_place_heads(
    ct_arg x, ct_arg matrix, ct_optional cosines, ct_optional sines, int32_t groups, int64_t room);
// `room`: how many tokens there is to be room for behind a result [.., C, T, H, d] whose C and T are joined to
// [.., C T, H, d]. These take it, once: one token, then more, [B, 1, H, d] and [B, N, H, d].
ct_result ct_fill_room(ct_arg before, ct_arg one, ct_arg more);
// What `backward` does with it: the gradient of an x of which only the shape counts, from the result's.
ct_result ct_place_heads_back(
    ct_arg gradient, ct_arg x, ct_arg matrix, ct_optional cosines, ct_optional sines, int32_t groups);
const char *_Nullable ct_place_heads_text(void);       // of the kernels, for NVRTC; NULL for none
// A GPU's kernels from now on, of Float32 and of BFloat16, forward and back. They are to be kept.
void ct_place_heads_by(
    int32_t index, const ct_kernel *_Nullable forward32, const ct_kernel *_Nullable backward32,
    const ct_kernel *_Nullable forward16, const ct_kernel *_Nullable backward16);
void ct_place_heads_as_kernels(bool on);  // this thread's CPU tensors by the kernels' text; for tests

// ---- Rows of channels between products, with gradients; on a GPU in one pass, once it has kernels for them
// x [.., D] with mean square 1, after its mean is taken away if `centred`, times weight plus bias. These have D
// numbers for each of the groups into which x's rows fall: [D], [B, 1, D].
ct_result ct_norm_rows(ct_arg x, ct_arg weight, ct_optional bias, bool centred, double epsilon);
ct_result ct_gate_rows(ct_arg x, ct_arg y, ct_arg weight);  // x + y * weight
ct_result ct_swish(ct_arg a, ct_arg b);                     // silu(a) * b
const char *_Nullable ct_rows_text(void);     // of the kernels, for NVRTC; NULL for none
const char *_Nullable ct_numbers_text(void);  // of half_numbers.h, which kernels include
int32_t ct_row_lanes(int32_t width);          // how many threads go through a row of a width
// A GPU's kernels for rows of a width from now on: norm, gate and swish, each forward and back. They are to be
// kept. Swish goes by any width's.
void ct_rows_by(
    int32_t index, int32_t width, const ct_kernel *_Nullable const *_Nonnull float32,
    const ct_kernel *_Nullable const *_Nonnull bfloat16);
void ct_rows_as_kernels(bool on);  // this thread's CPU tensors by the kernels' text; for tests

// rows x columnsᵀ of all the last two axes, in Float32 proper; no gradient goes to rows and columns.
ct_result ct_windowed(ct_arg x, ct_arg rows, ct_arg columns);

// ---- Many tensors at once
// Of one type, brought to another, with gradients: `out` has room for n.
int32_t ct_foreach_to(
    ct_list list, int32_t n, int32_t dtype, ct_tensor *_Nullable *_Nonnull out);
// Each times `factor` [], plus its part of `addends` [n, ..].
int32_t ct_foreach_scale_add_(ct_list list, int32_t n, ct_arg factor, ct_arg addends);
ct_result ct_foreach_norm(ct_list list, int32_t n);  // of all together
int32_t ct_foreach_mul_(ct_list list, int32_t n, double s);
int32_t ct_foreach_lerp_(ct_list to, ct_list from, int32_t n, double t);
// One fused AdamW step (Loshchilov & Hutter, 2019). `steps`: one float tensor each, counted up here.
// Gradients are divided by `divisor`, if given, in place; nothing changes where `skip` is 1 (0-d Float32).
int32_t ct_adamw_(
    ct_list params, ct_list grads, ct_list first, ct_list second, ct_list steps, int32_t n,
    double lr, double beta1, double beta2, double decay, double eps, ct_optional divisor,
    ct_optional skip);

// ---- NVIDIA GPUs. NVRTC (or the library that RTFM_NVRTC names), the driver and librtfm_cuda are
// opened when first needed; where one is missing, the error says so.
typedef struct {
  char name[96];
  int32_t processors, major, minor;  // multiprocessors; compute capability
  int64_t memory;                    // bytes
} ct_gpu;
int32_t ct_gpu_facts(int32_t index, ct_gpu *_Nonnull out);
const char *_Nullable ct_compiler(void);  // NVRTC's version; NULL with the reason as error
bool ct_has_graphs(void);                 // librtfm_cuda is there; false with the reason as error
// Program text to machine code; needs no GPU. Headers are by the names that the text includes.
ct_code *_Nullable ct_compile(
    const char *_Nonnull text, const char *_Nonnull name,
    const char *_Nonnull const *_Nonnull header_texts,
    const char *_Nonnull const *_Nonnull header_names, int32_t headers,
    const char *_Nonnull const *_Nonnull options, int32_t n);
ct_code *_Nullable ct_code_new(const void *_Nonnull bytes, size_t size);  // compiled before
size_t ct_code_size(const ct_code *_Nonnull code);
const void *_Nonnull ct_code_bytes(const ct_code *_Nonnull code);
void ct_code_release(ct_code *_Nonnull code);
ct_kernel *_Nullable ct_kernel_new(
    const ct_code *_Nonnull code, const char *_Nonnull function, int32_t index);
void ct_kernel_release(ct_kernel *_Nonnull kernel);
// On the current stream; arguments: the address of each.
int32_t ct_kernel_launch(
    const ct_kernel *_Nonnull kernel, const uint32_t *_Nonnull grid, const uint32_t *_Nonnull block,
    void *_Nonnull *_Nonnull arguments);
uint64_t ct_address(ct_arg t);  // of the first element, on whichever device it is
// A recording of work. From new to end (or release) this thread is on a stream of its own; what it
// does from begin to end is recorded and not done. Tensors made then stay where replays put them.
ct_graph *_Nullable ct_graph_new(int32_t index);
int32_t ct_graph_begin(ct_graph *_Nonnull graph);
int32_t ct_graph_end(ct_graph *_Nonnull graph);
int32_t ct_graph_replay(ct_graph *_Nonnull graph);
void ct_graph_release(ct_graph *_Nonnull graph);
// Refuses on this thread, on any device, what recorded work can't have: numbers that come from the
// CPU or go there. Returns the former value.
bool ct_rehearse(bool on);

#ifdef __cplusplus
}
#endif
