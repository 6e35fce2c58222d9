// NVIDIA GPUs: kernels compiled by NVRTC and started by the driver, and recordings of work.
//
// None of CUDA's headers is needed: of its two C interfaces a dozen functions are used, declared
// here as they are in nvrtc.h and cuda.h.
#include "../CUDAGraphs/CUDAGraphs.h"
#include "handle.h"
#include "library.h"

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstring>
#include <utility>
#include <vector>

using namespace ctorch;

thread_local bool ctorch::recording = false;

struct ct_code {
  std::vector<char> bytes;
};

struct ct_kernel {
  void *module;
  void *function;
  c10::DeviceIndex device;
};

struct ct_graph {
  rtfm_graph *graph;
};

namespace {

// ---- NVRTC

const Library &nvrtc() {
  static const Library library(
      "NVRTC (pip's nvidia-cuda-nvrtc)", "RTFM_NVRTC",
      {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"});
  return library;
}

/// Opens the file that NVRTC looks for while it compiles, where it lies beside it.
void open_builtins(int major, int minor) {
  auto *known = nvrtc().function<int(int *, int *)>("nvrtcVersion");
  Dl_info info = {};
  if (!dladdr(reinterpret_cast<void *>(known), &info) || !info.dli_fname) return;
  std::string path = info.dli_fname;
  path.resize(path.find_last_of('/') + 1);
  path += "libnvrtc-builtins.so." + std::to_string(major) + "." + std::to_string(minor);
  dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
}

template <class... A>
void compiler(const char *name, A... arguments) {
  int result = nvrtc().function<int(A...)>(name)(arguments...);
  if (result == 0) return;
  auto text = nvrtc().function<const char *(int)>("nvrtcGetErrorString");
  throw std::runtime_error(std::string(name) + ": " + text(result));
}

/// A program in NVRTC's hands.
struct Program {
  void *handle = nullptr;

  ~Program() {
    if (handle) nvrtc().function<int(void **)>("nvrtcDestroyProgram")(&handle);
  }

  std::vector<char> read(const char *size_of, const char *get) const {
    size_t size = 0;
    compiler<void *, size_t *>(size_of, handle, &size);
    std::vector<char> bytes(size);
    compiler<void *, char *>(get, handle, bytes.data());
    return bytes;
  }
};

// ---- The driver

const Library &driver() {
  static const Library library("NVIDIA's driver", nullptr, {"libcuda.so.1"});
  return library;
}

template <class... A>
void drive(const char *name, A... arguments) {
  int result = driver().function<int(A...)>(name)(arguments...);
  if (result == 0) return;
  const char *text = nullptr;
  driver().function<int(int, const char **)>("cuGetErrorString")(result, &text);
  throw std::runtime_error(std::string(name) + ": " + (text ? text : "unknown error"));
}

/// Makes a GPU this thread's, with the context that libtorch has there.
void use(c10::DeviceIndex index) {
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).setDevice({c10::DeviceType::CUDA, index});
  void *context = nullptr;
  drive<unsigned>("cuInit", 0);
  drive<void **>("cuCtxGetCurrent", &context);
  if (context) return;
  // A thread of ours that has not met CUDA yet: the driver wants to be told.
  int device = 0;
  drive<int *, int>("cuDeviceGet", &device, index);
  drive<void **, int>("cuDevicePrimaryCtxRetain", &context, device);
  drive<void *>("cuCtxSetCurrent", context);
}

int attribute(int which, int device) {
  int value = 0;
  drive<int *, int, int>("cuDeviceGetAttribute", &value, which, device);
  return value;
}

// ---- Recordings

const Library &graphs() {
  static const Library library("librtfm_cuda.so (made by `make bundle`)", nullptr,
                               {"librtfm_cuda.so"});
  return library;
}

void record(const char *name, rtfm_graph *graph) {
  if (graphs().function<int(rtfm_graph *)>(name)(graph))
    throw std::runtime_error(graphs().function<const char *()>("rtfm_cuda_error")());
}

}  // namespace

int32_t ct_gpu_facts(int32_t index, ct_gpu *out) {
  return status([&] {
    constexpr int processors = 16, major = 75, minor = 76;  // of CUdevice_attribute
    ct_gpu gpu = {};
    int device = 0;
    size_t memory = 0;
    drive<unsigned>("cuInit", 0);
    drive<int *, int>("cuDeviceGet", &device, index);
    drive<char *, int, int>("cuDeviceGetName", gpu.name, int(sizeof gpu.name), device);
    drive<size_t *, int>("cuDeviceTotalMem_v2", &memory, device);
    gpu.memory = static_cast<int64_t>(memory);
    gpu.processors = attribute(processors, device);
    gpu.major = attribute(major, device);
    gpu.minor = attribute(minor, device);
    *out = gpu;
  });
}

const char *ct_compiler(void) {
  return guarded<const char *>(nullptr, [] {
    static const std::string version = [] {
      int major = 0, minor = 0;
      compiler<int *, int *>("nvrtcVersion", &major, &minor);
      open_builtins(major, minor);
      return std::to_string(major) + "." + std::to_string(minor);
    }();
    return version.c_str();
  });
}

ct_code *ct_compile(
    const char *text, const char *name, const char *const *header_texts,
    const char *const *header_names, int32_t headers, const char *const *options, int32_t n) {
  return guarded<ct_code *>(nullptr, [&] {
    if (!ct_compiler()) throw std::runtime_error(last_error);
    Program program;
    compiler<void **, const char *, const char *, int, const char *const *, const char *const *>(
        "nvrtcCreateProgram", &program.handle, text, name, headers, header_texts, header_names);
    auto compile = nvrtc().function<int(void *, int, const char *const *)>("nvrtcCompileProgram");
    if (compile(program.handle, n, options) != 0) {
      auto log = program.read("nvrtcGetProgramLogSize", "nvrtcGetProgramLog");
      throw std::runtime_error(std::string(name) + " does not compile:\n" + log.data());
    }
    return new ct_code{program.read("nvrtcGetCUBINSize", "nvrtcGetCUBIN")};
  });
}

ct_code *ct_code_new(const void *bytes, size_t size) {
  return guarded<ct_code *>(nullptr, [&] {
    auto *first = static_cast<const char *>(bytes);
    return new ct_code{std::vector<char>(first, first + size)};
  });
}

const void *ct_code_bytes(const ct_code *code) { return code->bytes.data(); }
size_t ct_code_size(const ct_code *code) { return code->bytes.size(); }
void ct_code_release(ct_code *code) { delete code; }

ct_kernel *ct_kernel_new(const ct_code *code, const char *function, int32_t index) {
  return guarded<ct_kernel *>(nullptr, [&] {
    auto device = static_cast<c10::DeviceIndex>(index);
    use(device);
    void *module = nullptr, *found = nullptr;
    drive<void **, const void *>("cuModuleLoadData", &module, code->bytes.data());
    drive<void **, void *, const char *>("cuModuleGetFunction", &found, module, function);
    return new ct_kernel{module, found, device};
  });
}

void ct_kernel_release(ct_kernel *kernel) {
  status([&] {
    use(kernel->device);
    drive<void *>("cuModuleUnload", kernel->module);
  });
  delete kernel;
}

int32_t ct_kernel_launch(
    const ct_kernel *kernel, const uint32_t *grid, const uint32_t *block, void **arguments) {
  return status([&] {
    use(kernel->device);
    c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
    void *stream = guard.getStream({c10::DeviceType::CUDA, kernel->device}).native_handle();
    drive<void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *,
          void **, void **>("cuLaunchKernel", kernel->function, grid[0], grid[1], grid[2], block[0],
                            block[1], block[2], 0, stream, arguments, nullptr);
  });
}

uint64_t ct_address(ct_arg t) {
  return guarded<uint64_t>(0, [&] { return reinterpret_cast<uint64_t>(t->value.data_ptr()); });
}

bool ct_has_graphs(void) {
  return guarded(false, [] {
    ct_load_cuda();
    graphs().function<const char *()>("rtfm_cuda_error");
    return true;
  });
}

ct_graph *ct_graph_new(int32_t index) {
  return guarded<ct_graph *>(nullptr, [&] {
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
    auto *graph = graphs().function<rtfm_graph *(int)>("rtfm_graph_new")(index);
    if (!graph) throw std::runtime_error(graphs().function<const char *()>("rtfm_cuda_error")());
    return new ct_graph{graph};
  });
}

int32_t ct_graph_begin(ct_graph *graph) {
  return status([&] {
    record("rtfm_graph_begin", graph->graph);
    recording = true;
  });
}

int32_t ct_graph_end(ct_graph *graph) {
  recording = false;
  return status([&] { record("rtfm_graph_end", graph->graph); });
}

bool ct_rehearse(bool on) { return std::exchange(recording, on); }

int32_t ct_graph_replay(ct_graph *graph) {
  return status([&] { record("rtfm_graph_replay", graph->graph); });
}

void ct_graph_release(ct_graph *graph) {
  status([&] { graphs().function<void(rtfm_graph *)>("rtfm_graph_free")(graph->graph); });
  delete graph;
}
