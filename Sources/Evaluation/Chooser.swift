import Memory
import Procedural
import Scene

/// A way of choosing the frames that a query is drawn from.
public enum Chooser: String, CaseIterable, Codable, Sendable {
  /// ``SpatialMemory/recall(for:limit:)``.
  case rtfm
  /// The same, told of each frame how far away its surfaces are, on a 16 x 16 grid.
  case rtfmWithDepths
  /// The same, told what a model guesses of each frame.
  case rtfmWithGuesses
  /// The frames whose fields of view overlap the query's most, seen from above (Context as Memory,
  /// arXiv 2506.03141).
  case overlap
  /// The same by random points in space, frames that repeat a chosen one left out (WorldMem, arXiv
  /// 2504.12369).
  case monteCarlo
  /// The nearest: network units of distance plus radians of turn.
  case nearestPose

  /// At most `limit` of some films, as indices, best first.
  ///
  /// - Parameters:
  ///   - films: any of which may be chosen.
  ///   - guesses: of each film, how far away a model guesses its surfaces to be.
  ///   - scale: world units a network unit.
  func choose(
    _ limit: Int, of films: [Film], guesses: [CoarseDepth?], for query: Camera, scale: Double
  ) -> [Int] {
    let cameras = films.map(\.frame.camera)
    switch self {
    case .rtfm:
      return recalled(limit, of: cameras, cameras.map { _ in nil }, for: query, scale: scale)
    case .rtfmWithDepths:
      let depths = films.map { $0.coarseDepth(scale: scale) }
      return recalled(limit, of: cameras, depths, for: query, scale: scale)
    case .rtfmWithGuesses:
      return recalled(limit, of: cameras, guesses, for: query, scale: scale)
    case .overlap:
      return best(limit, cameras.map { query.overlap(with: $0, reach: Policy().far * scale) })
    case .monteCarlo:
      return unlike(limit, cameras, query, reach: Policy().far * scale)
    case .nearestPose:
      return best(limit, cameras.map { -query.pose.distance(to: $0.pose, scale: scale) })
    }
  }

  private func recalled(
    _ limit: Int, of cameras: [Camera], _ depths: [CoarseDepth?], for query: Camera, scale: Double
  ) -> [Int] {
    var policy = Policy()
    policy.keepsNewest = false  // pictures given all at once have no newest
    var memory = SpatialMemory<Void>(scale: scale, policy: policy)
    for (camera, depth) in zip(cameras, depths) {
      memory.admit((), camera: camera, inverseDepth: depth, always: true)
    }
    return memory.recall(for: query, limit: limit).map(\.id)
  }

  /// The greatest scores that are any good.
  private func best(_ limit: Int, _ scores: [Double]) -> [Int] {
    let order = scores.indices.filter { scores[$0] != 0 }.sorted { scores[$0] > scores[$1] }
    return Array(order.prefix(limit))
  }

  /// The most overlapping one, then the next of those that don't overlap it by nine tenths, ...
  private func unlike(
    _ limit: Int, _ cameras: [Camera], _ query: Camera, reach: Double
  ) -> [Int] {
    let points = query.pointsAround(1000, reach: reach)
    let seen = cameras.map { camera in points.map { camera.shows($0, reach: reach) } }
    let scores = seen.map { Double($0.count { $0 }) }
    var chosen: [Int] = []
    for i in scores.indices.sorted(by: { scores[$0] > scores[$1] }) where scores[i] > 0 {
      let isRepeated = chosen.contains { k in
        let both = zip(seen[i], seen[k]).count { $0 && $1 }
        return Double(both) > 0.9 * max(scores[i], scores[k])
      }
      if !isRepeated, chosen.count < limit { chosen.append(i) }
    }
    return chosen
  }
}

extension Film {
  /// The mean inverse depth of each of 16 x 16 cells, in network units.
  func coarseDepth(scale: Double) -> CoarseDepth {
    let (lens, side) = (frame.camera.intrinsics, CoarseDepth.side)
    var sums = [(sum: Float, count: Float)](repeating: (0, 0), count: side * side)
    for (i, depth) in depth.enumerated() {
      let (x, y) = (i % lens.width, i / lens.width)
      let cell = y * side / lens.height * side + x * side / lens.width
      sums[cell].sum += depth > 0 ? Float(scale) / depth : 0
      sums[cell].count += 1
    }
    return CoarseDepth(inverseDepths: sums.map { $0.sum / max(1, $0.count) })
  }
}

extension Pose {
  fileprivate func distance(to other: Pose, scale: Double) -> Double {
    (position - other.position).length / scale + angle(to: other)
  }
}

// Two fields of view compared, surfaces left aside.
extension Camera {
  /// The part of this camera's field of view, level and up to `reach`, that another's covers.
  fileprivate func overlap(with other: Camera, reach: Double) -> Double {
    let lens = intrinsics
    var count = 0
    for column in 0..<24 {
      let x = (Double(column) + 0.5) / 24 * Double(lens.width)
      let way = (pose.rotation * lens.direction(at: [x, lens.center.y])).level
      for step in 1...12 {
        let point = pose.position + way * (Double(step) / 12 * reach)
        if other.coversLevel(point, reach: reach) { count += 1 }
      }
    }
    return Double(count) / (24 * 12)
  }

  private func coversLevel(_ point: SIMD3<Double>, reach: Double) -> Bool {
    let offset = (point - pose.position).flat
    let angle = acos(min(1, max(-1, offset.level.dot(pose.forward.level))))
    return offset.length <= reach && angle <= intrinsics.horizontalFieldOfView / 2
  }

  fileprivate func shows(_ point: SIMD3<Double>, reach: Double) -> Bool {
    sees(point) && (point - pose.position).length <= reach
  }

  /// Points that it shows, of so many spread evenly through a ball (a Fibonacci spiral).
  fileprivate func pointsAround(_ count: Int, reach: Double) -> [SIMD3<Double>] {
    let all = (0..<count * 8).map { i -> SIMD3<Double> in
      let z = 1 - 2 * (Double(i) + 0.5) / Double(count * 8)
      let turn = Double(i) * 2.399963229728653
      let radius =
        reach * pow((Double(i) * 0.6180339887498949).truncatingRemainder(dividingBy: 1), 1 / 3)
      let r = (1 - z * z).squareRoot()
      return pose.position + SIMD3(r * cos(turn), r * sin(turn), z) * radius
    }
    return all.filter(sees)
  }
}

extension SIMD3<Double> {
  /// Without what is along gravity.
  fileprivate var flat: Self { self - ProceduralWorld.up * dot(ProceduralWorld.up) }
  fileprivate var level: Self { flat.normalized }
}
