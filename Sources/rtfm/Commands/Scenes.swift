import ArgumentParser
import Captures
import Images
import Procedural
import Scene

/// `rtfm scenes`: a contact sheet of procedural worlds, a row each.
struct Scenes: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at the procedural worlds: one row of frames for each seed.")

  @Option(help: "Of which family: \(names(ProceduralWorld.Family.self)), or all, in turn.")
  var family = "all"
  @Option(
    help: "In which style: \(names(ProceduralWorld.Style.self)), seed (its own), or all, in turn.")
  var style = "seed"
  @Option(help: "The first world's seed; the others follow.")
  var seed: UInt64 = 1
  @Option(help: "How many worlds of each family.")
  var count = 2
  @Option(help: "Frames of each.")
  var frames = 6
  @Flag(help: "Frames from all over a place, in all directions, and not those of a walk.")
  var survey = false
  @Option(help: "Size of a frame, as 256x192 or 128.")
  var resolution = Size(side: 128)
  @Option(help: "Rays a pixel.")
  var samples = 4
  @Option(help: "The sheet's file (PNG).")
  var out: String?
  @Option(help: "A new folder: the first world's frames become a capture there.")
  var export: String?

  func validate() throws {
    let all = 1...1000
    guard all.contains(count), all.contains(frames), (1...256).contains(samples) else {
      throw ValidationError("count and frames are 1 to 1000, samples 1 to 256")
    }
    if out == nil && export == nil { throw ValidationError("give --out, --export or both") }
  }

  func run() throws {
    try checkWritable(out)
    if let export { try Capture.checkFree(export) }
    let worlds = try worlds
    if let export {
      try Capture.write(
        frames: film(worlds[0]).map(\.frame), up: ProceduralWorld.up, scale: worlds[0].scale,
        to: export, as: .jpeg(quality: 92))
      note("wrote \(export)")
    }
    guard let out else { return }
    var sheet = ContactSheet(columns: frames <= 64 ? frames : 16)
    for world in worlds {
      for (i, film) in film(world).enumerated() {
        let caption = ["\(world.family.rawValue) \(world.seed)", world.style.rawValue]
        sheet.add(film.frame.image, caption: i < caption.count ? caption[i] : nil)
      }
    }
    try sheet.image().writePNG(to: out)
    note("wrote \(out)")
  }

  /// The worlds that the options ask for, family by family.
  private var worlds: [ProceduralWorld] {
    get throws {
      let families = try chosen(family, "family", ProceduralWorld.Family.self)
      let styles = style == "seed" ? [] : try chosen(style, "style", ProceduralWorld.Style.self)
      return families.flatMap { family in
        (0..<count).map { i in
          ProceduralWorld(
            family, seed: seed &+ UInt64(i), style: styles.isEmpty ? nil : styles[i % styles.count])
        }
      }
    }
  }

  /// The case of that name, or all of them.
  private func chosen<T: CaseIterable & RawRepresentable<String>>(
    _ name: String, _ option: String, _: T.Type
  ) throws -> [T] {
    if name == "all" { return Array(T.allCases) }
    guard let one = T(rawValue: name) else {
      let more = option == "style" ? ", seed or all" : " or all"
      throw ValidationError("--\(option) is one of \(names(T.self))\(more); not '\(name)'")
    }
    return [one]
  }

  private func film(_ world: ProceduralWorld) -> [Film] {
    let lens = world.lens(width: resolution.width, height: resolution.height)
    let cameras =
      survey
      ? world.survey(count: frames, intrinsics: lens)
      : world.walk(count: frames, intrinsics: lens, seed: 0)
    return cameras.map { world.film($0, samples: samples, threads: ProceduralWorld.cores) }
  }
}

private func names<T: CaseIterable & RawRepresentable<String>>(_: T.Type) -> String {
  T.allCases.map(\.rawValue).joined(separator: ", ")
}
