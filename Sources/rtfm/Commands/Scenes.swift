import ArgumentParser
import Captures
import Images
import Procedural
import Scene

/// `rtfm scenes`: a contact sheet of procedural worlds, a row each.
struct Scenes: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at the procedural worlds: one row of frames for each seed.")

  @Option(help: "The first world's seed; the others follow.")
  var seed: UInt64 = 1
  @Option(help: "How many worlds.")
  var count = 8
  @Option(help: "Frames of each.")
  var frames = 6
  @Option(help: "Size of a frame, as 256x192 or 128.")
  var resolution = Size(side: 128)
  @Option(help: "Rays a pixel.")
  var samples = 4
  @Option(help: "The sheet's file (PNG).")
  var out: String?
  @Option(help: "A new folder: the first world's frames become a capture there.")
  var export: String?

  func validate() throws {
    guard (1...1000).contains(count), (1...64).contains(frames), (1...256).contains(samples) else {
      throw ValidationError("count is 1 to 1000, frames 1 to 64, samples 1 to 256")
    }
    if out == nil && export == nil { throw ValidationError("give --out, --export or both") }
  }

  func run() throws {
    if let export {
      try Capture.write(
        frames: film(ProceduralWorld(seed: seed)).map(\.frame), up: ProceduralWorld.up,
        scale: ProceduralWorld.scale, to: export, as: .jpeg(quality: 92))
      note("wrote \(export)")
    }
    guard let out else { return }
    var sheet = ContactSheet(columns: frames)
    for world in (0..<UInt64(count)).map({ ProceduralWorld(seed: seed &+ $0) }) {
      for (i, film) in film(world).enumerated() {
        sheet.add(film.frame.image, caption: i == 0 ? "seed \(world.seed)" : nil)
      }
    }
    try sheet.image().writePNG(to: out)
    note("wrote \(out)")
  }

  private func film(_ world: ProceduralWorld) -> [Film] {
    let lens = world.lens(width: resolution.width, height: resolution.height)
    return world.walk(count: frames, intrinsics: lens, seed: 0)
      .map { world.film($0, samples: samples, threads: 2) }
  }
}
