import Foundation
import Layers
public import Torch

// A model's file: safetensors with the configuration in its metadata.
extension FrameModel {
  /// Loads a model.
  ///
  /// - Throws: `SafetensorsError`, `ModelError` or `WeightsError`, naming the file and the reason.
  public convenience init(contentsOf path: String, on device: Device = .cpu) throws {
    let file = try Safetensors(contentsOf: path)
    try self.init(file, origin: path, on: device)
  }

  /// Builds the model that an opened file describes.
  public convenience init(_ file: Safetensors, origin: String, on device: Device = .cpu) throws {
    guard let text = file.metadata["configuration"] else {
      throw ModelError.noConfiguration(path: origin)
    }
    let configuration: Configuration
    do {
      configuration = try JSONDecoder().decode(Configuration.self, from: Data(text.utf8))
    } catch {
      throw ModelError.badConfiguration(path: origin, reason: "it can't be read (\(text))")
    }
    if let flaw = configuration.flaw {
      throw ModelError.badConfiguration(path: origin, reason: flaw)
    }
    if let text = file.metadata["resolution"], !(16...16384).contains(Int(text) ?? 0) {
      throw ModelError.badConfiguration(path: origin, reason: "resolution '\(text)'")
    }
    guard !file.tensors.keys.contains(where: { $0.hasPrefix("average.") }) else {
      throw ModelError.checkpoint(path: origin)
    }
    let weights = Weights(file.tensors, origin: origin, on: device)
    try self.init(configuration, weights, device)
    try weights.checkFinite()
    metadata = file.metadata
    tile = metadata["resolution"].flatMap(Int.init)
  }

  /// The side in pixels of the square frames that the model was trained on; 256 where unknown.
  public var resolution: Int { metadata["resolution"].flatMap(Int.init) ?? 256 }

  /// The model as a file's contents.
  ///
  /// - Parameter type: `.float16` to ship, `.float32` to keep every bit.
  public func safetensors(_ type: ElementType, metadata: [String: String] = [:]) -> Safetensors {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var metadata = self.metadata.merging(metadata) { _, new in new }
    metadata["configuration"] = String(
      decoding: (try? encoder.encode(configuration)) ?? Data(), as: UTF8.self)
    let tensors = parameters.map { ($0.name, $0.tensor.detached().to(type, .cpu)) }
    return Safetensors(
      tensors: Dictionary(uniqueKeysWithValues: tensors), metadata: metadata)
  }

  /// How many numbers the model has learned.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }
}

extension FrameModel {
  /// A model that shares this one's weights, with gradients of its own: for another thread.
  public func replica() -> FrameModel { rebuilt { $1.detached() } }

  /// A model with weights of its own that begin as this one's.
  public func copy() -> FrameModel { rebuilt { $1.detached().copy() } }

  /// The same model with layers that compute in another type; gradients flow back through the
  /// conversion to this model's weights. Heads and what conditions the layers stay as they are.
  ///
  ///     let loss = loss(of: model.computing(in: .bfloat16))
  ///     loss.backward()  // model.parameters have gradients, as Float32
  public func computing(in type: ElementType) -> FrameModel {
    if type == self.type { return self }
    let ofLayers = parameters.filter { Self.isOfLayers($0.name) }
    let converted = Dictionary(
      uniqueKeysWithValues: zip(ofLayers.map(\.name), ofLayers.map(\.tensor).to(type)))
    return rebuilt { name, weight in converted[name] ?? weight }
  }

  /// A model whose weights are made from this one's, name by name.
  ///
  /// - Parameter adding: weights that this one does not have.
  func rebuilt(
    as configuration: Configuration? = nil, adding: [String: Tensor] = [:],
    _ weight: (String, Tensor) -> Tensor
  ) -> FrameModel {
    let tensors = parameters.map { ($0.name, weight($0.name, $0.tensor)) } + adding.map { ($0, $1) }
    let weights = Weights(
      Dictionary(uniqueKeysWithValues: tensors), origin: "another model", on: device,
      keepingTypes: true)
    do {
      let model = try FrameModel(configuration ?? self.configuration, weights, device)
      (model.metadata, model.precision) = (metadata, precision)
      if model.configuration.patch == self.configuration.patch { model.tile = tile }
      return model
    } catch {
      preconditionFailure("a model's own weights always fit: \(error)")
    }
  }

  private static func isOfLayers(_ name: String) -> Bool {
    ["embed.weight", "registers"].contains(name)
      || (name.hasPrefix("layers.") && !name.hasSuffix(".modulation"))
  }
}
