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
  /// Where something shines or mirrors, covered or not.
  public let reflective: Comparison?
  /// The same for the targets of each procedural family; empty for captures.
  public let families: [String: ReconstructionResult]

  /// A model's score beside the baselines', over the same pixels.
  public struct Comparison: Encodable, Sendable {
    public let score: Score
    /// The energy of the model's fine detail over the truth's: 1 is as sharp, 0 is a blur; nil where
    /// the truth has none.
    public let sharpness: Double?
    /// By name: `nearest`, `warp`.
    public let baselines: [String: Score]
    /// How many targets have enough of these pixels.
    public let targets: Int

    init?(_ region: Tally.Scores?) {
      let means = region?.scores.map { Score.mean($0) } ?? []
      guard let region, let first = means.first, let score = first else { return nil }
      let names = Baseline.allCases.map { $0 == .plane ? "warp" : $0.rawValue }
      self.score = score
      sharpness = region.detail.value
      baselines = Dictionary(uniqueKeysWithValues: zip(names, means.dropFirst().map { $0! }))
      targets = region.scores[0].count
    }

    public func encode(to encoder: any Encoder) throws {
      try score.encode(to: encoder)
      var container = encoder.container(keyedBy: Keys.self)
      try container.encodeIfPresent(sharpness, forKey: .sharpness)
      try container.encode(baselines, forKey: .baselines)
      try container.encode(targets, forKey: .targets)
    }
  }

  private enum Keys: CodingKey {
    case contexts, recalled, covered, uncovered, reflective, families, sharpness, baselines, targets
  }

  /// - Precondition: there is a target.
  init(contexts: Int, groups: [String?: Tally]) {
    // In an order: a sum of rounded numbers depends on it.
    let all = groups.sorted { ($0.key ?? "") < ($1.key ?? "") }.map(\.value).reduce(Tally(), +)
    let known = groups.compactMap { group, tally in group.map { ($0, tally) } }
    self.init(
      contexts: contexts, all,
      families: Dictionary(
        uniqueKeysWithValues: known.map {
          ($0, ReconstructionResult(contexts: contexts, $1, families: [:]))
        }))
  }

  private init(contexts: Int, _ tally: Tally, families: [String: ReconstructionResult]) {
    guard let whole = Comparison(tally.regions[.whole]) else {
      preconditionFailure("Reconstruction: no targets")
    }
    self.contexts = contexts
    recalled = Double(tally.recalled.reduce(0, +)) / Double(tally.recalled.count)
    self.whole = whole
    covered = Comparison(tally.regions[.covered])
    uncovered = Comparison(tally.regions[.uncovered])
    reflective = Comparison(tally.regions[.reflective])
    self.families = families
  }

  public func encode(to encoder: any Encoder) throws {
    try whole.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(contexts, forKey: .contexts)
    try container.encode(recalled, forKey: .recalled)
    try container.encodeIfPresent(covered, forKey: .covered)
    try container.encodeIfPresent(uncovered, forKey: .uncovered)
    try container.encodeIfPresent(reflective, forKey: .reflective)
    if !families.isEmpty { try container.encode(families, forKey: .families) }
  }
}
