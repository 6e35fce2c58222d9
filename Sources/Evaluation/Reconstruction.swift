public import Generation
import Images
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
  /// Pictures are compared when they have been reduced to a so-many-th of their side: the way to
  /// compare those that were drawn at different sizes.
  public var reduction = 1
  /// Called with the target's exam, the answer and the context; for contact sheets.
  public var watch: (Exam, Answer) -> Void = { _, _ in }

  public init(contexts: [Int]) { self.contexts = contexts }

  /// One target, to be drawn from some frames of its exam.
  public struct Question: Hashable, Sendable {
    public let target: Int
    /// The most frames that it may be drawn from.
    public let limit: Int
    /// The frames that it is drawn from, best first.
    public let context: [Int]
  }

  /// One target, drawn.
  public struct Answer {
    public let question: Question
    public let image: Image
    public let nearest: Image
    public let score: Score
  }

  /// Draws all targets of the exams, each opened when its turn comes.
  /// - Precondition: their sides are multiples of the reduction.
  public func results(
    of exams: some Sequence<Exam>, by artist: (Exam) -> Artist
  ) -> [ReconstructionResult] {
    results(of: exams) { Self.answering($0, artist($0)) }
  }

  /// An artist's way to answer an exam's questions.
  public static func answering(_ exam: Exam, _ draw: @escaping Artist) -> (Question) -> Image {
    { draw(exam.frames[$0.target].camera, $0.context) }
  }

  /// The same of whoever answers the exams' questions with pictures of their targets' size.
  public func results<E: Error>(
    of exams: some Sequence<Exam>, answered respondent: (Exam) -> (Question) throws(E) -> Image
  ) throws(E) -> [ReconstructionResult] {
    var tallies = contexts.map { _ in [String?: Tally]() }
    for exam in exams {
      let draw = respondent(exam)
      for (i, question) in questions(of: exam).enumerated() {
        let image = try draw(question)
        let answer = answer(
          exam, question, image, &tallies[i % contexts.count][exam.group, default: Tally()])
        watch(exam, answer)
      }
    }
    return zip(contexts, tallies).map { ReconstructionResult(contexts: $0, groups: $1) }
  }

  /// What is asked of an exam: each target, from each number of frames in turn.
  public func questions(of exam: Exam) -> [Question] {
    exam.targets.flatMap { target in
      let memory = exam.memory(without: target)
      return contexts.map { limit in
        Question(
          target: target, limit: limit,
          context: memory.recall(for: exam.frames[target].camera, limit: limit).map(\.value))
      }
    }
  }

  private func answer(
    _ exam: Exam, _ question: Question, _ image: Image, _ tally: inout Tally
  ) -> Answer {
    let (target, context) = (question.target, question.context)
    let truth = exam.frames[target]
    let frames = context.map { exam.frames[$0] }
    let baselines = Baseline.allCases.map { baseline in
      baseline.draw(truth.camera, from: frames, depth: exam.scale)
        ?? Image(width: image.width, height: image.height, color: [128, 128, 128])
    }
    tally.recalled.append(context.count)
    tally.add(
      ([image] + baselines).map { $0.reduced(by: reduction) },
      truth: truth.image.reduced(by: reduction), exam, target, context)
    return Answer(
      question: question, image: image, nearest: baselines[0],
      score: tally.regions[.whole]!.scores[0].last!)
  }
}

/// A part of a picture that is scored by itself.
enum Region: CaseIterable {
  /// All pixels.
  case whole
  /// What the context shows.
  case covered
  /// What it doesn't.
  case uncovered
  /// Mirrors, covered or not.
  case reflective

  /// Its pixels in a target; nil for all of them.
  ///
  /// - Parameter covered: what the context shows.
  /// - Precondition: the exam knows its films, unless all pixels are asked for.
  func mask(_ exam: Exam, _ target: Int, covered: [Bool]?) -> [Bool]? {
    switch self {
    case .whole: nil
    case .covered: covered!
    case .uncovered: covered!.map(!)
    case .reflective: exam.reflective(target)!
    }
  }
}

extension Image {
  /// Averaged over squares of so many pixels a side.
  fileprivate func reduced(by side: Int) -> Image {
    side == 1 ? self : resized(width: width / side, height: height / side)
  }
}

extension [Bool] {
  /// A mask of a picture for one that is a whole number of times smaller: a pixel is in if most of
  /// what it averages is.
  fileprivate func reduced(from full: Image, to small: Image) -> [Bool] {
    let side = full.width / small.width
    guard side > 1 else { return self }
    return (0..<small.width * small.height).map { i in
      let (x, y) = (i % small.width * side, i / small.width * side)
      let rows = (y..<y + side).map { self[$0 * full.width + x..<$0 * full.width + x + side] }
      return 2 * rows.joined().count { $0 } > side * side
    }
  }

  /// Whether a region is large enough for its scores to mean anything: a hundredth of the picture.
  var isWorthScoring: Bool { self.count { $0 } * 100 >= self.count }
}

/// Scores of many targets, collected.
struct Tally {
  var recalled: [Int] = []
  var regions: [Region: Scores] = [:]

  struct Scores {
    /// Of the model and of each baseline.
    var scores: [[Score]] = Array(repeating: [], count: 1 + Baseline.allCases.count)
    /// Of the model.
    var detail = DetailRatio()
  }

  /// Scores the pictures, the model's first, over every region that is known and large enough.
  mutating func add(
    _ images: [Image], truth: Image, _ exam: Exam, _ target: Int, _ context: [Int]
  ) {
    let likenesses = images.map { Likeness(of: $0, to: truth) }
    let covered = exam.covered(target, by: context)
    for region in exam.films == nil ? [.whole] : Region.allCases {
      let mask = region.mask(exam, target, covered: covered)?.reduced(
        from: exam.frames[target].image, to: truth)
      guard mask?.isWorthScoring ?? true else { continue }
      var scores = regions[region, default: Scores()]
      for (i, likeness) in likenesses.enumerated() {
        if let score = likeness.score(mask: mask) { scores.scores[i].append(score) }
      }
      scores.detail.add(images[0], truth: truth, mask: mask)
      regions[region] = scores
    }
  }

  static func + (a: Tally, b: Tally) -> Tally {
    Tally(
      recalled: a.recalled + b.recalled, regions: a.regions.merging(b.regions) { $0 + $1 })
  }
}

extension Tally.Scores {
  static func + (a: Self, b: Self) -> Self {
    Self(scores: zip(a.scores, b.scores).map { $0 + $1 }, detail: a.detail + b.detail)
  }
}

extension Exam {
  /// A memory of the sources, one frame left out.
  func memory(without target: Int) -> SpatialMemory<Int> {
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
  public func artist(for exam: Exam, steps: Steps) -> Reconstruction.Artist {
    let gather = gatherer(for: exam)
    return { query, context in
      self.draw(query, context: gather(query, context), by: steps).image.image
    }
  }

  /// Places an exam's frames, given as indices, in a query's coordinates; encodes each once.
  func gatherer(for exam: Exam) -> (_ query: Camera, _ context: [Int]) -> Context? {
    var encoded: [Int: KV] = [:]
    return { query, context in
      let frames = context.map { i in
        let kv = encoded[i] ?? self.encode(exam.frames[i])
        encoded[i] = kv
        return (kv: kv, camera: exam.frames[i].camera)
      }
      return self.gather(frames, for: query, scale: exam.scale)
    }
  }
}
