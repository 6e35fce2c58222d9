public import Generation
import Memory
public import Scene

/// How well held-out frames are drawn from others of the same place, beside baselines that learned
/// nothing.
///
///     let test = Reconstruction(contexts: [1, 2, 4, 8])
///     let results = test.results(of: exams) { exam in model.artist(for: exam, steps: 1) }
///
/// A target's context is what ``SpatialMemory`` recalls for its camera from the sources.
public struct Reconstruction {
  /// Draws a query from some of an exam's frames, given as indices, best first.
  public typealias Artist = (_ query: Camera, _ context: [Int]) -> Image

  /// How many frames to draw from at most: a result each.
  public let contexts: [Int]
  /// Called with the target's exam, the answer and the context; for contact sheets.
  public var watch: (Exam, Answer) -> Void = { _, _ in }

  public init(contexts: [Int]) { self.contexts = contexts }

  /// One target, drawn.
  public struct Answer {
    /// The most frames that it might have been drawn from.
    public let limit: Int
    public let target: Int
    /// The frames that it was drawn from.
    public let context: [Int]
    public let image: Image
    public let nearest: Image
    public let score: Score
  }

  /// Draws all targets of the exams, each opened when its turn comes.
  public func results(
    of exams: some Sequence<Exam>, by artist: (Exam) -> Artist
  ) -> [ReconstructionResult] {
    var tallies = contexts.map { _ in Tally() }
    for exam in exams {
      let draw = artist(exam)
      for target in exam.targets {
        let memory = exam.memory(without: target)
        for (i, limit) in contexts.enumerated() {
          let context = memory.recall(for: exam.frames[target].camera, limit: limit).map(\.value)
          let answer = answer(exam, target, limit, context, draw, &tallies[i])
          watch(exam, answer)
        }
      }
    }
    return zip(contexts, tallies).map { ReconstructionResult(contexts: $0, $1) }
  }

  private func answer(
    _ exam: Exam, _ target: Int, _ limit: Int, _ context: [Int], _ draw: Artist,
    _ tally: inout Tally
  ) -> Answer {
    let truth = exam.frames[target]
    let image = draw(truth.camera, context)
    let frames = context.map { exam.frames[$0] }
    let baselines = Baseline.allCases.map { baseline in
      baseline.draw(truth.camera, from: frames, depth: exam.scale)
        ?? Image(width: image.width, height: image.height, color: [128, 128, 128])
    }
    tally.recalled.append(context.count)
    let covered = exam.covered(target, by: context)
    let regions = [nil, covered, covered.map { $0.map { !$0 } }]
    for (i, region) in regions.enumerated() where i == 0 || region.isWorthScoring {
      tally.regions[i].add([image] + baselines, truth: truth.image, mask: region)
    }
    return Answer(
      limit: limit, target: target, context: context, image: image, nearest: baselines[0],
      score: tally.regions[0].scores[0].last!)
  }
}

extension [Bool]? {
  /// Whether a region is large enough for its scores to mean anything: a hundredth of the picture.
  fileprivate var isWorthScoring: Bool {
    guard let self else { return false }
    return self.count { $0 } * 100 >= self.count
  }
}

/// Scores of many targets, collected.
struct Tally {
  var recalled: [Int] = []
  /// All pixels, those that the context shows, and those that it doesn't.
  var regions = [Region(), Region(), Region()]

  struct Region {
    /// Of the model and of each baseline.
    var scores: [[Score]] = Array(repeating: [], count: 1 + Baseline.allCases.count)

    mutating func add(_ images: [Image], truth: Image, mask: [Bool]?) {
      for (i, image) in images.enumerated() {
        if let score = Score(of: image, against: truth, mask: mask) { scores[i].append(score) }
      }
    }
  }
}

extension Exam {
  /// A memory of the sources, one frame left out.
  fileprivate func memory(without target: Int) -> SpatialMemory<Int> {
    var policy = Policy()
    policy.keepsNewest = false  // pictures given all at once have no newest
    policy.gainThreshold = 1e-4  // as many as asked for, if they add anything at all
    var memory = SpatialMemory<Int>(scale: scale, policy: policy)
    for source in sources where source != target {
      memory.admit(source, camera: frames[source].camera, always: true)
    }
    return memory
  }
}

extension FrameModel {
  /// Draws an exam's targets; encodes each of its frames once.
  public func artist(for exam: Exam, steps: Int) -> Reconstruction.Artist {
    var encoded: [Int: KV] = [:]
    return { query, context in
      let frames = context.map { i in
        let kv = encoded[i] ?? self.encode(exam.frames[i])
        encoded[i] = kv
        return (kv: kv, camera: exam.frames[i].camera)
      }
      let context = self.gather(frames, for: query, scale: exam.scale)
      return self.draw(query, context: context, steps: steps).image.image
    }
  }
}
