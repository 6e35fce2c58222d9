public import Generation
import Images
import Memory
public import Scene

/// A world on disk that is saved, closed and opened by a new one whenever the walker rests: what is
/// known after that comes from its file.
public final class Reopening: Recollection {
  private let path: String
  private let size: (width: Int, height: Int)
  private let settings: World.Settings
  private let model: () throws -> sending FrameModel
  private var file: WorldFile
  private var world: World

  /// Makes the file of given pictures, and opens it.
  ///
  /// - Parameters:
  ///   - path: of a file that is not there yet.
  ///   - model: opens the model; each world gets one for itself.
  /// - Throws: `WorldFileError`, or what `model` does.
  /// - Precondition: there is a given picture.
  public init(
    at path: String, given: [Frame], scale: Double, settings: World.Settings = World.Settings(),
    model: @escaping () throws -> sending FrameModel
  ) throws {
    let first = given[0]
    let place = PlaceRecord(name: "revisit", up: first.camera.pose.down * -1, scale: scale)
    try WorldFile.create(at: path, place: place, count: given.count) { i in
      KeyframeRecord(id: i, camera: given[i].camera, picture: ImageFile(given[i].image))
    }
    (self.path, self.settings, self.model) = (path, settings, model)
    size = (first.image.width, first.image.height)
    file = try WorldFile(at: path)
    world = try Self.world(try model(), file, size, settings)
  }

  private static func world(
    _ model: sending FrameModel, _ file: WorldFile, _ size: (width: Int, height: Int),
    _ settings: World.Settings
  ) throws -> World {
    try World(
      model: model, file: file, width: size.width, height: size.height, settings: settings,
      author: World.Author(model: "revisit", weights: ""))
  }

  public func step(_ i: Int, of walk: [Camera]) async -> Image { await world.step(i, of: walk) }

  public func glance(_ i: Int, of views: [Camera]) async -> Image {
    await world.glance(i, of: views)
  }

  public func keyframeCount() async -> Int { await world.keyframeCount() }

  public func rest() async throws {
    try file.close()
    file = try WorldFile(at: path)
    world = try Self.world(try model(), file, size, settings)
  }
}
