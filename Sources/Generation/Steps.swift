public import Scene
public import Torch

/// How often the network is asked for one picture.
///
///     settings.steps = 1       // once, from zeros
///     settings.steps = .auto   // once where the network is sure, up to four times where it isn't
public enum Steps: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// So many evaluations, from zeros.
  case fixed(Int)
  /// As many as the network's own certainty of the picture asks for.
  case auto

  public init(integerLiteral count: Int) { self = .fixed(count) }

  /// Reads `auto`, or a number of 1 to 1000; nil for anything else.
  public init?(_ text: String) {
    if text == "auto" {
      self = .auto
    } else if let count = Int(text), (1...1000).contains(count) {
      self = .fixed(count)
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .fixed(let count): "\(count)"
    case .auto: "auto"
    }
  }

  /// Whether a picture can be drawn in so many.
  var isPossible: Bool {
    if case .fixed(let count) = self { count > 0 } else { true }
  }

  /// The most evaluations that `auto` takes: more have shown no gain.
  public static let most = 4

  /// The evaluations that a picture deserves of which the network is so sure: one for each tenth of
  /// the picture that it cannot tell, as ``Prediction/certainty`` counts, from 1 to 4.
  public static func count(certainty: Double) -> Int {
    min(most, max(1, Int((10 * (1 - certainty)).rounded(.up))))
  }
}

/// A number, or the word `auto`.
extension Steps: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .fixed(count)
    } else if let steps = Steps(try container.decode(String.self)) {
      self = steps
    } else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "steps are a number or auto")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .fixed(let count): try container.encode(count)
    case .auto: try container.encode("auto")
    }
  }
}

extension FrameModel {
  /// Draws what the query camera sees, in so many steps or in as many as are called for.
  ///
  /// - Parameter noise: where to start: nil for zeros.
  ///
  /// The first evaluation, at t = 0, is the same for any number of steps: where the network is
  /// sure of its picture, it is the answer, and else the first step towards one. So a picture depends
  /// on nothing but the query and its context; on a CPU no evaluation is in vain.
  public func draw(
    _ query: Camera, context: Context?, by steps: Steps, noise: Tensor? = nil
  ) -> Prediction {
    if case .fixed(let count) = steps {
      return draw(query, context: context, steps: count, noise: noise)
    }
    let first = draw(query, context: context, noise: noise)
    let count = Steps.count(certainty: first.certainty)
    guard count > 1 else { return first }
    return Runtime.inference {
      guard !isTiled(query.intrinsics), let evaluation = fusedEvaluation(for: query, context) else {
        // Recorded work and tiles begin anew.
        return draw(query, context: context, steps: count, noise: noise)
      }
      return sample(from: noise, steps: count, after: first, evaluation)
    }
  }

  /// The noise of a seed, for a picture to begin as, `[1, 3, Y, X]`: always the same.
  public func noise(seed: UInt64, for lens: Intrinsics) -> Tensor {
    let side = tile ?? .max
    let scale = Configuration.noiseScale(
      width: min(side, lens.width), height: min(side, lens.height))
    return Generator(seed: seed, on: device).normal([1, 3, lens.height, lens.width]) * scale
  }
}
