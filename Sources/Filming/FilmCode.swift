import Foundation
public import Procedural
public import Torch

extension FilmKernel {
  /// The kernel's machine code: compiled ahead of time, where the folder that the environment's
  /// `RTFM_KERNELS` names has it, or now by NVRTC. Needs no GPU.
  ///
  /// - Parameter architecture: compute capability times ten: 90 for an H100 or H200.
  /// - Throws: `GPUError`.
  public static func code(architecture: Int) throws -> GPUCode {
    let folder = ProcessInfo.processInfo.environment["RTFM_KERNELS"]
    let kept = folder.flatMap { folder in
      try? fileName(architecture).flatMap {
        FileManager.default.contents(atPath: "\(folder)/\($0)")
      }
    }
    if let kept, !kept.isEmpty { return GPUCode(bytes: Array(kept)) }
    return try compiled(architecture)
  }

  /// Compiles the kernel into a folder, for `RTFM_KERNELS`, and returns the file's path.
  ///
  /// - Throws: `GPUError`, or Foundation's errors when it can't be written.
  public static func keep(architecture: Int, in folder: String) throws -> String {
    let code = try compiled(architecture)
    let path = "\(folder)/\(try fileName(architecture) ?? "")"
    try Data(code.bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    return path
  }

  /// Another text, or other options, have another name; nil without a text.
  private static func fileName(_ architecture: Int) throws -> String? {
    guard let text else { return nil }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a (Fowler, Noll and Vo)
    for part in [text] + headers.flatMap({ [$0.name, $0.text] }) + options {
      for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return "film-sm_\(architecture)-\(String(hash, radix: 16)).cubin"
  }

  private static func compiled(_ architecture: Int) throws -> GPUCode {
    guard let text else { throw GPUError("filming on a GPU needs a program built with clang 19+") }
    return try GPUCode(
      text, name: "film_kernel.h", headers: headers.map { .init(name: $0.name, text: $0.text) },
      architecture: architecture, options: options)
  }
}
