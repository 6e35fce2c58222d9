import Scene

/// Where all keyframes stand and look: finds those that matter for a query, whatever they hold.
///
/// All whose cones touch the query's, where they are few; else those that a search finds by a
/// coarse sampling. Every point is asked for `policy.candidates` keyframes at most, so the cost
/// does not grow with the memory.
struct Lookout {
  let scale: Double
  let policy: Policy
  private(set) var register: Register
  private(set) var tree = PoseTree()
  private var origin = SIMD3<Double>.zero

  init(scale: Double, policy: Policy) {
    self.scale = scale
    self.policy = policy
    register = Register(margin: 0.5 / Double(policy.coarseRays))
  }

  mutating func append(
    _ camera: Camera, generation: Double, certainty: Double, depths: CoarseDepth?
  ) {
    enter(camera, generation: generation, certainty: certainty, depths: depths)
    insert(Int32(register.count - 1))
  }

  /// Keeps a keyframe that cannot be found before `index()`.
  mutating func enter(
    _ camera: Camera, generation: Double, certainty: Double, depths: CoarseDepth?
  ) {
    if register.count == 0 { origin = camera.pose.position }
    register.append(
      camera, generation: generation, certainty: certainty, decay: policy.generationDecay,
      depths: depths)
  }

  /// Up to so many keyframes are inserted one by one, in a hundredth of a second: so a world that was
  /// closed and opened recalls as it would have, unless it is large.
  static let longestInsertion = 10_000

  /// Makes all keyframes that were entered findable.
  mutating func index(insertingUpTo few: Int = longestInsertion) {
    if register.count <= few {
      for i in 0..<Int32(register.count) { insert(i) }
    } else {
      tree = PoseTree(packing: register.count, boxOf: boxes)
    }
  }

  private mutating func insert(_ keyframe: Int32) {
    let box = boxes
    tree.insert(keyframe, box(keyframe), boxOf: box)
  }

  /// The box of each keyframe.
  var boxes: (Int32) -> Box {
    let (register, origin, scale) = (register, origin, scale)
    return { i in
      let record = register[Int(i)]
      return Box(record, register.lens(of: record), origin: origin, scale: scale)
    }
  }

  /// Says how far away a keyframe's surfaces are, about.
  mutating func learn(_ depths: CoarseDepth, of i: Int) { register.learn(depths, of: i) }

  /// A camera's position in the tree's coordinates.
  func place(of camera: Camera) -> SIMD3<Double> { (camera.pose.position - origin) / scale }

  var bytes: Int { register.bytes + tree.bytes }

  // MARK: Recall

