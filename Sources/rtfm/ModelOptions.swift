public import ArgumentParser
import Evaluation
public import Generation
import Procedural
import Scene
import Torch

/// Which model a measurement is of, and how it draws.
struct ModelOptions: ParsableArguments {
  @Option(help: "A model's file, or the name of one in Models/.")
  var model: String?
  @Option(help: "Network evaluations a frame, or auto: more where the model is less sure.")
  var steps: Steps = 1
  @Option(
    help: """
      Side of the square frames in pixels; the model's own by default. Larger ones are drawn in tiles.
      """)
  var resolution: Int?
  @Option(help: "What layers compute in: float32 (a CPU's default) or bfloat16 (a GPU's).")
  var precision: Precision?
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Flag(
    inversion: .prefixedNo, help: "A world's memory goes by how sure the model is of drawn frames.")
  var certainty = World.Settings().weighsCertainty
  @Flag(
    inversion: .prefixedNo,
    help: "A world's memory goes by how far away the model guesses surfaces to be.")
  var depths = World.Settings().guessesDepth

  func validate() throws {
    guard resolution.map({ (16...4096).contains($0) }) ?? true else {
      throw ValidationError("resolution is 16 to 4096")
    }
  }

  /// How a world is drawn and remembered with these options.
  var settings: World.Settings {
    var settings = World.Settings()
    settings.steps = steps
    (settings.weighsCertainty, settings.guessesDepth) = (certainty, depths)
    return settings
  }

  var path: String { get throws { try Shelf.models.path(of: model) } }

  /// The model, read from its file each time: a world keeps one for itself.
  ///
  /// - Throws: as `FrameModel.init(contentsOf:on:)` and `Device.init(named:)` do.
  func open() throws -> sending FrameModel {
    let network = try FrameModel(contentsOf: path, on: Device(named: device))
    network.compute(in: precision ?? (network.device == .cpu ? .float32 : nil))
    return network
  }

  /// A world that remembers these frames.
  func world(_ frames: [Frame], scale: Double, settings: World.Settings) async throws -> World {
    let world = World(model: try open(), scale: scale, settings: settings)
    await world.add(frames)
    return world
  }
}

extension FrameModel {
  /// Sets how exactly it draws: as fast as its device can where nil.
  ///
  /// On a GPU the heads, which stay Float32, then multiply at TF32 precision, as in training.
  func compute(in precision: Precision?) {
    self.precision = precision ?? .fastest(on: device)
    if case .cuda = device { Runtime.allowTF32(self.precision == .bfloat16) }
  }
}

extension Size {
  /// What a model draws at where nobody asks for a size: its own on a CPU, 2 x 2 tiles on a GPU.
  static func usual(of model: FrameModel) -> Size {
    let side = model.resolution
    let detail = model.device == .cpu ? 1 : 2
    return Size(side: Tiling.size(ofDetail: detail, width: side, height: side, side: side).width)
  }
}

extension Steps: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// The families of procedural worlds that a user names; all where none is named.
///
/// - Throws: `ValidationError`, with the names that there are.
func families(named names: [String]) throws -> [ProceduralWorld.Family] {
  guard !names.isEmpty else { return ProceduralWorld.Family.allCases }
  return try names.map { name in
    guard let family = ProceduralWorld.Family(rawValue: name) else {
      let all = ProceduralWorld.Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("no family of worlds is called '\(name)'; there are: \(all)")
    }
    return family
  }
}
