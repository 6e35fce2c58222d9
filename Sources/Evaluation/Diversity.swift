public import Generation
import Memory
public import Scene
import Torch

/// How differently a model draws the same query from different noise: how much it can invent where
/// its context shows nothing, and how steady it is where it shows all.
public struct Diversity: Encodable, Hashable, Sendable {
  /// Network evaluations a picture.
  public let steps: Int
  /// Pictures of each target.
  public let draws: Int
  /// How many targets.
  public let targets: Int
  /// The mean absolute difference of two pictures' sRGB values, 0...1, where the context shows
  /// nothing; nil if that is nowhere.
  public let uncovered: Double?
  /// The same where it shows the place.
  public let covered: Double?

  /// Draws a query from some of an exam's frames, given as indices, and from a seed's noise.
  public typealias Artist = (_ query: Camera, _ context: [Int], _ seed: UInt64) -> Image

  /// Draws all targets of the exams several times, each from the one frame that shows most of it.
  ///
  /// - Precondition: two draws at least.
  public init(
    steps: Int, draws: Int = 4, of exams: some Sequence<Exam>, by artist: (Exam) -> Artist
  ) {
    precondition(draws > 1, "Diversity: \(draws) pictures differ from nothing")
    var (shown, hidden, count) = ([Double](), [Double](), 0)
    for exam in exams {
      let draw = artist(exam)
      for target in exam.targets {
        let query = exam.frames[target].camera
        let context = exam.memory(without: target).recall(for: query, limit: 1).map(\.value)
        let images = (0..<UInt64(draws)).map { draw(query, context, $0) }
        count += 1
        guard let covered = exam.covered(target, by: context) else { continue }
        if covered.isWorthScoring { shown.append(spread(of: images, mask: covered)) }
        let rest = covered.map(!)
        if rest.isWorthScoring { hidden.append(spread(of: images, mask: rest)) }
      }
    }
    (self.steps, self.draws, targets) = (steps, draws, count)
    (uncovered, covered) = (hidden.average, shown.average)
  }
}

/// The mean absolute difference of sRGB values in 0...1, over all pairs of images and the pixels
/// that a mask picks.
/// - Precondition: images and mask have one size, and the mask picks a pixel.
func spread(of images: [Image], mask: [Bool]) -> Double {
  let places = mask.indices.filter { mask[$0] }.flatMap { [3 * $0, 3 * $0 + 1, 3 * $0 + 2] }
  var (sum, pairs) = (0, 0)
  for (i, a) in images.enumerated() {
    for b in images[..<i] {
      pairs += 1
      sum += places.reduce(0) { $0 + abs(Int(a.pixels[$1]) - Int(b.pixels[$1])) }
    }
  }
  return Double(sum) / Double(255 * pairs * places.count)
}

extension FrameModel {
  /// Draws an exam's targets from a seed's noise; encodes each of its frames once.
  public func dreamer(for exam: Exam, steps: Int) -> Diversity.Artist {
    let gather = gatherer(for: exam)
    return { query, context, seed in
      let noise = self.noise(seed: seed, for: query.intrinsics)
      return self.draw(
        query, context: gather(query, context), steps: steps, noise: noise
      ).image.image
    }
  }
}
