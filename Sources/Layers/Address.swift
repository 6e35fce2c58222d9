public import Torch

/// Where a layer's weights are: a path in a set of weights, such as `layers.3.query`.
///
/// A layer asks its address for each tensor that it needs. The first time, with no file, the tensor
/// is made and initialised; with a file it is loaded. Naming, creating, initialising and loading
/// are one act.
///
///     let weights = Weights(seed: 1)
///     let query = try Linear(weights.root / "query", 384, 384)
public struct Address {
  let weights: Weights
  let path: String

  public static func / (address: Address, name: String) -> Address {
    Address(
      weights: address.weights, path: address.path.isEmpty ? name : "\(address.path).\(name)")
  }

  public static func / (address: Address, index: Int) -> Address { address / String(index) }

  /// The tensor here: loaded, or made with normally distributed values of this deviation.
  public func normal(_ shape: Int..., deviation: Double) throws -> Tensor {
    try weights.tensor(at: path, shape: shape) { $0.normal(shape) * deviation }
  }

  /// The tensor here: loaded, or made of one value.
  public func constant(_ value: Double, _ shape: Int...) throws -> Tensor {
    try weights.tensor(at: path, shape: shape) { _ in Tensor(repeating: value, shape: shape) }
  }
}

/// Named tensors, in the order in which layers asked for them.
public final class Weights {
  /// Names and tensors, in order.
  public private(set) var entries: [(name: String, tensor: Tensor)] = []
  private var source: [String: Tensor]?
  private let keepsTypes: Bool
  private let generator: Generator
  private let device: Device
  private let origin: String

  /// New weights, drawn from a seed; the same seed gives the same weights on any device.
  public init(seed: UInt64, on device: Device = .cpu) {
    (source, origin, keepsTypes, self.device) = (nil, "seed \(seed)", false, device)
    generator = Generator(seed: seed)
  }

  /// Weights from a file, as Float32 unless they are to keep their types.
  public init(
    _ tensors: [String: Tensor], origin: String, on device: Device = .cpu,
    keepingTypes: Bool = false
  ) {
    (source, self.origin, keepsTypes, self.device) = (tensors, origin, keepingTypes, device)
    generator = Generator(seed: 0)
  }

  public var root: Address { Address(weights: self, path: "") }

  /// Checks that every tensor of the file was asked for.
  ///
  /// - Throws: `WeightsError.unknown` for the first that wasn't.
  public func finish() throws {
    if let left = source?.keys.sorted().first {
      throw WeightsError.unknown(origin: origin, name: left)
    }
    source = nil
  }

  /// Checks that every number is finite.
  ///
  /// - Throws: `WeightsError.notFinite` for the first tensor where one isn't.
  public func checkFinite() throws {
    for (name, tensor) in entries where !tensor.detached().sum().item.isFinite {
      throw WeightsError.notFinite(origin: origin, name: name)
    }
  }

  func tensor(at path: String, shape: [Int], make: (Generator) -> Tensor) throws -> Tensor {
    let value: Tensor
    if source != nil {
      guard let found = source?.removeValue(forKey: path) else {
        throw WeightsError.missing(origin: origin, name: path)
      }
      guard found.shape == shape else {
        throw WeightsError.shape(origin: origin, name: path, found: found.shape, wanted: shape)
      }
      value = found.to(keepsTypes ? found.type : .float32, device)
    } else {
      value = make(generator).to(device)
    }
    entries.append((path, value))
    return value
  }
}

/// A weights file that doesn't fit the network.
public enum WeightsError: Error, Equatable, CustomStringConvertible {
  case missing(origin: String, name: String)
  case unknown(origin: String, name: String)
  case shape(origin: String, name: String, found: [Int], wanted: [Int])
  case notFinite(origin: String, name: String)

  public var description: String {
    switch self {
    case .missing(let origin, let name): "weights file '\(origin)' lacks tensor '\(name)'"
    case .unknown(let origin, let name):
      "weights file '\(origin)' has tensor '\(name)', which this network has no place for"
    case .shape(let origin, let name, let found, let wanted):
      "weights file '\(origin)' has \(found) for tensor '\(name)', where \(wanted) belongs"
    case .notFinite(let origin, let name):
      """
      weights file '\(origin)' has numbers in tensor '\(name)' that are infinite or none: training \
      went wrong, or the file is damaged; take an earlier one
      """
    }
  }
}
