import ArgumentParser
import Captures
import Foundation
import Generation
import Images
import Scene
import Torch

/// `rtfm render`: draws a walk through a place into a video and a contact sheet.
struct Render: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a walk through a capture: an MP4 and a contact sheet.")

  @Argument(help: "A capture: a folder with a transforms.json; the bundled world by default.")
  var place: String?
  @Option(help: "PATH.json, or through, orbit, spin or return.")
  var path = "through"
  @Option(help: "The video's file; its contact sheet lies beside it as PNG.")
  var out: String
  @Option(help: "Frames of the walk.")
  var frames = 120
  @Option(help: "Frames a second.")
  var rate = 30
  @Option(help: "Keyframes that a frame is drawn from.")
  var contexts = 4
  @Option(help: "Network evaluations a frame.")
  var steps = 1
  @Option(help: "Remember drawn frames that show something new.")
  var admit = true
  @Option(help: "Size of the frames, as 256x192 or 128; the model's own by default.")
  var resolution: Size?
  @Option(help: "A model's file, or the name of one in Models/.")
  var model: String?
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"

  func validate() throws {
    guard (1...100_000).contains(frames), (1...240).contains(rate), (0...64).contains(contexts),
      (1...1000).contains(steps)
    else {
      throw ValidationError(
        "frames is 1 to 100000, rate 1 to 240, contexts 0 to 64, steps 1 to 1000")
    }
  }

  func run() async throws {
    let device = try Device(named: device)
    let model = try FrameModel(contentsOf: Shelf.models.path(of: model), on: device)
    model.precision = .fastest
    let size = resolution ?? Size(side: model.resolution)
    let place = try Place(place, size: size)
    let walk = try walk(place, size)
    var settings = World.Settings()
    (settings.contexts, settings.steps, settings.admits) = (contexts, steps, admit)
    let world = await place.world(model, settings: settings)
    let video = try VideoWriter(to: out, size: size, rate: rate)
    var sheet = ContactSheet(columns: 8)
    let stride = max(1, walk.cameras.count / 32)
    for (i, camera) in walk.cameras.enumerated() {
      let drawn = await world.draw(camera)
      try video.add(drawn.frame.image)
      if i % stride == 0 { sheet.add(drawn.frame.image, caption: "\(i)") }
    }
    try video.finish()
    let sheetPath = (out as NSString).deletingPathExtension + ".png"
    try sheet.image().writePNG(to: sheetPath)
    note("wrote \(out) (\(walk.cameras.count) frames of \(size)) and \(sheetPath)")
  }

  private func walk(_ place: Place, _ size: Size) throws -> Path {
    let start = place.frames[0].camera
    switch path {
    case "through": return .through(place.cameras, count: frames)
    case "return": return .return(place.cameras, count: frames)
    case "spin": return .spin(start, up: place.up, count: frames)
    case "orbit":
      return .orbit(
        start, up: place.up, radius: 0.25 * place.scale, distance: place.scale, count: frames)
    default:
      var walk = try Path(contentsOf: path, defaultIntrinsics: start.intrinsics)
      for i in walk.cameras.indices {
        let lens = walk.cameras[i].intrinsics
        walk.cameras[i].intrinsics = lens.fitted(width: size.width, height: size.height)
      }
      return walk
    }
  }
}
