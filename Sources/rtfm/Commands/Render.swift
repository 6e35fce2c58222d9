import ArgumentParser
import Captures
import Foundation
import Generation
import Images
import Memory
import Scene
import Torch

/// `rtfm render`: draws a walk through a place into a video and a contact sheet.
struct Render: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a walk through a world or a capture: an MP4 and a contact sheet.",
    discussion: "A world's file stays as it is: what is drawn is remembered for this walk alone.")

  @Argument(
    help: """
      A world's file, a capture's folder (transforms.json or COLMAP) or a single photo; a bundled \
      world if none.
      """)
  var place: String?
  @Option(
    help:
      "PATH.json, or through (the default where there are several pictures), orbit, spin or return."
  )
  var path: String?
  @Option(help: "Replay this walk of a world's log, with the world as it was when it began.")
  var walk: Int?
  @Option(help: "The video's file; its contact sheet lies beside it as PNG.")
  var out: String
  @Option(help: "Frames of the walk, 120 by default; a PATH.json has its own.")
  var frames: Int?
  @Option(help: "Frames a second.")
  var rate = 30
  @Option(help: "Keyframes that a frame is drawn from, 4 by default.")
  var contexts: Int?
  @Option(
    help: "Network evaluations a frame, 1 by default, or auto: more where the model is less sure.")
  var steps: Steps?
  @Option(
    help: """
      Begin frames as the noise of this seed, and not as zeros: where nothing is known, a model of \
      training's stage 4 then invents things; those of earlier stages do not.
      """)
  var noise: UInt64?
  @Option(help: "Whether to remember drawn frames that show something new, true by default.")
  var admit: Bool?
  @Option(
    help: """
      Size of the frames, as 256x192 or 128; the model's own by default. Larger ones are drawn in tiles. \
      Photos are cropped about their middle to the shape: 228x128 shows all of one of 16:9.
      """)
  var resolution: Size?
  @Option(
    help: """
      A model's file, or the name of one in Models/; by default model.safetensors in the capture's \
      folder, or beside X.world X.safetensors, if there is one, else rtfm-small on a GPU or eight cores, \
      rtfm-nano on fewer.
      """)
  var model: String?
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Option(help: "What layers compute in: float32 or bfloat16; the device's fastest by default.")
  var precision: Precision?

  func validate() throws {
    guard (1...100_000).contains(frames ?? 1), (1...240).contains(rate),
      (0...64).contains(contexts ?? 0)
    else { throw ValidationError("frames is 1 to 100000, rate 1 to 240, contexts 0 to 64") }
    if out.lowercased().hasSuffix(".png") {
      throw ValidationError("--out is the video's file: its contact sheet lies beside it as PNG")
    }
    let own: [(name: String, isSet: Bool)] = [
      ("path", path != nil), ("frames", frames != nil), ("contexts", contexts != nil),
      ("steps", steps != nil), ("noise", noise != nil), ("admit", admit != nil),
      ("resolution", resolution != nil),
      ("precision", precision != nil),
    ]
    if let path, path.hasSuffix(".json"), frames != nil {
      throw ValidationError("'\(path)' says how many frames there are: leave out --frames")
    }
    if walk != nil, let other = own.first(where: \.isSet) {
      throw ValidationError("--walk draws a walk as it was drawn then: leave out --\(other.name)")
    }
  }

  func run() async throws {
    try checkWritable(out, sheetPath)
    try checkSheet()
    try await untilInterrupted(endsSlowly: true) { try await draw() }
  }

  private var sheetPath: String { (out as NSString).deletingPathExtension + ".png" }

  /// The contact sheet, which nobody named, replaces that of an earlier video alone.
  private func checkSheet() throws {
    let files = FileManager.default
    func resolved(_ path: String) -> String {
      URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
    let isInput = place.map { resolved($0) == resolved(sheetPath) } ?? false
    guard isInput || files.fileExists(atPath: sheetPath) && !files.fileExists(atPath: out) else {
      return
    }
    throw OutputError(
      "'\(sheetPath)' is there already, and the contact sheet would replace it: choose another --out"
    )
  }

  private func draw() async throws {
    let device = try Device(named: device)
    let modelPath = try Shelf.models.path(of: model, drawing: place, on: device)
    let model = try FrameModel(contentsOf: modelPath, on: device)
    model.compute(in: precision)
    var size = resolution ?? Size(side: model.resolution)
    var settings = World.Settings()
    (settings.contexts, settings.steps, settings.admits) = (
      contexts ?? 4, steps ?? 1, admit ?? true
    )
    settings.noise = noise
    var (known, number) = (Int.max, Int.max)
    var place = try Place.open(place, size: size)
    let path: Path
    if let walk {
      let replay = try Replay(walk, of: place, by: World.Author(modelAt: modelPath), on: device)
      (size, settings, known) = (replay.size, replay.recipe.settings, replay.known)
      model.compute(in: replay.recipe.precision)
      number = walk
      place = try place.resized(size)
      path = replay.path
    } else {
      path = try self.path(through: place, size)
    }
    let world = try await place.world(model, settings: settings, known: known, before: number)
    let video = try VideoWriter(to: out, size: size, rate: rate)
    var sheet = ContactSheet(columns: 8)
    let stride = max(1, path.cameras.count / 32)
    var count = 0
    var told = ContinuousClock.now
    for (i, camera) in path.cameras.enumerated() where !Task.isCancelled {
      if ContinuousClock.now - told > .seconds(10) {
        note("\(i) of \(path.cameras.count) frames")
        told = .now
      }
      let drawn = await world.draw(camera)
      try video.add(drawn.frame.image)
      if i % stride == 0 { sheet.add(drawn.frame.image, caption: "\(i)") }
      count += 1
    }
    guard count > 0 else { throw OutputError("stopped before '\(out)' had a frame") }
    try video.finish()
    try sheet.image().writePNG(to: sheetPath)
    let all = count == path.cameras.count ? "" : " of \(path.cameras.count), for it was stopped"
    note(
      "wrote \(out) (\(count) frames\(all), \(size)) and \(sheetPath), drawn by "
        + modelPath)
  }

  private func path(through place: Place, _ size: Size) throws -> Path {
    let (start, frames, cameras) = (place.start, frames ?? 120, try place.cameras())
    switch path ?? (cameras.count > 1 ? "through" : "orbit") {
    case "through": return .through(cameras, count: frames)
    case "return": return .return(cameras, count: frames)
    case "spin": return .spin(start, up: place.up, count: frames)
    case "orbit":
      return .orbit(
        start, up: place.up, radius: 0.25 * place.scale, distance: place.scale, count: frames)
    default:
      var walk = try Path(contentsOf: path!, defaultIntrinsics: start.intrinsics)
      for i in walk.cameras.indices {
        let lens = walk.cameras[i].intrinsics
        walk.cameras[i].intrinsics = lens.fitted(width: size.width, height: size.height)
      }
      return walk
    }
  }
}

