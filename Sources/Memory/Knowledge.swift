import Scene

/// What keyframes, added one by one, know of a query's points; generations don't count here, else
/// a memory of drawn frames would admit the same view for ever.
struct Knowledge {
  private let frustum: Frustum
  private let cosine: Float
  private var known: [Block]
  private var resolution: [Block]
  private var distance = Double.infinity

  init(of frustum: Frustum, cosine: Float) {
    self.frustum = frustum
    self.cosine = max(1e-3, cosine)
    known = Array(repeating: .zero, count: frustum.points.count)
    resolution = known
  }

  mutating func add(_ view: View, distance: Double) {
    var sum = Block.zero
    for i in frustum.points.indices {
      let sight = view.look(at: frustum.points[i])
      let here = sight.known(cosine: cosine)
      sum += here
      known[i] = known[i].atLeast(here)
      resolution[i] = resolution[i].atLeast(
        sight.resolution.kept(where: here - 0.5 * frustum.points[i].mass))
    }
    if sum.sum() > 0 { self.distance = min(self.distance, distance) }
  }

  var novelty: Novelty {
    let sum = known.reduce(0) { $0 + Double($1.sum()) }
    return Novelty(
      uncovered: max(0, 1 - sum / Double(frustum.count)), resolutionGain: gain, distance: distance)
  }

  /// The geometric mean, over the points that are known, of the query's resolution over the best.
  private var gain: Double {
    let best = resolution.flatMap { block in block.indices.map { block[$0] } }.filter { $0 > 0 }
    guard !best.isEmpty else { return 1 }
    return exp(best.reduce(0) { $0 - log(Double($1)) } / Double(best.count))
  }
}
