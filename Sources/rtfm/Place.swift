import Captures
import Generation
import Scene

/// What a command walks in: the frames of a place at the model's size, and how to move there.
struct Place: Sendable {
  let name: String
  let frames: [Frame]
  let up: SIMD3<Double>
  let scale: Double

  /// Opens a capture, or the bundled world where none is named.
  ///
  /// - Parameter size: width and height that frames are cropped and scaled to.
  init(_ path: String?, size: Size) throws {
    let capture = try Capture(contentsOf: path ?? Shelf.worlds.path(of: "room"))
    name = capture.name
    frames = try capture.frames(width: size.width, height: size.height)
    up = capture.up
    scale = capture.scale
  }

  var cameras: [Camera] { frames.map(\.camera) }

  /// A walking pace: 0.7 network units a second, which is 1.4 m where the scale is 2 m.
  var gait: Gait { Gait(up: up, speed: 0.7 * scale) }

  /// A world that remembers these frames.
  func world(_ model: sending FrameModel, settings: World.Settings) async -> World {
    let world = World(model: model, scale: scale, settings: settings)
    await world.add(frames)
    return world
  }
}
