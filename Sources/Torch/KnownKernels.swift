internal import CTorch
import Synchronization

/// Kernels that were compiled when they were first asked for, or why they could not be.
///
/// What was compiled is kept for good.
final class KnownKernels<Key: Hashable & Sendable>: Sendable {
  private let known = Mutex<[Key: Result<Kept, GPUError>]>([:])

  private struct Kept: @unchecked Sendable {
    let kernels: [Kernel]
  }

  /// Why there are none; nil where there are.
  func reason(for key: Key, make: () throws -> [Kernel]) -> GPUError? {
    let result = known.withLock { known in
      if let known = known[key] { return known }
      let new = Result { Kept(kernels: try make()) }
        .mapError { $0 as? GPUError ?? GPUError("\($0)") }
      known[key] = new
      return new
    }
    if case .failure(let error) = result { return error }
    return nil
  }
}

/// The greatest difference of results, of one or of what they are if that is more.
func greatestDifference(_ here: [Tensor], _ there: [Tensor]) -> Double {
  zip(here, there).map { a, b in
    let (a, b) = (a.to(.float32), b.to(.float32, .cpu))
    return ((a - b).abs() / (a.abs() + 1)).reshaped(-1).max(0).item
  }.reduce(0) { $1.isFinite ? max($0, $1) : .infinity }
}

extension GPUCode {
  /// Kernels whose text is inside the program.
  convenience init(
    _ text: UnsafePointer<CChar>?, name: String, architecture: Int, options: [String] = []
  ) throws {
    guard let text, let numbers = ct_numbers_text() else {
      throw GPUError("kernels need a program that was built with clang 19+")
    }
    let shared = Header(name: "half_numbers.h", text: String(cString: numbers))
    try self.init(
      String(cString: text), name: name, headers: [shared], architecture: architecture,
      options: options)
  }
}
