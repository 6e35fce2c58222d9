/// The mean scores of targets drawn from at most so many frames.
public struct ReconstructionResult: Encodable, Sendable {
  public let contexts: Int
  /// How many frames recall gave on average: fewer than `contexts` where more would add nothing.
  public let recalled: Double
  /// Over whole pictures.
  public let whole: Comparison
  /// Where the context shows what the target sees; nil without ground truth, or if it is nowhere.
  public let covered: Comparison?
  /// Where it doesn't.
  public let uncovered: Comparison?

  /// A model's score beside the baselines', over the same pixels.
  public struct Comparison: Encodable, Sendable {
    public let score: Score
    /// By name: `nearest`, `warp`.
    public let baselines: [String: Score]
    /// How many targets have enough of these pixels.
    public let targets: Int

    init?(_ region: Tally.Region) {
      let means = region.scores.map { Score.mean($0) }
      guard let first = means.first, let score = first else { return nil }
      let names = Baseline.allCases.map { $0 == .plane ? "warp" : $0.rawValue }
      self.score = score
      baselines = Dictionary(uniqueKeysWithValues: zip(names, means.dropFirst().map { $0! }))
      targets = region.scores[0].count
    }

    public func encode(to encoder: any Encoder) throws {
      try score.encode(to: encoder)
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(baselines, forKey: .baselines)
      try container.encode(targets, forKey: .targets)
    }
  }

  private enum Keys: CodingKey { case contexts, recalled, covered, uncovered, baselines, targets }

  init(contexts: Int, _ tally: Tally) {
    guard let whole = Comparison(tally.regions[0]) else {
      preconditionFailure("Reconstruction: no targets")
    }
    self.contexts = contexts
    recalled = Double(tally.recalled.reduce(0, +)) / Double(tally.recalled.count)
    self.whole = whole
    covered = Comparison(tally.regions[1])
    uncovered = Comparison(tally.regions[2])
  }

  public func encode(to encoder: any Encoder) throws {
    try whole.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(contexts, forKey: .contexts)
    try container.encode(recalled, forKey: .recalled)
    try container.encodeIfPresent(covered, forKey: .covered)
    try container.encodeIfPresent(uncovered, forKey: .uncovered)
  }
}
