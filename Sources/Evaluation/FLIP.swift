public import Scene

/// How different two images look when one is swapped for the other, 0...1: the mean of LDR-FLIP
/// (Andersson et al. 2020).
///
/// `pixelsPerDegree` says how far the viewer sits: 67 is a 0.7 m wide 4K monitor at 0.7 m, the
/// paper's default. Not a number if the mask picks no pixel.
/// - Precondition: the images, and the mask if any, have the same size.
public func flip(
  _ a: Image, _ b: Image, mask: [Bool]? = nil, pixelsPerDegree: Double = 67
) -> Double {
  checkSizes("flip", a, b, mask)
  let eye = Eye(pixelsPerDegree: pixelsPerDegree)
  return mean(eye.see(a).difference(to: eye.see(b)), mask: mask)
}

/// The error at each pixel, rows from the top, each 0...1: what ``flip(_:_:mask:pixelsPerDegree:)``
/// is the mean of.
/// - Precondition: the images have the same size.
public func flipMap(_ a: Image, _ b: Image, pixelsPerDegree: Double = 67) -> [Float] {
  checkSizes("flipMap", a, b, nil)
  let eye = Eye(pixelsPerDegree: pixelsPerDegree)
  return eye.see(a).difference(to: eye.see(b)).values
}

/// What an eye makes of an image: colours without the detail that it cannot resolve, and where
/// edges and points are.
private struct Impression {
  let color: [SIMD3<Float>]
  let edges: Channel
  let points: Channel

  func difference(to other: Impression) -> Channel {
    var result = edges
    for i in result.values.indices {
      let color = Appearance.difference(color[i], other.color[i])
      let feature = max(
        abs(edges.values[i] - other.edges.values[i]),
        abs(points.values[i] - other.points.values[i]))
      result.values[i] = pow(color, 1 - min(1, feature / Float(2).squareRoot()).squareRoot())
    }
    return result
  }
}

/// The filters of an eye at a given distance.
private struct Eye {
  /// A channel's blur: a weighted sum of bell curves, each a row of weights used both ways.
  typealias Blur = [(amount: Float, weights: [Float])]

  private let luminance: Blur
  private let redGreen: Blur
  private let blueYellow: Blur
  private let smooth: [Float]
  private let slope: [Float]
  private let bend: [Float]

  init(pixelsPerDegree: Double) {
    // Contrast sensitivity in cycles a degree, as sums of a · sqrt(π/b) · exp(-π² x²/b), table 1.
    let reach = Int((3 * (0.04 / (2 * .pi * .pi)).squareRoot() * pixelsPerDegree).rounded(.up))
    func blur(_ terms: [(a: Double, b: Double)]) -> Blur {
      Eye.blur(terms, reach: reach, pixelsPerDegree: pixelsPerDegree)
    }
    luminance = blur([(1, 0.0047)])
    redGreen = blur([(1, 0.0053)])
    blueYellow = blur([(34.1, 0.04), (13.5, 0.025)])

    // A feature is as wide as 0.082 degrees.
    let sigma = 0.5 * 0.082 * pixelsPerDegree
    let bell = gaussian(sigma: sigma, reach: Int((3 * sigma).rounded(.up)))
    let x = bell.indices.map { Double($0 - bell.count / 2) }
    smooth = bell.map(Float.init)
    slope = Eye.balanced(zip(x, bell).map { -$0 * $1 })
    bend = Eye.balanced(zip(x, bell).map { ($0 * $0 / (sigma * sigma) - 1) * $1 })
  }

  private static func blur(
    _ terms: [(a: Double, b: Double)], reach: Int, pixelsPerDegree: Double
  ) -> Blur {
    let curves = terms.map { a, b in
      let weights = gaussian(sigma: (b / 2).squareRoot() / .pi * pixelsPerDegree, reach: reach)
      // With its middle at 1 the curve's sum, in both directions, is 1 / middle².
      let middle = weights[reach]
      return (amount: a * (.pi / b).squareRoot() / (middle * middle), weights: weights)
    }
    let sum = curves.reduce(0) { $0 + $1.amount }
    return curves.map { (Float($0.amount / sum), $0.weights.map(Float.init)) }
  }

  /// Positive weights made to sum to 1, negative ones to -1.
  private static func balanced(_ weights: [Double]) -> [Float] {
    let up = weights.filter { $0 > 0 }.reduce(0, +)
    let down = -weights.filter { $0 < 0 }.reduce(0, +)
    return weights.map { Float($0 > 0 ? $0 / up : $0 / down) }
  }

