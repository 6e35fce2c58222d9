import ArgumentParser
import Foundation
import Generation
import Images
import Memory
import Scene
import Streaming
import Synchronization
import Torch

/// `rtfm explore`: serves a page on which a place can be walked through.
struct Explore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Walk through a place in the browser.")

  @Argument(
    help: """
      A world's file, a capture's folder (transforms.json or COLMAP) or a single photo; a bundled \
      world if none.
      """)
  var place: String?
  @Option(help: "A world's file to save a capture's walk in; made if it is not there.")
  var save: String?
  @Option(
    help: """
      A model's file, or the name of one in Models/; by default model.safetensors in the capture's \
      folder, or beside X.world X.safetensors, if there is one, else rtfm-small on a GPU or eight cores, \
      rtfm-nano on fewer.
      """)
  var model: String?
  @Option(help: "The port to serve on; 0 takes any that is free.")
  var port = 8080
  @Option(help: "The address to listen on: this machine's own by default.")
  var host = "127.0.0.1"
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Option(help: "What layers compute in: float32 or bfloat16; the device's fastest by default.")
  var precision: Precision?
  @Option(help: "Keyframes that a picture is drawn from.")
  var contexts = 4
  @Option(help: "Whether to remember drawn pictures that show something new.")
  var admit = true
  @Option(help: "Network evaluations a picture, or auto: more where the model is less sure.")
  var steps: Steps = 1
  @Option(
    help: """
      Begin pictures as the noise of this seed, and not as zeros: where nothing is known, a model of \
      training's stage 4 then invents things; those of earlier stages do not.
      """)
  var noise: UInt64?
  @Option(
    help: """
      Size of the pictures, as 256x192 or 128; by default the model's own on a CPU, and about twice \
      that on a GPU. Larger ones than the model's own are drawn in tiles. Photos are cropped about their \
      middle to the shape: 228x128 shows all of one of 16:9.
      """)
  var resolution: Size?
  @Option(
    help: "About how many times as large a view becomes, in tiles, while you stand still: 1 to 8.")
  var detail = 2

  func validate() throws {
    guard (0...64).contains(contexts) else { throw ValidationError("contexts is 0 to 64") }
    guard (1...8).contains(detail) else { throw ValidationError("detail is 1 to 8") }
  }

  func run() async throws {
    let device = try Device(named: device)
    let modelPath = try Shelf.models.path(of: model, drawing: place, on: device)
    let model = try FrameModel(contentsOf: modelPath, on: device)
    model.compute(in: precision)
    let size = resolution ?? Size.usual(of: model)
    var settings = World.Settings()
    (settings.contexts, settings.steps, settings.detail) = (contexts, steps, detail)
    (settings.noise, settings.admits) = (noise, admit)
    let fine = settings.fineSize(width: size.width, height: size.height, tile: model.tile)
    let place = try Place.open(
      place, size: size, fine: Size(width: fine.width, height: fine.height), save: save)
    let author = try place.file.map { _ in try World.Author(modelAt: modelPath) }
    let world = try await place.world(model, settings: settings, author: author)
    let gait = try place.gait
    let server = ExploreServer(host: host, port: port, title: place.name) {
      Walk(in: world, place, gait: gait)
    }
    let remark =
      "drawn by \(modelPath); "
      + (place.file.map { "saved in \($0.path)" } ?? "not saved; --save FILE.world keeps it")
    signal(SIGXFSZ, SIG_IGN)  // a file that may not grow is an error to report, not an end
    try await untilInterrupted { [host] in
      try await server.run { port in
        let address = Self.address(of: host)
        note(
          "walk through '\(place.name)' at http://\(address):\(port) (\(remark); Ctrl-C ends it)")
      }
    }
    if let file = place.file {
      try file.close()
      note("saved \(file.status.saved) keyframes in \(file.path)")
    }
  }

  /// Where a browser on this machine finds a server that listens there.
  static func address(of host: String) -> String {
    switch host {
    case "0.0.0.0", "::": "localhost"
    default: host.contains(":") ? "[\(host)]" : host
    }
  }
}

extension World.Author {
  /// A model by its file.
  init(modelAt path: String) throws {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    self.init(model: name, weights: try WorldFile.checksum(ofFile: path))
  }
}

/// A session as the server wants it: actions in, JPEGs out.
private actor Walk: Walkable {
  nonisolated let up: SIMD3<Double>
  private let world: World
  private let session: Session
  private let file: WorldFile?
  private let encoder = JPEGEncoder(quality: 90)
  private var told = 0

  init(in world: World, _ place: Place, gait: Gait) {
    up = place.up
    file = place.file
    self.world = world
    session = Session(in: world, at: place.start, gait: gait)
  }

  /// What is wrong with the world's file while the walk goes on.
  private func warning() async -> String {
    if let trouble = file?.status.trouble {
      return
        "Saving has stopped: \(trouble). Your walk goes on in memory, and saving by itself once "
        + "this is put right."
    }
    return await world.unreadable.values.first ?? ""
  }

  func step(_ action: Action) async throws -> View {
    let drawn = await session.step(action)
    let news = await world.keyframes(from: told)
    told += news.count
    let clock = ContinuousClock()
    let start = clock.now
    let jpeg = encoder.encode(drawn.frame.image)
    let times = View.Times(
      recall: Float(drawn.recall), gather: Float(drawn.gather), network: Float(drawn.network),
      jpeg: Float((clock.now - start) / .milliseconds(1)))
    let warning = await warning()
    Task { [world] in await world.lookAhead() }  // while the picture is on its way
    return View(
      jpeg: jpeg, camera: drawn.frame.camera, keyframes: drawn.keyframes,
      newKeyframes: news.map { View.Keyframe(id: $0.id, pose: $0.pose) }, context: drawn.context,
      times: times, warning: warning, isUnfinished: drawn.isUnfinished)
  }
}
