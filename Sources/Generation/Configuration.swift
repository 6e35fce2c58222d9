import Foundation

/// Everything that decides a frame model's shape. A variant is a preset with a field changed.
public struct Configuration: Codable, Hashable, Sendable {
  public var layers: Int
  public var width: Int
  public var heads: Int
  public var keyValueHeads: Int
  /// Channels a head; divisible by 16, so that both halves and both anchors get whole groups.
  public var headWidth = 64
  /// Side of a patch in pixels.
  public var patch: Int
  /// How far what a token paints reaches beyond its patch, in pixels on each side, so that no grid
  /// shows where patches meet; at most half a patch.
  public var overlap: Int
  /// Learned tokens a frame besides its patches: room for what belongs to no place.
  public var registers = 4
  /// Depths per key/value head at which a context patch is projected into the query's image; 0
  /// leaves the epipolar prior out (a context patch then keeps its own place), for comparison.
  public var anchors = 2
  /// Nearest and farthest anchor, in world scales: 0.7 to 7 m where the scale is 2 m.
  public var anchorRange = [0.35, 3.5]
  /// How far a context patch's anchors follow the depth that the network guesses for it when it encodes
  /// the frame: 0, not at all, to 1, entirely; nil for a network that guesses none.
  public var anchorPull: Double?
  /// What is left of the anchors' spread around their middle, as a power of it: 1 for all.
  public var anchorSpread = 1.0
  /// Turn of the fastest rotary pair across an image, in radians: 24, so 1.5 a patch of 16 x 16.
  public var rotaryPeak = 24.0
  /// From the fastest rotary pair to one past the slowest, turns fall by this factor: 16, so that four
  /// pairs turn in octaves, the slowest half a turn across an image. 12 and 100 learned more slowly
  /// (Documentation/LOG.md).
  public var rotaryBase = 16.0
  /// Turn of the fastest pair of values' channels, in radians a patch: 8, a wave of six pixels in
  /// patches of 8. Nil where values are not turned.
  public var valuePeak: Double? = 8
  /// Width inside the feed-forward layers: 8/3 of the width, in whole 64s.
  public var hidden: Int

  public init(
    layers: Int, width: Int, heads: Int, keyValueHeads: Int, headWidth: Int = 64, patch: Int
  ) {
    self.layers = layers
    self.width = width
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
    self.patch = patch
    hidden = width * 8 / 3 / 64 * 64
    overlap = Self.overlap(patch: patch)
  }

  /// The overlap that presets have: seams of eight pixels, of sixteen for patches of 64, and in patches
  /// below eight as wide as they are. Enough not to be seen, and little to compute where patches are large.
  public static func overlap(patch: Int) -> Int { min(patch / 2, max(4, patch / 8)) }

  /// About 3.1 M parameters: tests and experiments on a CPU.
  public static let nano = Configuration(
    layers: 6, width: 192, heads: 3, keyValueHeads: 3, patch: 8)
  /// About 23.5 M: a laptop's CPU at 256 pixels.
  public static let small = Configuration(
    layers: 12, width: 384, heads: 6, keyValueHeads: 6, patch: 16)
  /// About 119 M: one consumer GPU at 512 pixels.
  public static let base = Configuration(
    layers: 18, width: 768, heads: 12, keyValueHeads: 4, patch: 16)
  /// About 469 M: 720p to 1080p.
  public static let large = Configuration(
    layers: 26, width: 1280, heads: 20, keyValueHeads: 5, patch: 32)
  /// About 1.08 B: 4K on one data-centre GPU.
  public static let huge = Configuration(
    layers: 22, width: 2048, heads: 16, keyValueHeads: 4, headWidth: 128, patch: 64)
  /// About 2.07 B.
  public static let giant = Configuration(
    layers: 28, width: 2560, heads: 20, keyValueHeads: 5, headWidth: 128, patch: 64)

  public static let presets: KeyValuePairs<String, Configuration> = [
    "nano": .nano, "small": .small, "base": .base, "large": .large, "huge": .huge, "giant": .giant,
  ]

  /// - Throws: `ModelError.preset` for a name that is none of `presets`.
  public static func preset(named name: String) throws -> Configuration {
    guard let found = presets.first(where: { $0.key == name }) else {
      throw ModelError.preset(name)
    }
    return found.value
  }

  /// The depth in world scales of each anchor, `[G, A]`, geometric over the range so that heads
  /// interleave; of a patch whose depth is guessed to be `middleDepth`.
  var anchorDepths: [Float] {
    let (near, far) = (anchorRange[0], anchorRange[1])
    let last = Double(max(1, anchors * keyValueHeads - 1))
    return (0..<keyValueHeads).flatMap { g in
      (0..<anchors).map { a in
        let depth = near * pow(far / near, Double(a * keyValueHeads + g) / last)
        return Float(
          anchorSpread == 1 ? depth : middleDepth * pow(depth / middleDepth, anchorSpread))
      }
    }
  }

  /// The anchors' geometric middle, in world scales: what depths are guessed relative to.
  public var middleDepth: Double { (anchorRange[0] * anchorRange[1]).squareRoot() }