  func see(_ image: Image) -> Impression {
    let opponent = Appearance.opponent(image)
    let y = blurred(opponent[0], luminance).values
    let cx = blurred(opponent[1], redGreen).values
    let cz = blurred(opponent[2], blueYellow).values
    let light = opponent[0].map { ($0 + 16) / 116 }
    let (across, level) = (light.filtered(column: smooth), light.filtered(row: smooth))
    return Impression(
      color: y.indices.map { Appearance.hunted([y[$0], cx[$0], cz[$0]]) },
      edges: length(across.filtered(row: slope), level.filtered(column: slope)),
      points: length(across.filtered(row: bend), level.filtered(column: bend)))
  }

  private func blurred(_ channel: Channel, _ blur: Blur) -> Channel {
    let parts = blur.map { part in
      channel.filtered(row: part.weights.map { $0 * part.amount }, column: part.weights)
    }
    return parts.dropFirst().reduce(parts[0]) { $0.combined(with: $1, +) }
  }

  private func length(_ x: Channel, _ y: Channel) -> Channel {
    x.combined(with: y) { ($0 * $0 + $1 * $1).squareRoot() }
  }
}

/// The colour spaces that FLIP goes through, and its distance between colours.
private enum Appearance {
  typealias Color = SIMD3<Float>

  /// Linear light of each of the 256 sRGB values.
  static let linear: [Float] = (0..<256).map {
    let v = Float($0) / 255
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4)
  }

  /// Linear sRGB to XYZ over the white point's XYZ (D65), and back; columns.
  private static let toXYZ: [SIMD3<Double>] = {
    let white = SIMD3(0.4124564 + 0.3575761 + 0.1804375, 1, 0.0193339 + 0.1191920 + 0.9503041)
    return [
      [0.4124564, 0.2126729, 0.0193339], [0.3575761, 0.7151522, 0.1191920],
      [0.1804375, 0.0721750, 0.9503041],
    ].map { $0 / white }
  }()
  private static let xyz = toXYZ.map { Color($0) }
  private static let rgb: [Color] = {
    let (a, b, c) = (toXYZ[0], toXYZ[1], toXYZ[2])
    let rows = [b.cross(c), c.cross(a), a.cross(b)].map { $0 / a.dot(b.cross(c)) }
    return (0..<3).map { i in Color(Float(rows[0][i]), Float(rows[1][i]), Float(rows[2][i])) }
  }()

  private static func transform(_ m: [Color], _ v: Color) -> Color {
    m[0] * v.x + m[1] * v.y + m[2] * v.z
  }

  /// YCxCz: opponent colours in which blurring is linear.
  static func opponent(_ image: Image) -> [Channel] {
    let count = image.width * image.height
    var channels = Array(repeating: [Float](repeating: 0, count: count), count: 3)
    for i in 0..<count {
      let p = Color(
        linear[Int(image.pixels[3 * i])], linear[Int(image.pixels[3 * i + 1])],
        linear[Int(image.pixels[3 * i + 2])])
      let c = transform(xyz, p)
      channels[0][i] = 116 * c.y - 16
      channels[1][i] = 500 * (c.x - c.y)
      channels[2][i] = 200 * (c.y - c.z)
    }
    return channels.map { Channel(width: image.width, height: image.height, values: $0) }
  }

  /// YCxCz, put back into the gamut, to L*a*b* whose colourfulness fades with lightness (Hunt).
  static func hunted(_ c: Color) -> Color {
    let y = (c.x + 16) / 116
    let light = transform(rgb, [y + c.y / 500, y, y - c.z / 200])
    return lab(light.clamped(lowerBound: .zero, upperBound: Color(repeating: 1)))
  }

  private static func lab(_ light: Color) -> Color {
    let c = transform(xyz, light)
    let (x, y, z) = (root(c.x), root(c.y), root(c.z))
    let lightness = 116 * y - 16
    return [lightness, 0.01 * lightness * 500 * (x - y), 0.01 * lightness * 200 * (y - z)]
  }

  private static func root(_ t: Float) -> Float {
    t > 216 / 24389 ? cbrt(t) : t * (841.0 / 108) + 4.0 / 29
  }

  /// HyAB: lightness by its difference, colour by its distance.
  private static func hybrid(_ a: Color, _ b: Color) -> Float {
    let d = a - b
    return abs(d.x) + (d.y * d.y + d.z * d.z).squareRoot()
  }

  /// The largest difference that there is, from green to blue, to the power of 0.7.
  private static let largest = pow(hybrid(lab([0, 1, 0]), lab([0, 0, 1])), 0.7)

  /// The colour difference in 0...1; the largest 60 % of it share the last 5 % of the scale.
  static func difference(_ a: Color, _ b: Color) -> Float {
    let d = pow(hybrid(a, b), 0.7)
    let knee = 0.4 * largest
    return d < knee ? 0.95 / knee * d : min(1, 0.95 + (d - knee) / (largest - knee) * 0.05)
  }
}
