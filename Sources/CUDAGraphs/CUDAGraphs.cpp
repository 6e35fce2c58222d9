#include "CUDAGraphs.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <exception>
#include <optional>
#include <string>

/// A recording, and while it is made the stream that this thread is on.
struct rtfm_graph {
  at::cuda::CUDAGraph graph;
  std::optional<c10::cuda::CUDAStreamGuard> stream;
};

namespace {

thread_local std::string last_error;

/// Runs `f`; whatever it throws ends here and becomes status 1.
template <class F>
int status(F f) noexcept {
  try {
    f();
    return 0;
  } catch (const c10::Error &e) {
    last_error = e.what_without_backtrace();
  } catch (const std::exception &e) {
    last_error = e.what();
  } catch (...) {
    last_error = "unknown C++ exception";
  }
  return 1;
}

}  // namespace

const char *rtfm_cuda_error(void) { return last_error.c_str(); }

rtfm_graph *rtfm_graph_new(int device) {
  rtfm_graph *graph = nullptr;
  int failed = status([&] {
    graph = new rtfm_graph();
    c10::cuda::set_device(static_cast<c10::DeviceIndex>(device));
    c10::cuda::device_synchronize();  // what the recorded work will read is there
    graph->stream.emplace(
        c10::cuda::getStreamFromPool(false, static_cast<c10::DeviceIndex>(device)));
  });
  if (failed) rtfm_graph_free(graph);
  return failed ? nullptr : graph;
}

int rtfm_graph_begin(rtfm_graph *graph) {
  return status([&] {
    c10::cuda::device_synchronize();
    // Thread-local: what other threads do on the GPU meanwhile does not spoil the recording.
    graph->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  });
}

int rtfm_graph_end(rtfm_graph *graph) {
  return status([&] {
    graph->graph.capture_end();
    graph->stream.reset();
  });
}

int rtfm_graph_replay(rtfm_graph *graph) {
  return status([&] { graph->graph.replay(); });
}

void rtfm_graph_free(rtfm_graph *graph) {
  status([&] { delete graph; });
}
