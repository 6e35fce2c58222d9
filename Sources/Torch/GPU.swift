internal import CTorch

/// What an NVIDIA GPU says about itself.
public struct GPUFacts: Codable, Hashable, Sendable {
  public let name: String
  /// Streaming multiprocessors.
  public let processors: Int
  /// Compute capability times ten: 90 for an H100 or H200.
  public let architecture: Int
  /// Bytes.
  public let memory: Int
}

extension Device {
  /// What the device is called: `NVIDIA H200`, or its description where it has no such name.
  public var name: String { facts?.name ?? description }

  /// Nil for what is no NVIDIA GPU.
  public var facts: GPUFacts? {
    guard case .cuda(let index) = self else { return nil }
    var gpu = ct_gpu()
    guard ct_gpu_facts(Int32(index), &gpu) == 0 else { return nil }
    let name = withUnsafeBytes(of: gpu.name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    return GPUFacts(
      name: name, processors: Int(gpu.processors), architecture: Int(gpu.major * 10 + gpu.minor),
      memory: Int(gpu.memory))
  }
}

/// Something that a GPU is needed for and that can't be had, and why.
public struct GPUError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  /// With the library's own words.
  init(failed what: String) { description = "\(what): \(String(cString: ct_error()))" }
}
