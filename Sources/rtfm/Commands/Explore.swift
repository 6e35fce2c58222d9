import ArgumentParser
import Foundation
import Generation
import Images
import Scene
import Streaming
import Torch

/// `rtfm explore`: serves a page on which a place can be walked through.
struct Explore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Walk through a place in the browser.")

  @Argument(help: "A capture: a folder with a transforms.json; the bundled world by default.")
  var place: String?
  @Option(help: "A model's file, or the name of one in Models/.")
  var model: String?
  @Option(help: "The port to serve on; 0 takes any that is free.")
  var port = 8080
  @Option(help: "The address to listen on: this machine's own by default.")
  var host = "127.0.0.1"
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Option(help: "Keyframes that a picture is drawn from.")
  var contexts = 4
  @Option(help: "Network evaluations a picture.")
  var steps = 1
  @Option(help: "Size of the pictures, as 256x192 or 128; the model's own by default.")
  var resolution: Size?

  func validate() throws {
    guard (0...64).contains(contexts), (1...1000).contains(steps) else {
      throw ValidationError("contexts is 0 to 64, steps 1 to 1000")
    }
  }

  func run() async throws {
    let device = try Device(named: device)
    let model = try FrameModel(contentsOf: Shelf.models.path(of: model), on: device)
    model.precision = .fastest
    let place = try Place(place, size: resolution ?? Size(side: model.resolution))
    var settings = World.Settings()
    (settings.contexts, settings.steps) = (contexts, steps)
    let world = await place.world(model, settings: settings)
    let start = place.frames[0].camera
    let server = ExploreServer(host: host, port: port, title: place.name) {
      Walk(in: world, at: start, gait: place.gait)
    }
    try await server.run { [host] port in
      note("walk through '\(place.name)' at http://\(host):\(port) (Ctrl-C ends it)")
    }
  }
}

/// A session as the server wants it: actions in, JPEGs out.
private actor Walk: Walkable {
  nonisolated let up: SIMD3<Double>
  private let world: World
  private let session: Session
  private let encoder = JPEGEncoder(quality: 90)
  private var told = 0

  init(in world: World, at camera: Camera, gait: Gait) {
    up = gait.up
    self.world = world
    session = Session(in: world, at: camera, gait: gait)
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
    return View(
      jpeg: jpeg, camera: drawn.frame.camera, keyframes: drawn.keyframes,
      newKeyframes: news.map { View.Keyframe(id: $0.id, pose: $0.pose) }, context: drawn.context,
      times: times)
  }
}
