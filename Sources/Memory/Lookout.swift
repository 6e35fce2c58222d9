import Scene

/// Where all keyframes stand and look: finds those that matter for a query, whatever they hold.
///
/// Cones first, then a coarse sampling when many are left, then every point: the last is done for
/// `policy.candidates` keyframes at most, so the cost hardly grows with the memory.
struct Lookout {
  let scale: Double
  let policy: Policy
  private var cameras: [Camera] = []
  private var discounts: [Float] = []
  private var outlooks: [Outlook] = []

  init(scale: Double, policy: Policy) {
    self.scale = scale
    self.policy = policy
  }

  mutating func append(_ camera: Camera, generation: Double) {
    cameras.append(camera)
    discounts.append(Float(pow(policy.generationDecay, generation)))
    outlooks.append(Outlook(of: camera, margin: 0.5 / Double(coarseRays)))
  }

  // MARK: Recall

  /// Indices of the keyframes to draw a query from, best first.
  func recall(for query: Camera, limit: Int) -> [Int] {
    guard limit > 0, let newest = cameras.indices.last else { return [] }
    guard query.isUsable else { return policy.keepsNewest ? [newest] : [] }
    let frustum = frustum(of: query)
    var coverage = coverage(of: frustum, isNear: true)
    var welcome = isNear(newest, query)
    if coverage.rows.isEmpty {
      coverage = self.coverage(of: frustum, isNear: false)
      welcome = true
    }
    guard policy.keepsNewest, welcome else { return pick(from: coverage, limit: limit) }
    if let row = coverage.rows.firstIndex(of: newest) {
      return pick(from: coverage, limit: limit, seed: [row])
    }
    return pick(from: coverage, limit: limit - 1) + [newest]
  }

  private func pick(from coverage: Coverage, limit: Int, seed: [Int] = []) -> [Int] {
    let rows = coverage.greedy(
      limit: limit, seed: seed, threshold: Float(policy.gainThreshold))
    return coverage.ranked(rows).map { coverage.rows[$0] }
  }

  /// The weights of the keyframes inside (or outside) the trained range that see any of a query.
  private func coverage(of frustum: Frustum, isNear near: Bool) -> Coverage {
    weigh(shortlist(for: frustum, isNear: near), in: frustum)
  }

  private func weigh(_ indices: [Int], in frustum: Frustum) -> Coverage {
    var coverage = Coverage(blocks: frustum.points.count, reserving: indices.count)
    for i in indices {
      coverage.append(
        i, view: View(of: cameras[i], in: frustum), of: frustum, discount: discounts[i])
    }
    return coverage
  }

  // MARK: Candidates

  /// The candidates, cut by a coarse sampling to as many as the policy weighs in full.
  private func shortlist(for frustum: Frustum, isNear near: Bool) -> [Int] {
    let all = candidates(for: frustum, isNear: near)
    let limit = max(1, policy.candidates)
    guard all.count > limit else { return all }
    return weigh(all, in: self.frustum(of: frustum.camera, rays: coarseRays)).best(limit)
  }

  /// Keyframes inside (or outside) the trained range whose cone touches the query's frustum.
  private func candidates(for frustum: Frustum, isNear near: Bool) -> [Int] {
    let bounds = frustum.bounds
    return outlooks.indices.filter { i in
      isNear(i, frustum.camera) == near && bounds.contains(where: outlooks[i].meets)
    }
  }

  private func isNear(_ index: Int, _ query: Camera) -> Bool {
    // A millionth more, so that rounding does not decide about a keyframe right on the limit.
    outlooks[index].isWithin(policy.range * scale * (1 + 1e-6), of: query.pose.position)
  }

  private var coarseRays: Int { min(4, max(1, policy.rays)) }

  private func frustum(of query: Camera) -> Frustum {
    frustum(of: query, rays: max(1, policy.rays))
  }

  private func frustum(of query: Camera, rays: Int) -> Frustum {
    Frustum(of: query, scale: scale, policy: policy, rays: rays)
  }

  // MARK: Measures

  /// The weights of keyframes that may stem from elsewhere, in the order given.
  func coverage(of query: Camera, by set: [(camera: Camera, generation: Double)]) -> Coverage {
    let frustum = frustum(of: query)
    var coverage = Coverage(blocks: frustum.points.count, reserving: set.count)
    for (i, (camera, generation)) in set.enumerated() where camera.isUsable {
      coverage.append(
        i, view: View(of: camera, in: frustum), of: frustum,
        discount: Float(pow(policy.generationDecay, generation)))
    }
    return coverage
  }

  /// The number of points that weights are summed over.
  var pointCount: Int { max(1, policy.rays) * max(1, policy.rays) * max(1, policy.depths) }

  func novelty(of query: Camera) -> Novelty {
    guard query.isUsable else { return .complete }
    let frustum = frustum(of: query)
    var knowledge = Knowledge(of: frustum, cosine: Float(cos(policy.knownAngle)))
    for i in shortlist(for: frustum, isNear: true) {
      let distance = (cameras[i].pose.position - query.pose.position).length / scale
      knowledge.add(View(of: cameras[i], in: frustum), distance: distance)
    }
    return knowledge.novelty
  }
}

extension Coverage {
  /// The `count` rows that are worth most, as indices into the memory, ascending.
  fileprivate func best(_ count: Int) -> [Int] {
    let order = rows.indices.sorted { (worth[$0], $1) > (worth[$1], $0) }
    return order.prefix(count).map { rows[$0] }.sorted()
  }
}
