import ArgumentParser
import Evaluation
import Generation
import Images
import Memory
import Procedural
import Scene

/// `rtfm bench recall`: how much of what there is to be recalled the memory recalls, and how fast.
struct BenchRecall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recall",
    abstract:
      "Measure the memory: what recall finds, and how long it takes in memories of any size.",
    discussion: """
      Quality: of procedural worlds' frames, 4 or 8 are chosen for a query by recall, without and \
      with coarse depths, by overlapping fields of view (from above; by random points) and by \
      nearest pose. `of_oracle` is the part of the query's pixels that they show over the part \
      that an oracle's choice shows, which knows what is visible from where. With --model, frames \
      have the model's size, and recall also goes by the depths that it guesses.

      Speed: milliseconds of one core's time, in memories of synthetic poses without pixels: \
      spread over a city of 11 keyframes a square unit, or all in a flat of 6 x 6 units.

      With --frames, also whole frames of a walk through such cities: recall, gathering, the network \
      and admission. All keyframes share the KV of eight filmed pictures.
      """)

  @Option(help: "Frames chosen for a query; several numbers give several results.")
  var contexts = Counts([4, 8])
  @Option(help: "Procedural worlds of each family; 0 leaves quality out.")
  var worlds = 8
  @Option(
    help: "A model's file, or a name in Models/: recall also by the depths that it guesses.")
  var model: String?
  @Option(
    help: "Keyframes in the memory; several numbers give several results, 0 leaves speed out.")
  var keyframes = Counts([100, 1_000, 10_000, 100_000, 1_000_000])
  @Option(help: "Whole frames drawn in each memory, by --model or the bundled one; 0 for none.")
  var frames = 0
  @Option(help: "With --frames, a plot (PNG) to write.")
  var out: String?
  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard !contexts.values.isEmpty, contexts.values.allSatisfy({ (1...64).contains($0) }),
      (0...1000).contains(worlds), (0...100_000).contains(frames),
      keyframes.values.allSatisfy({ $0 <= 10_000_000 })
    else {
      throw ValidationError(
        "contexts are 1 to 64, worlds 0 to 1000, frames 0 to 100000, keyframes up to 10000000")
    }
    if out != nil, frames == 0 { throw ValidationError("--out is the plot of --frames") }
  }

  struct Document: Encodable {
    let quality: [Quality]
    let speed: [RecallSpeed]
    let frames: [FrameSpeed]
  }

  /// How the choosers did in one family of worlds.
  struct Quality: Encodable {
    let family: ProceduralWorld.Family
    let results: [RecallContest.Result]
  }

  func run() throws {
    try checkWritable(out)
    let quality = worlds > 0 ? try ProceduralWorld.Family.allCases.map(contest) : []
    let speed = keyframes.values.filter { $0 > 0 }.flatMap { count in
      RecallSpeed.Layout.allCases.map { layout in
        note("\(count) keyframes, \(layout)")
        return RecallSpeed(layout, keyframes: count, contexts: contexts.values[0])
      }
    }
    let frames = try frames > 0 ? frameSpeeds() : []
    if json { return try printJSON(Document(quality: quality, speed: speed, frames: frames)) }
    for family in quality { print(family.table) }
    for result in speed { print(result.line) }
    for result in frames { print(result.line) }
  }

  private func frameSpeeds() throws -> [FrameSpeed] {
    let model = try FrameModel(contentsOf: Shelf.models.path(of: model))
    model.precision = .fastest
    note("\(frames) frames in each of \(keyframes) keyframes")
    let speeds = FrameSpeed.measure(
      keyframes.values.filter { $0 > 0 }, model: model, frames: frames)
    if let out {
      try speeds.plot.writePNG(to: out)
      note("wrote \(out)")
    }
    return speeds
  }

  private func contest(in family: ProceduralWorld.Family) throws -> Quality {
    let model = try model.map { try FrameModel(contentsOf: Shelf.models.path(of: $0)) }
    var contest = RecallContest(contexts: contexts.values, guess: model.map(\.guess))
    let kind = UInt64(ProceduralWorld.Family.allCases.firstIndex(of: family)!)
    for number in 0..<worlds {
      note("\(family.rawValue) \(number + 1) of \(worlds)")
      contest.add(
        ProceduralWorld(
          family, seed: 0xEC40_0000_0000_0000 + kind << 32 + UInt64(number)),
        side: model?.resolution ?? 64)
    }
    return Quality(family: family, results: contest.results)
  }
}

extension FrameModel {
  fileprivate var guess: RecallContest.Guess {
    { frame, scale in self.coarseDepth(of: frame, kv: self.encode(frame), scale: scale) }
  }
}

extension BenchRecall.Quality {
  /// For people.
  var table: String {
    let lines = results.map { result in
      "  \(result.chooser.rawValue.padded(to: 16))\(result.contexts) contexts: "
        + "\((100 * result.covered).digits(1, width: 5)) % of the pixels, "
        + "\((100 * result.ofOracle).digits(1, width: 5)) % of the oracle's"
    }
    return ([family.rawValue] + lines).joined(separator: "\n")
  }
}
