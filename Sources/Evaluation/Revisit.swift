public import Scene

/// Whether a place is still the same on coming back: a walk leaves a view, returns after so many
/// frames, and what is drawn then is compared with what was drawn first.
///
///     var revisit = Revisit()
///     revisit.add("rtfm", outing, try await Revisit.visits(of: outing, with: world))
///     let rows = revisit.results
///
/// One walk serves all its returns, so the later ones have seen the start at the earlier ones, too.
/// The poses beside the start are drawn before leaving and at each return, and not remembered.
public struct Revisit {
  /// What is drawn of the start, and beside it, at one time.
  public struct Visit: Sendable {
    /// Drawn since the first visit.
    public let frames: Int
    /// Remembered by then.
    public let keyframes: Int
    /// Of each of the outing's views.
    public let images: [Image]
  }

  public enum Pose: String, CaseIterable, Codable, Sendable {
    /// Where the walk began.
    case exact
    /// 5 to 20 cm and 5 to 15 degrees beside it.
    case near
  }

  private var tallies: [Key: Scores] = [:]

  fileprivate struct Key: Hashable {
    let memory: String
    let frames: Int
    let pose: Pose
  }

  fileprivate struct Scores {
    var whole: [Score] = []
    var covered: [Score] = []
    var invented: [Score] = []
    var truthFirst: [Score] = []
    var truthAgain: [Score] = []
    var keyframes: [Double] = []
  }

  public init() {}

  /// Walks an outing: the first visit, then each return.
  ///
  /// - Parameter watch: called after each frame with how many have been drawn since the first.
  /// - Throws: what the memory's ``Recollection/rest()`` does.
  public static func visits(
    of outing: Outing, with memory: some Recollection, watch: (Int) -> Void = { _ in }
  ) async throws -> [Visit] {
    var visits: [Visit] = []
    for i in outing.walk.indices {
      let isReturn = outing.returns.contains(i)
      if isReturn { try await memory.rest() }
      let image = await memory.step(i, of: outing.walk)
      watch(i)
      guard i == 0 || isReturn else { continue }
      var images = [image]
      for k in outing.views.indices.dropFirst() {
        images.append(await memory.glance(k, of: outing.views))
      }
      visits.append(Visit(frames: i, keyframes: await memory.keyframeCount(), images: images))
    }
    return visits
  }

  /// Scores the returns of a walk against its first visit.
  public mutating func add(_ memory: String, _ outing: Outing, _ visits: [Visit]) {
    guard let first = visits.first else { return }
    for visit in visits.dropFirst() {
      for k in outing.views.indices {
        let key = Key(memory: memory, frames: visit.frames, pose: k == 0 ? .exact : .near)
        let truth = outing.truths?[k]
        tallies[key, default: Scores()].add(
          first: first.images[k], again: visit.images[k], truth, visit.keyframes)
      }
    }
  }

  /// The means over all walks, by memory, pose and frames.
  public var results: [RevisitResult] {
    tallies.map { key, scores in
      RevisitResult(
        frames: key.frames, pose: key.pose, memory: key.memory, score: Score.mean(scores.whole)!,
        keyframes: scores.keyframes.average!, views: scores.whole.count,
        covered: Score.mean(scores.covered), invented: Score.mean(scores.invented),
        truth: RevisitResult.Truth(
          first: Score.mean(scores.truthFirst), again: Score.mean(scores.truthAgain)))
    }.sorted {
      ($0.memory, $0.pose.rawValue, $0.frames) < ($1.memory, $1.pose.rawValue, $1.frames)
    }
  }
}

extension Revisit.Scores {
  fileprivate mutating func add(
    first: Image, again: Image, _ truth: (image: Image, covered: [Bool])?, _ keyframes: Int
  ) {
    let likeness = Likeness(of: again, to: first)
    whole += [likeness.score()].compactMap { $0 }
    self.keyframes.append(Double(keyframes))
    guard let truth else { return }
    func score(_ mask: [Bool]) -> [Score] {
      mask.isWorthScoring ? [likeness.score(mask: mask)].compactMap { $0 } : []
    }
    covered += score(truth.covered)
    invented += score(truth.covered.map(!))
    truthFirst += [Score(of: first, against: truth.image)].compactMap { $0 }
    truthAgain += [Score(of: again, against: truth.image)].compactMap { $0 }
  }
}

/// How much a return is like the first visit.
public struct RevisitResult: Encodable, Sendable {
  /// Drawn since the first visit.
  public let frames: Int
  public let pose: Revisit.Pose
  /// Which way of remembering.
  public let memory: String
  /// Of the return against the first visit.
  public let score: Score
  /// Remembered at the return, on average.
  public let keyframes: Double
  /// How many pairs of pictures this is the mean of.
  public let views: Int
  /// Where the given pictures show the place; nil where nobody knows.
  public let covered: Score?
  /// Where they don't.
  public let invented: Score?
  public let truth: Truth?

  /// Both times, against what is really there.
  public struct Truth: Encodable, Sendable {
    public let first: Score
    public let again: Score

    init?(first: Score?, again: Score?) {
      guard let first, let again else { return nil }
      (self.first, self.again) = (first, again)
    }
  }

  private enum Keys: CodingKey {
    case frames, pose, memory, keyframes, views, covered, invented, truth
  }

  public func encode(to encoder: any Encoder) throws {
    try score.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(frames, forKey: .frames)
    try container.encode(pose, forKey: .pose)
    try container.encode(memory, forKey: .memory)
    try container.encode(keyframes, forKey: .keyframes)
    try container.encode(views, forKey: .views)
    try container.encodeIfPresent(covered, forKey: .covered)
    try container.encodeIfPresent(invented, forKey: .invented)
    try container.encodeIfPresent(truth, forKey: .truth)
  }
}