  /// Standard deviation of the noise that a frame at t = 0 is made of: 1 up to 256 pixels, growing
  /// with the side from there, since neighbouring pixels tell ever more about each other.
  public static func noiseScale(width: Int, height: Int) -> Double {
    max(1, Double(width * height).squareRoot() / 256)
  }

  /// Numbers that a token paints: colours of a window's pixels.
  public var paint: Int { 3 * (patch + 2 * overlap) * (patch + 2 * overlap) }

  /// Pairs of channels in one rotary group.
  var pairs: Int { headWidth / (4 * groups) }

  /// Groups of rotary channels: one an anchor.
  var groups: Int { max(1, anchors) }

  /// Why no network can be built like this; nil when one can. For configurations from files.
  public var flaw: String? {
    let sizes = [layers, width, heads, keyValueHeads, headWidth, patch, registers, hidden]
    if sizes.contains(where: { $0 < 1 || $0 > 65536 }) { return "a size is out of range" }
    if overlap < 0 || overlap > patch / 2 {
      return "patches of \(patch) pixels that overlap by \(overlap), which is not 0 to \(patch / 2)"
    }
    if heads % keyValueHeads != 0 { return "\(keyValueHeads) key/value heads for \(heads) heads" }
    if !(0...16).contains(anchors) || headWidth % (8 * groups) != 0 {
      return "head width \(headWidth) for \(anchors) anchors"
    }
    if anchorRange.count != 2 || !(anchorRange[0] > 0 && anchorRange[1] > anchorRange[0])
      || !anchorRange[1].isFinite
    {
      return "anchor range \(anchorRange)"
    }
    if !(0...1).contains(anchorPull ?? 0) || !(0...1).contains(anchorSpread) {
      return "anchors that follow guesses by \(anchorPull ?? 0) and keep \(anchorSpread) of their "
        + "spread"
    }
    if let valuePeak, !(valuePeak > 0 && valuePeak.isFinite) {
      return "values turned by \(valuePeak)"
    }
    if !(rotaryPeak > 0 && rotaryPeak.isFinite && rotaryBase >= 1 && rotaryBase.isFinite) {
      return "rotary peak \(rotaryPeak), base \(rotaryBase)"
    }
    return nil
  }
}

extension Configuration {
  /// Waves of values' pairs, `[G, A, n]`, in radians a patch along x and along y: lengths in octaves
  /// or about, in two directions at right angles in each group, and in others in the next group.
  var valueWaves: (x: [Float], y: [Float])? {
    guard let valuePeak else { return nil }
    let all = (0..<keyValueHeads).flatMap { g in
      (0..<groups).flatMap { a in
        (0..<pairs).map { i in
          let turn = Double(a * keyValueHeads + g) / Double(groups * keyValueHeads)
          let direction = (turn + (i < pairs / 2 ? 0 : 1)) * Double.pi / 2
          let size = valuePeak * pow(16, -2 * Double(i % (pairs / 2)) / Double(pairs))
          return (x: Float(size * cos(direction)), y: Float(size * sin(direction)))
        }
      }
    }
    return (all.map(\.x), all.map(\.y))
  }

  /// Reads a configuration. What it does not name was not there yet: bases of the rotary ladder were
  /// 100, values were not turned, patches did not overlap.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<T: Decodable>(_ key: CodingKeys) throws -> T {
      try values.decode(T.self, forKey: key)
    }
    let width: Int = try value(.width)
    self.init(  // with a width that can be multiplied; `flaw` refuses those that are out of range
      layers: try value(.layers), width: min(max(-1, width), 65537), heads: try value(.heads),
      keyValueHeads: try value(.keyValueHeads), headWidth: try value(.headWidth),
      patch: try value(.patch))
    overlap = try values.decodeIfPresent(Int.self, forKey: .overlap) ?? 0
    valuePeak = try values.decodeIfPresent(Double.self, forKey: .valuePeak)
    (registers, anchors) = (try value(.registers), try value(.anchors))
    (anchorRange, hidden) = (try value(.anchorRange), try value(.hidden))
    anchorPull = try values.decodeIfPresent(Double.self, forKey: .anchorPull)
    anchorSpread = try values.decodeIfPresent(Double.self, forKey: .anchorSpread) ?? 1
    rotaryPeak = try value(.rotaryPeak)
    rotaryBase = try values.decodeIfPresent(Double.self, forKey: .rotaryBase) ?? 100
  }
}

/// A model that can't be had.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case preset(String)
  case noConfiguration(path: String)
  case checkpoint(path: String)
  case badConfiguration(path: String, reason: String)

  public var description: String {
    switch self {
    case .preset(let name):
      let names = Configuration.presets.map(\.key).joined(separator: ", ")
      return "preset '\(name)' is not one of \(names)"
    case .noConfiguration(let path):
      return "weights file '\(path)' is not a frame model's: it has no configuration"
    case .checkpoint(let path):
      return
        "'\(path)' is a training run's checkpoint; its model is model.safetensors in the same folder"
    case .badConfiguration(let path, let reason):
      return "weights file '\(path)' has a configuration that no network can have: \(reason)"
    }
  }
}
