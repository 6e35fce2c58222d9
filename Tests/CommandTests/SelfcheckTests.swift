import Foundation
import TestSupport
import Testing
import Torch

@testable import rtfm

@Suite struct SelfcheckTests {
  /// Functions of the header that compute nothing, or only on a CPU's fused path (which the model's
  /// checks cover).
  private static let others: Set<String> = [
    "error", "version", "load_cuda", "has_mps", "device_count", "memory_allocated", "synchronize",
    "set_threads", "threads", "flush_denormals", "allow_tf32", "allow_cudnn_attention", "set_grad",
    "inference_enter", "inference_leave", "release", "rank", "shape", "dtype", "device_kind",
    "device_index", "data", "is_contiguous", "generator_new", "generator_release",
    "set_requires_grad", "requires_grad", "randn", "rand", "packed", "packed_linear", "place",
    "attend", "add_norm", "wait_asleep", "has_avx512", "has_bfloat16", "limit_lanes", "revision",
    "gpu_facts", "compiler", "has_graphs", "compile", "code_new", "code_bytes", "code_size",
    "code_release", "kernel_new",
    "kernel_release", "kernel_launch", "address", "graph_new", "graph_begin", "graph_end",
    "graph_replay", "graph_release", "rehearse",
    "place_heads_text", "place_heads_by", "place_heads_as_kernels", "numbers_text", "row_lanes",
    "rows_text", "rows_by", "rows_as_kernels",
  ]

  @Test func everyFunctionThatComputesIsChecked() throws {
    let header = try String(
      contentsOfFile: "\(Package.root)/Sources/CTorch/include/CTorch.h", encoding: .utf8)
    let declared = Set(header.matches(of: /\bct_([a-z0-9_]+)\(/).map { String($0.1) })
    let checked = Set(Operation.all.flatMap(\.functions))
    #expect(declared.subtracting(checked).subtracting(Self.others).sorted() == [])
    #expect(checked.subtracting(declared).sorted() == [])
    #expect(checked.isDisjoint(with: Self.others))
  }

  /// Each operation in turn is made a little wrong on the device: its check must fail.
  @Test(arguments: Operation.all.map(\.name))
  func aWrongResultIsFound(name: String) throws {
    let operation = try #require(Operation.all.first { $0.name == name })
    let off = operation.checks(on: .cpu) { inputs in
      let right = operation.run(inputs)
      return right + 0.2 * max(1, right.detached().abs().max(0).mean().item)
    }
    #expect(off.contains { !$0.passed })
    #expect(operation.checks(on: .cpu).allSatisfy { $0.passed })
  }

  @Test func aWrongGradientIsFound() {
    let operation = Operation("square", [[.normal([9])]]) { $0[0].squared() }
    // The same value, but half of the gradient.
    let off = operation.checks(on: .cpu) { $0[0].detached() * $0[0] }
    #expect(off.filter { !$0.passed }.map(\.part) == ["float32 gradient", "bfloat16 gradient"])
    #expect(operation.checks(on: .cpu).allSatisfy { $0.passed })
  }

  @Test func whatIsNoNumberNeverPasses() {
    let good = Tensor([1, 2], shape: [2])
    let nan = Tensor([1, .nan], shape: [2])
    #expect(!Check("x", "y", nan, truth: good, within: 1).passed)
    #expect(!Check("x", "y", good.reshaped(1, 2), truth: good, within: 1).passed)
    let worst = Check.worst([
      Check("x", "y", error: 5, within: 1), Check("x", "y", error: .nan, within: 1),
    ])
    #expect(worst?.error.isNaN == true)
  }

  @Test(.tags(.slow)) func theCPUComputesWhatItShould() throws {
    let program = try Program("selfcheck", "--device", "cpu", "--json")
    #expect(program.status == 0, "\(program.errors)")
    let document = try program.json()
    #expect(document["passed"] as? Bool == true)
    #expect((document["checks"] as? [Any])?.count ?? 0 > 250)
    #expect((document["films_per_second"] as? [String: Double])?.values.first ?? 0 > 0)
  }

  @Test(.enabled(if: !GPU.isHere, "a GPU is here")) func withoutAGPUItSaysSo() throws {
    let program = try Program("selfcheck")
    #expect(program.status == 1)
    #expect(program.errors.contains("'cuda' is not on this machine"))
    #expect(program.errors.contains("--device cpu"))
  }
}
