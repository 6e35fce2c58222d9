public import Scene

extension ProceduralWorld {
  /// Cameras all over the place, as a careful visitor would photograph it: from spots as far from one
  /// another as can be, at each of them in directions evenly around.
  ///
  /// The first of them sees farthest.
  ///
  /// - Parameters:
  ///   - count: how many; `directions` at each spot.
  ///   - height: over the floor, in metres.
  public func survey(
    count: Int, directions: Int = 6, intrinsics: Intrinsics, height: Double = 1.5
  ) -> [Camera] {
    precondition(directions > 0, "survey: in \(directions) directions; at least 1 is needed")
    let ground = Ground(
      scenery.solids, size: scenery.size, height: height, margin: Walker.clearance + 0.02)
    let spots = ground.spread((max(0, count) + directions - 1) / directions)
    // The golden ratio turns each spot's directions against all the others'.
    let views = spots.enumerated().flatMap { i, spot in
      (0..<directions).map { j in
        let yaw = (Double(i) * 0.618_034 + Double(j)) / Double(directions) * 2 * Double.pi
        return (
          position: SIMD3(spot.x, spot.y, height),
          forward: SIMD3(cos(yaw), sin(yaw), -0.1) / (1 + 0.1 * 0.1).squareRoot()
        )
      }
    }
    let ranked = views.indices.map { i in
      scenery.openness(from: views[i].position, views[i].forward, near: family.stride)
    }
    let first = ranked.indices.max { ranked[$0] < ranked[$1] } ?? 0
    return (views[first...] + views[..<first]).prefix(max(0, count)).map {
      Camera(
        intrinsics: intrinsics, pose: Pose(at: $0.position, facing: $0.forward, up: Self.up))
    }
  }
}

extension Ground {
  /// Walkable cells' centres, each as far from those before it as can be; the clearest first. Where
  /// there are fewer cells than that, some come again.
  fileprivate func spread(_ count: Int) -> [SIMD2<Double>] {
    let cells = (walkable.isEmpty ? [clearest] : walkable).map { center(of: $0) }
    guard count > 0 else { return [] }
    var spots = [center(of: clearest)]
    func distance(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { ((a - b) * (a - b)).sum() }
    var distances = cells.map { distance($0, spots[0]) }
    while spots.count < count {
      let next = cells[distances.indices.max { distances[$0] < distances[$1] }!]
      spots.append(next)
      for (i, cell) in cells.enumerated() {
        distances[i] = min(distances[i], distance(cell, next))
      }
    }
    return spots
  }
}
