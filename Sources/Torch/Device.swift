internal import CTorch

/// Where a tensor lives and is computed.
///
/// GPUs are found at run time: libtorch's CUDA library is opened when one is first asked for.
public enum Device: Hashable, Sendable, CustomStringConvertible {
  case cpu
  case cuda(Int)
  case mps

  /// The devices of this machine, the CPU first.
  public static var all: [Device] {
    [.cpu] + (0..<Int(ct_device_count(Int32(CT_CUDA)))).map { .cuda($0) }
      + (ct_has_mps() ? [.mps] : [])
  }

  public static var hasGPU: Bool { all.count > 1 }

  /// The best device there is: the first GPU, or else the CPU.
  public static var best: Device { all.count > 1 ? all[1] : .cpu }

  /// Reads a device's name: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
  ///
  /// - Throws: `DeviceError` for a name that is none, or a device that this machine lacks.
  public init(named name: String) throws {
    switch name {
    case "auto": self = .best
    case "cpu": self = .cpu
    case "mps": self = .mps
    case "cuda": self = .cuda(0)
    case let n where n.hasPrefix("cuda:"):
      guard let i = Int(n.dropFirst(5)), i >= 0 else { throw DeviceError.unknown(name) }
      self = .cuda(i)
    default: throw DeviceError.unknown(name)
    }
    guard Device.all.contains(self) else { throw DeviceError.absent(name) }
  }

  var code: Int32 {
    switch self {
    case .cpu: Int32(CT_CPU)
    case .cuda: Int32(CT_CUDA)
    case .mps: Int32(CT_MPS)
    }
  }

  var index: Int32 {
    if case .cuda(let i) = self { Int32(i) } else { 0 }
  }

  init(code: Int32, index: Int32) {
    switch code {
    case Int32(CT_CPU): self = .cpu
    case Int32(CT_CUDA): self = .cuda(Int(index))
    case Int32(CT_MPS): self = .mps
    default: fatalError("libtorch's device kind \(code) is none that this module knows")
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let i): "cuda:\(i)"
    case .mps: "mps"
    }
  }

  /// Waits until everything that was asked of the device is done.
  public func synchronize() { check("synchronize", [], ct_synchronize(code, index)) }

  /// Bytes of the device's memory that tensors hold; 0 where libtorch doesn't count (the CPU).
  public var allocatedBytes: Int { Int(ct_memory_allocated(code, index)) }
}

/// A device that can't be used.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
  case unknown(String)
  case absent(String)

  /// Whether no machine has such a device.
  public var isUnknown: Bool { if case .unknown = self { true } else { false } }

  public var description: String {
    let have = Device.all.map(\.description).joined(separator: ", ")
    switch self {
    case .unknown(let name):
      return "device '\(name)' is not one of auto, cpu, cuda, cuda:N, mps"
    case .absent(let name):
      return "device '\(name)' is not on this machine, which has: \(have); use --device cpu"
    }
  }
}
