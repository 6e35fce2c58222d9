public import Procedural
public import Scene

/// Whether pictures get worse as a walk goes on: the same round through a made-up world, again and
/// again, while what is drawn may enter the memory that the next frames are drawn from.
///
/// Every lap has the same cameras, so where a picture is hard says nothing about when. Beside it
/// the same frames are drawn from the given pictures alone, which cannot drift.
public struct Drift: Sendable {
  /// A round through a world, and what is truly there.
  public struct Circuit: Sendable {
    public let name: String
    public let given: [Frame]
    public let lap: [Camera]
    /// World units a network unit.
    public let scale: Double
    /// What each of the lap's cameras truly sees, and what of it the given pictures show.
    let truths: [(image: Image, covered: [Bool])]
  }

  /// How good one frame is.
  public struct Point: Hashable, Sendable {
    /// In dB, of the whole picture.
    public let psnr: Double
    /// In dB, where given pictures show the place; nil where they show less than a hundredth.
    public let covered: Double?
    /// The energy of fine detail over the truth's.
    public let sharpness: Double?
    /// How far the mean colour is off, in sRGB values of 0...1.
    public let color: Double

    init(_ image: Image, _ truth: (image: Image, covered: [Bool])) {
      psnr = min(100, Evaluation.psnr(image, truth.image))
      covered =
        truth.covered.isWorthScoring
        ? min(100, Evaluation.psnr(image, truth.image, mask: truth.covered)) : nil
      var ratio = DetailRatio()
      ratio.add(image, truth: truth.image, mask: nil)
      sharpness = ratio.value
      color = (image.meanColor - truth.image.meanColor).length
    }
  }

  /// Draws so many frames of a circuit, lap after lap.
  public static func points(
    of circuit: Circuit, with memory: some Recollection, frames: Int
  ) async -> [Point] {
    var points: [Point] = []
    for i in 0..<frames {
      let k = i % circuit.lap.count
      points.append(Point(await memory.step(k, of: circuit.lap), circuit.truths[k]))
    }
    return points
  }
}

extension Drift.Circuit {
  /// A world that no training sees: 16 stops, out and back in 100 frames; every fourth stop's
  /// picture is given.
  public init(procedural number: Int, family: ProceduralWorld.Family, side: Int) {
    let world = ProceduralWorld(heldOut: number, family: family)
    let lens = world.lens(width: side, height: side)
    let stops = world.walk(count: 16, intrinsics: lens, seed: 2, revisits: false)
    let films = stops.indices.filter { $0 % 4 == 0 }.map {
      world.film(stops[$0], threads: ProceduralWorld.cores)
    }
    name = "\(family.rawValue) \(number)"
    given = films.map(\.frame)
    lap = Path.return(stops, count: 100).cameras
    scale = world.scale
    truths = lap.map { camera in
      let film = world.film(camera, threads: ProceduralWorld.cores)
      return (film.frame.image, film.covered(by: films))
    }
  }
}

/// The drift of one walk.
public struct DriftResult: Encodable, Sendable {
  /// The world.
  public let name: String
  public let frames: Int
  /// Remembered in the end.
  public let keyframes: Int
  /// Of the walk whose frames may enter the memory.
  public let walk: Trends
  /// Of the same frames, each drawn from the given pictures alone.
  public let givenOnly: Trends
  /// PSNR and the others, frame by frame, of the first walk.
  public let series: Series

  /// Straight lines through a walk's frames.
  public struct Trends: Encodable, Sendable {
    public let psnr: Trend?
    public let coveredPSNR: Trend?
    public let sharpness: Trend?
    public let color: Trend?

    public init(_ points: [Drift.Point]) {
      psnr = Trend(points.map(\.psnr))
      coveredPSNR = Trend(points.map(\.covered))
      sharpness = Trend(points.map(\.sharpness))
      color = Trend(points.map(\.color))
    }
  }

  public struct Series: Encodable, Sendable {
    public let psnr: [Double]
    public let coveredPSNR: [Double?]
    public let sharpness: [Double?]
    public let color: [Double]
  }

  public init(name: String, keyframes: Int, walk: [Drift.Point], givenOnly: [Drift.Point]) {
    (self.name, frames, self.keyframes) = (name, walk.count, keyframes)
    (self.walk, self.givenOnly) = (Trends(walk), Trends(givenOnly))
    series = Series(
      psnr: walk.map(\.psnr), coveredPSNR: walk.map(\.covered),
      sharpness: walk.map(\.sharpness), color: walk.map(\.color))
  }
}

/// The straight line that fits values best, by least squares.
public struct Trend: Codable, Hashable, Sendable {
  public let mean: Double
  /// How much it rises in a hundred values.
  public let perHundredFrames: Double

  /// Of values one after the other, those that are nil left out; nil of less than two.
  public init?(_ values: [Double?]) {
    let points = values.enumerated().compactMap { i, value in value.map { (x: Double(i), y: $0) } }
    guard points.count > 1, let x = points.map(\.x).average, let y = points.map(\.y).average
    else { return nil }
    let both = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
    let squares = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    (mean, perHundredFrames) = (y, 100 * both / squares)
  }
}

extension Image {
  /// In sRGB values of 0...1.
  var meanColor: SIMD3<Double> {
    var sum = SIMD3<Double>.zero
    for i in 0..<width * height {
      sum += [Double(pixels[3 * i]), Double(pixels[3 * i + 1]), Double(pixels[3 * i + 2])]
    }
    return sum / Double(255 * width * height)
  }
}