  /// Indices of the keyframes to draw a query from, best first.
  func recall(for query: Camera, limit: Int) -> [Int] {
    guard limit > 0, register.count > 0 else { return [] }
    let newest = register.count - 1
    guard query.isUsable else { return policy.keepsNewest ? [newest] : [] }
    let frustum = frustum(of: query)
    var coverage = weigh(shortlist(for: frustum, isNear: true), in: frustum)
    var welcome = isNear(register[newest], query)
    if coverage.rows.isEmpty {
      coverage = weigh(shortlist(for: frustum, isNear: false), in: frustum)
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

  /// The weights of the keyframes that see any of a query, at its surfaces as far as they know them.
  private func weigh(_ indices: [Int], in frustum: Frustum) -> Coverage {
    let viewpoints = indices.map { register.viewpoint(of: register[$0]) }
    var coverage = coverage(of: frustum, by: viewpoints)
    coverage.rename { indices[$0] }
    return coverage
  }

  private func coverage(of frustum: Frustum, by viewpoints: [Viewpoint]) -> Coverage {
    // Half: coarse depths err, and what lies beside them counts too.
    let frustum = frustum.atSurfaces(known: viewpoints, policy: policy, trust: 0.5)
    var coverage = Coverage(blocks: frustum.points.count, reserving: viewpoints.count)
    for (i, viewpoint) in viewpoints.enumerated() {
      coverage.append(
        i, view: View(of: viewpoint, in: frustum), of: frustum, discount: viewpoint.discount)
    }
    return coverage
  }

  // MARK: Candidates

  /// The candidates if they are as few as the policy weighs in full, else the best that are found.
  func shortlist(for frustum: Frustum, isNear near: Bool) -> [Int] {
    let limit = max(1, policy.candidates)
    let patience = limit == .max ? .max : Self.patience
    if let few = candidates(for: frustum, isNear: near, limit: limit, patience: patience) {
      return few
    }
    let coarse = Frustum(
      of: frustum.camera, scale: scale, policy: policy.coarse, rays: policy.coarseRays)
    var search = Search(self, coarse, isNear: near)
    return search.run(limit)
  }

  /// Boxes and keyframes looked at before a crowd is taken for one.
  private static let patience = 1_500

  /// Keyframes inside (or outside) the trained range whose cone touches the query's frustum,
  /// ascending; nil if they are more than `limit`, or would take too long to find.
  func candidates(
    for frustum: Frustum, isNear near: Bool, limit: Int = .max, patience: Int = .max
  ) -> [Int]? {
    let hunt = Hunt(self, frustum, isNear: near)
    var (open, found, looks) = (tree.root < 0 ? [] : [tree.root], [Int](), 0)
    while let node = open.popLast() {
      let isLeaf = tree.isLeaf(node)
      tree.forEachChild(of: node) { child in
        looks += 1
        if isLeaf {
          if hunt.includes(register[Int(child)]) { found.append(Int(child)) }
        } else if hunt.mayInclude(tree.box(of: child)) {
          open.append(child)
        }
      }
      if found.count > limit || looks > patience { return nil }
    }
    return found.sorted()
  }

  func isNear(_ record: Record, _ query: Camera) -> Bool {
    let v = record.position - query.pose.position
    return v.dot(v) <= reach * reach
  }

  /// A millionth more, so that rounding does not decide about a keyframe right on the limit.
  private var reach: Double { policy.range * scale * (1 + 1e-6) }

  /// Whether any keyframe of a box may be inside (or outside) the trained range of a place.
  func mayBeNear(_ box: Box, _ place: Block, _ near: Bool) -> Bool {
    let (least, greatest) = box.squaredDistances(to: place)
    // A ten-thousandth and a hundredth of a millimetre for the rounding of boxes.
    let limit = Float(policy.range * policy.range)
    let slack = max(1, limit) * 1e-4 + (place * place).max() * 1e-7
    return near ? least <= limit + slack : greatest >= limit - slack
  }

  private func frustum(of query: Camera) -> Frustum {
    frustum(of: query, rays: max(1, policy.rays))
  }

  func frustum(of query: Camera, rays: Int) -> Frustum {
    Frustum(of: query, scale: scale, policy: policy, rays: rays)
  }

  // MARK: Measures

  /// The weights of keyframes that may stem from elsewhere, in the order given.
  func coverage(of query: Camera, by set: [Viewpoint]) -> Coverage {
    coverage(of: frustum(of: query), by: set)
  }

  /// What a keyframe's say is multiplied by.
  func discount(generation: Double, certainty: Double) -> Float {
    Float(pow(policy.generationDecay, generation) * certainty)
  }

  /// The number of points that weights are summed over.
  var pointCount: Int { max(1, policy.rays) * max(1, policy.rays) * max(1, policy.depths) }

  /// - Parameter certainty: the frame's; keyframes that are much less certain explain nothing.
  func novelty(of query: Camera, certainty: Double) -> Novelty {
    guard query.isUsable else { return .complete }
    let plain = frustum(of: query)
    let known = shortlist(for: plain, isNear: true).map { register[$0] }
      .filter { Double($0.certainty) * policy.certaintyGain >= certainty }
    let viewpoints = known.map(register.viewpoint)
    let frustum = plain.atSurfaces(known: viewpoints, policy: policy, trust: 1)
    var knowledge = Knowledge(of: frustum, cosine: Float(cos(policy.knownAngle)))
    for viewpoint in viewpoints {
      let offset = viewpoint.camera.pose.position - query.pose.position
      knowledge.add(View(of: viewpoint, in: frustum), distance: offset.length / scale)
    }
    return knowledge.novelty
  }
}

extension Policy {
  /// Rays across the image in the coarse sampling.
  var coarseRays: Int { min(4, max(1, rays)) }

  /// With half the depths, in the middle of those that they stand for.
  var coarse: Policy {
    var policy = self
    policy.depths = max(1, depths / 2)
    let shift = depths > 1 ? pow(far / max(1e-3, near), 0.5 / Double(depths - 1)) : 1
    (policy.near, policy.far) = (near * shift, far / shift)
    return policy
  }
}

extension Frustum {
  /// The same rays, with points where the surfaces are that keyframes' depths tell of.
  func atSurfaces(known viewpoints: [Viewpoint], policy: Policy, trust: Double) -> Frustum {
    var surfaces = Surfaces(of: camera, scale: scale, rays: rays)
    var told = false
    for viewpoint in viewpoints {
      guard let depths = viewpoint.depths else { continue }
      surfaces.add(depths, of: viewpoint.camera)
      told = true
    }
    guard told else { return self }
    return Frustum(
      of: camera, scale: scale, policy: policy, rays: rays, surfaces: surfaces.inverseDepths,
      trust: trust)
  }
}

/// The exact question of a range query: whose cone touches a frustum.
struct Hunt {
  private let lookout: Lookout
  private let query: Camera
  private let place: SIMD3<Double>
  private let spot: Block
  private let isNear: Bool
  private let balls: [Sphere]
  /// The same in the query's coordinates and network units.
  private let own: [(center: SIMD3<Float>, radius: Float)]

  init(_ lookout: Lookout, _ frustum: Frustum, isNear: Bool) {
    (self.lookout, query, self.isNear) = (lookout, frustum.camera, isNear)
    place = lookout.place(of: query)
    spot = Block(place)
    balls = frustum.bounds
    let toQuery = query.pose.inverse
    own = balls.map { ball in
      (SIMD3<Float>((toQuery * ball.center) / lookout.scale), Float(ball.radius / lookout.scale))
    }
  }

  func includes(_ record: Record) -> Bool {
    guard lookout.isNear(record, query) == isNear else { return false }
    let (lens, position, axis) = (lookout.register.lens(of: record), record.position, record.axis)
    return balls.contains { lens.meets($0, from: position, along: axis) }
  }

  func mayInclude(_ box: Box) -> Bool {
    guard lookout.mayBeNear(box, spot, isNear) else { return false }
    let prospect = Prospect(box, from: query, at: place)
    return own.contains(where: prospect.mayMeet)
  }
}

extension Lens {
  /// Whether the cone may touch a ball: never wrongly no.
  func meets(
    _ ball: Sphere, from position: SIMD3<Double>, along axis: SIMD3<Double>
  ) -> Bool {
    let v = ball.center - position + axis * (ball.radius / sine)
    return v.dot(axis) >= v.length * cosine
  }
}

extension Block {
  /// A position in the tree's coordinates.
  init(_ place: SIMD3<Double>) {
    self = [Float(place.x), Float(place.y), Float(place.z), 0, 0, 0, 0, 0]
  }
}
