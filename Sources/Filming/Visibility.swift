import Procedural
import Scene
public import Torch

// What one film shows of another, as `Film.visibility(from:)` says it, in tensor operations: so that
// films that lie on a GPU stay there. In Float64, since it compares depths of the same surface.
//
// Letters: P pairs of films, Y x X pixels.
extension Films {
  /// For each pixel of some films, whether a partner shows the same surface.
  ///
  /// - Parameters:
  ///   - films: numbers of films, P.
  ///   - partners: numbers of their partners, P.
  /// - Returns: `[P, Y, X]`, Bool.
  public func visibility(of films: [Int], from partners: [Int]) -> Tensor {
    precondition(films.count == partners.count, "visibility: each film needs one partner")
    let pairs = Pairs(
      zip(films, partners).map { (cameras[$0], cameras[$1]) }, on: depth.device)
    let own = depth.rows(Tensor(films).sent(to: depth.device)).to(.float64)
    let isSky = Double(Film.skyDepth).nextDown .< own
    let point = pairs.point(own, isEndless: isSky)
    let seen = pairs.seen(point)
    let (low, high) = depths(around: seen, of: partners)
    let tolerance = point.z * Film.relativeTolerance + Film.absoluteTolerance
    let near = (low - tolerance .< point.z) * (point.z .< high + tolerance)
    let reachesSky = Double(Film.skyDepth).nextDown .< high
    return seen.isInside * isSky.select(reachesSky, else: near)
  }

  /// The least and the greatest depth that partners have around places in their images.
  private func depths(around places: Pairs.Places, of partners: [Int]) -> (
    low: Tensor, high: Tensor
  ) {
    let s = depth.shape
    let base = Tensor(partners.map { $0 * s[1] * s[2] }, shape: [partners.count, 1, 1])
      .sent(to: depth.device).to(.float64)
    let all = depth.reshaped(-1)
    let (xs, ys) = (neighbours(places.x, s[2]), neighbours(places.y, s[1]))
    let four = ys.flatMap { y in
      xs.map { x in
        all.rows((y * Double(s[2]) + x + base).to(.int64).reshaped(-1)).to(.float64)
          .reshaped(places.x.shape)
      }
    }
    return (
      four.dropFirst().reduce(four[0]) { $0.minimum($1) },
      four.dropFirst().reduce(four[0]) { $0.maximum($1) }
    )
  }

  /// The two pixels around a coordinate that lies in the image, clipped to it.
  private func neighbours(_ pixel: Tensor, _ count: Int) -> [Tensor] {
    let upper = (pixel + 0.5).to(.int64).to(.float64)  // of a positive number the whole part
    return [upper - 1, upper].map { $0.clamped(0, Double(count - 1)) }
  }
}

/// Cameras in pairs: the first's pixels as the second sees them.
private struct Pairs {
  /// The way from the first's coordinates to the second's: nine numbers of the rotation, row by
  /// row, then three of the position. `[P, 1, 1]` each.
  private let way: [Tensor]
  /// Unit-depth directions through the first's pixel centres.
  private let x: Tensor  // [P, 1, X]
  private let y: Tensor  // [P, Y, 1]
  /// The second's focal lengths and principal point.
  private let lens: [Tensor]
  private let size: (width: Double, height: Double)

  init(_ pairs: [(first: Camera, second: Camera)], on device: Device) {
    let numbers = pairs.flatMap { first, second -> [Double] in
      let way = second.pose.inverse * first.pose
      let (r, t) = (way.rotation.transpose, way.position)
      let (own, other) = (first.intrinsics, second.intrinsics)
      return [r.x, r.y, r.z, t].flatMap { [$0.x, $0.y, $0.z] }
        + [own, other].flatMap { [$0.focal.x, $0.focal.y, $0.center.x, $0.center.y] }
    }
    let all = numbers.withUnsafeBytes {
      Tensor(bytes: $0, shape: [pairs.count, 20], type: .float64)
    }.sent(to: device)
    let columns = all.split(20).map { $0.reshaped(pairs.count, 1, 1) }
    let own = Array(columns[12..<16])
    (way, lens) = (Array(columns[..<12]), Array(columns[16...]))
    let (width, height) = (pairs[0].first.intrinsics.width, pairs[0].first.intrinsics.height)
    func centres(_ count: Int) -> Tensor { .arange(count, type: .float64, on: device) + 0.5 }
    x = (centres(width).reshaped(1, 1, width) - own[2]) / own[0]
    y = (centres(height).reshaped(1, height, 1) - own[3]) / own[1]
    size = (Double(width), Double(height))
  }

  /// Points in the second's coordinates, `[P, Y, X]` each; for what is endlessly far, directions.
  func point(_ depth: Tensor, isEndless: Tensor) -> (x: Tensor, y: Tensor, z: Tensor) {
    let one = Tensor(repeating: 1, shape: [1], type: .float64, on: depth.device)
    let far = isEndless.select(one, else: depth)
    let near = isEndless.select(one - 1, else: one)
    let (px, py) = (x * far, y * far)
    func along(_ row: Int) -> Tensor {
      let turned = way[3 * row] * px + way[3 * row + 1] * py + way[3 * row + 2] * far
      return turned + way[9 + row] * near
    }
    return (along(0), along(1), along(2))
  }

  /// Places in the second's image, in pixels; the corner's for what is outside of it.
  struct Places {
    let x: Tensor
    let y: Tensor
    let isInside: Tensor
  }

  func seen(_ point: (x: Tensor, y: Tensor, z: Tensor)) -> Places {
    let isBefore = 1e-9 .< point.z
    let nothing = Tensor.zeros([1], type: .float64, on: point.z.device)
    let z = isBefore.select(point.z, else: nothing + 1)
    let u = point.x / z * lens[0] + lens[2]
    let v = point.y / z * lens[1] + lens[3]
    let isInside =
      isBefore * (-1e-300 .< u) * (-1e-300 .< v) * (u .< size.width) * (v .< size.height)
    return Places(
      x: isInside.select(u, else: nothing), y: isInside.select(v, else: nothing),
      isInside: isInside)
  }
}

/// True where an element is greater than a number.
private func .< (s: Double, a: Tensor) -> Tensor { -a .< -s }