/// An old walk of a world, to be drawn again with everything as it was.
private struct Replay {
  let recipe: World.Recipe
  let known: Int
  let path: Path
  var size: Size { Size(width: recipe.width, height: recipe.height) }

  init(_ number: Int, of place: Place, by author: World.Author, on device: Device) throws {
    guard let file = place.file else { throw ReplayError.noLog(place.name) }
    let walks = try file.walks()
    guard let walk = walks.first(where: { $0.id == number }), let recipe = World.Recipe(walk) else {
      throw ReplayError.noWalk(number, of: file.path, walks.map(\.id))
    }
    guard let known = walk.known else { throw ReplayError.lost(number, of: file.path) }
    (self.recipe, self.known) = (recipe, known)
    path = Path(cameras: try file.cameras(ofWalk: number))
    guard !path.cameras.isEmpty else { throw ReplayError.noWalk(number, of: file.path, []) }
    if walk.weights != author.weights || recipe.device != device.description {
      note(
        "drawn by \(walk.model) (\(walk.weights)) on \(recipe.device) then, \(author.model) "
          + "(\(author.weights)) on \(device) now: the pictures will differ")
    }
  }
}

private enum ReplayError: Error, CustomStringConvertible {
  case noLog(String)
  case noWalk(Int, of: String, [Int])
  case lost(Int, of: String)

  var description: String {
    switch self {
    case .noLog(let name): "'\(name)' is a capture: only worlds have a log of walks"
    case .noWalk(let number, let file, let walks):
      "\(file): has no walk \(number) with frames; there are: "
        + (walks.isEmpty ? "none" : walks.map(String.init).joined(separator: ", "))
    case .lost(let number, let file):
      "\(file): walk \(number) cannot be replayed: keyframes that it began with are lost"
    }
  }
}
