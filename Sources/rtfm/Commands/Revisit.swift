import ArgumentParser
import Captures
import Evaluation
import Foundation
import Generation
import Images
import Procedural
import Scene

/// `rtfm revisit`: whether a place is still the same on coming back.
struct Revisit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure persistence: walk away, come back, compare with the first visit.",
    discussion: """
      One walk leaves a view and is back after each of the numbers of frames. The view, and four \
      5 to 20 cm and 5 to 15 degrees beside it, are drawn before leaving and at each return. \
      Beside the world's own memory (rtfm) stand one that knows the last frames only (window), one \
      that recalls any frames (random), the world's without its gate, which keeps every frame \
      (ungated), and the world's on disk, closed and opened again before each return (reopened). \
      Every picture is drawn by the model, never taken from a store.
      """)

  /// A way of remembering.
  enum Memory: String, CaseIterable, ExpressibleByArgument {
    case rtfm, reopened, window, random, ungated
  }

  @Argument(help: "A capture's folder, a world's file (its given pictures), or procedural.")
  var place: String
  @Option(help: "After how many frames to be back; several numbers, rising.")
  var frames = Counts([16, 64, 256, 1000])
  @Option(
    help: "rtfm, reopened, window, random or ungated; give it again for more. All by default.")
  var memory: [Memory] = []
  @Option(help: "How many frames a picture is drawn from at most.")
  var contexts = 4
  @OptionGroup var network: ModelOptions
  @Option(help: "How many procedural worlds, one of each family in turn.")
  var worlds = 2
  @Option(help: "A family of procedural worlds; give it again for more. All by default.")
  var family: [String] = []
  @Option(help: "A plot (PNG) to write.")
  var out: String?
  @Option(help: "A contact sheet (PNG) to write: the first world's view at each return.")
  var sheet: String?
  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    let gaps = zip([0] + frames.values, frames.values).map { $1 - $0 }
    guard !gaps.isEmpty, gaps.allSatisfy({ $0 >= 2 }), frames.values.last! <= 10_000_000 else {
      throw ValidationError("frames rise by at least 2, as in 16,64,256")
    }
    guard (0...64).contains(contexts), (1...10_000).contains(worlds) else {
      throw ValidationError("contexts is 0 to 64, worlds 1 to 10000")
    }
    if !family.isEmpty, place != "procedural" {
      throw ValidationError("--family is for procedural worlds; a capture is one place")
    }
    _ = try families(named: family)
  }

  func run() async throws {
    try checkWritable(out, sheet)
    let side = try network.resolution ?? network.open().resolution
    let kinds = memory.isEmpty ? Memory.allCases : memory
    var test = Evaluation.Revisit()
    var sheet = ContactSheet(columns: frames.values.count + 2)
    for (i, makeOuting) in try outings(side).enumerated() {
      let outing = makeOuting()
      for kind in kinds {
        let visits = try await visits(of: outing, kind)
        test.add(kind.rawValue, outing, visits)
        if i == 0 { sheet.add(visits, of: outing, kind.rawValue) }
      }
    }
    let document = Document(
      model: try network.path, place: place, resolution: side, steps: network.steps,
      contexts: contexts, results: test.results)
    if json { try printJSON(document) } else { print(document.results.table) }
    try write(test.results, sheet.image())
  }

  private func outings(_ side: Int) throws -> [() -> Outing] {
    let returns = frames.values
    guard place == "procedural" else {
      let outing = try withCapture(at: place) { try Outing($0, side: side, returns: returns) }
      return [{ outing }]
    }
    let families = try families(named: family)
    return (0..<worlds).map { i in
      {
        Outing(
          procedural: i / families.count, family: families[i % families.count], side: side,
          returns: returns)
      }
    }
  }

  private func visits(of outing: Outing, _ kind: Memory) async throws
    -> [Evaluation.Revisit.Visit]
  {
    var settings = network.settings
    settings.contexts = contexts
    let watch = { (i: Int) in
      if i % 100 == 0 { note("\(outing.name), \(kind): \(i) of \(outing.walk.count - 1) frames") }
    }
    func archive(_ rule: Archive.Rule) throws -> Archive {
      Archive(
        rule, model: try network.open(), given: outing.given, scale: outing.scale,
        settings: settings)
    }
    switch kind {
    case .rtfm:
      let world = try await network.world(outing.given, scale: outing.scale, settings: settings)
      return try await Evaluation.Revisit.visits(of: outing, with: world, watch: watch)
    case .reopened:
      return try await reopened(outing, settings, watch)
    case .window:
      return try await Evaluation.Revisit.visits(
        of: outing, with: try archive(.newest), watch: watch)
    case .random:
      return try await Evaluation.Revisit.visits(
        of: outing, with: try archive(.random(seed: 1)), watch: watch)
    case .ungated:
      return try await Evaluation.Revisit.visits(
        of: outing, with: try archive(.covering), watch: watch)
    }
  }

  /// Walks in a world on disk that is gone when it is done.
  private func reopened(
    _ outing: Outing, _ settings: World.Settings, _ watch: (Int) -> Void
  ) async throws -> [Evaluation.Revisit.Visit] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("rtfm-revisit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let world = try Reopening(
      at: folder.appendingPathComponent("revisit.world").path, given: outing.given,
      scale: outing.scale, settings: settings
    ) { try network.open() }
    return try await Evaluation.Revisit.visits(of: outing, with: world, watch: watch)
  }

  private func write(_ results: [RevisitResult], _ pictures: Image) throws {
    if let out {
      try results.plot.writePNG(to: out)
      note("wrote \(out)")
    }
    if let sheet {
      try pictures.writePNG(to: sheet)
      note("wrote \(sheet)")
    }
  }

  struct Document: Encodable {
    let model: String
    let place: String
    let resolution: Int
    let steps: Steps
    let contexts: Int
    let results: [RevisitResult]
  }
}

extension ContactSheet {
  /// A row: what is truly there, if known, then the first visit and each return.
  fileprivate mutating func add(
    _ visits: [Evaluation.Revisit.Visit], of outing: Outing, _ memory: String
  ) {
    guard let size = visits.first?.images[0] else { return }
    add(
      outing.truth ?? Image(width: size.width, height: size.height, color: [24, 24, 26]),
      caption: memory)
    for visit in visits { add(visit.images[0], caption: "\(visit.frames)") }
  }
}

extension [RevisitResult] {
  /// PSNR against the frames away, on a scale of doublings: exact poses above, near ones below.
  fileprivate var plot: Image {
    let plots = Evaluation.Revisit.Pose.allCases.map { pose in
      var plot = LinePlot(
        title: "Return against first visit, \(pose.rawValue) pose",
        x: "frames since the first visit, doublings (10 is 1024)", y: "PSNR dB")
      let rows = filter { $0.pose == pose }
      for (memory, rows) in Dictionary(grouping: rows, by: \.memory).sorted(by: { $0.key < $1.key })
      {
        plot.add(memory, rows.map { SIMD2(log2(Double($0.frames)), $0.score.psnr) })
      }
      return plot.image(height: 360)
    }
    return Image(
      width: plots[0].width, height: plots.reduce(0) { $0 + $1.height },
      pixels: plots.flatMap(\.pixels))
  }
}
