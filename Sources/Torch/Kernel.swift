internal import CTorch
import Foundation

/// Machine code for NVIDIA GPUs, compiled from CUDA C++ while the program runs.
///
/// Compiling needs NVRTC (a library that comes with PyTorch for CUDA) and no GPU.
public final class GPUCode {
  let pointer: OpaquePointer

  /// A header by the name that `#include` has.
  public struct Header: Sendable {
    public let name: String
    public let text: String

    public init(name: String, text: String) { (self.name, self.text) = (name, text) }
  }

  /// - Parameters:
  ///   - architecture: compute capability times ten: 90 for an H100 or H200.
  ///   - options: more of NVRTC's, such as `-DN=3`.
  /// - Throws: `GPUError` with the compiler's log, or saying that there is no compiler.
  public init(
    _ text: String, name: String, headers: [Header] = [], architecture: Int,
    options: [String] = []
  ) throws {
    let options = ["--gpu-architecture=sm_\(architecture)", "--std=c++20"] + options
    let code = strings(headers.map(\.text)) { texts in
      strings(headers.map(\.name)) { names in
        strings(options) { options in
          ct_compile(
            text, name, texts.baseAddress!, names.baseAddress!, Int32(headers.count),
            options.baseAddress!, Int32(options.count - 1))
        }
      }
    }
    guard let code else { throw GPUError(failed: "kernel") }
    pointer = code
  }

  /// Machine code that was compiled before.
  public init(bytes: [UInt8]) {
    precondition(!bytes.isEmpty, "GPUCode: no bytes")
    pointer = bytes.withUnsafeBytes { ct_code_new($0.baseAddress!, $0.count)! }
  }

  deinit { ct_code_release(pointer) }

  /// The machine code itself.
  public var bytes: [UInt8] {
    Array(UnsafeRawBufferPointer(start: ct_code_bytes(pointer), count: size))
  }

  /// Bytes of machine code.
  public var size: Int { ct_code_size(pointer) }

  /// NVRTC's version; nil where it is not here.
  public static var compiler: String? { ct_compiler().map { String(cString: $0) } }
}

/// A function that a GPU runs in many threads at once.
public final class Kernel {
  let pointer: OpaquePointer
  private let name: String

  /// - Throws: `GPUError` when the GPU won't take the code.
  public init(_ code: GPUCode, function: String, on device: Device) throws {
    guard let pointer = ct_kernel_new(code.pointer, function, device.index) else {
      throw GPUError(failed: "kernel \(function) on \(device)")
    }
    (self.pointer, name) = (pointer, function)
  }

  deinit { ct_kernel_release(pointer) }

  /// What a kernel's parameter can be: the address of a tensor's first element, or a number.
  public enum Argument {
    case tensor(Tensor)
    case int(Int)  // a C++ int
    case float(Float)

    fileprivate var bits: UInt64 {
      switch self {
      case .tensor(let t): ct_address(t.pointer)
      case .int(let i): UInt64(UInt32(bitPattern: Int32(i)))
      case .float(let f): UInt64(f.bitPattern)
      }
    }

    fileprivate var tensor: Tensor? {
      if case .tensor(let t) = self { t } else { nil }
    }
  }

  /// Starts it on the device's current stream, after what was asked before; stops the program where
  /// the GPU refuses.
  ///
  /// - Parameters:
  ///   - grid: blocks along x, y and z; `block`: threads of each.
  ///   - arguments: as many as the function has, of its parameters' kinds.
  public func launch(grid: [Int], block: [Int], _ arguments: [Argument]) {
    var bits = arguments.map(\.bits)
    let status = bits.withUnsafeMutableBytes { values in
      var addresses = arguments.indices.map { values.baseAddress! + 8 * $0 }
      return ct_kernel_launch(
        pointer, grid.map(UInt32.init), block.map(UInt32.init), &addresses)
    }
    check("kernel \(name)", arguments.compactMap(\.tensor), status)
  }
}

/// Passes strings to C, and one empty string more, so that there is an address in any case.
private func strings<R>(
  _ all: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>>) -> R
) -> R {
  let copies = (all + [""]).map { strdup($0)! }
  defer { for copy in copies { free(copy) } }
  return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer(body)
}
