import Scene

/// Finds the keyframes that are worth weighing for a query, without asking all of them.
///
/// Facility location over a few points, best first: a box of keyframes waits with about the most that
/// any of them may add to those taken so far, and the one with the most is opened next. What
/// is taken lowers what all others may add (they are asked again only when their turn comes), so
/// a thousand copies of one view are passed over for the one that shows another corner.
struct Search {
  private enum Item {
    case node(Int32)
    /// By its place among those found.
    case keyframe(Int)
  }

  private struct Entry {
    let item: Item
    /// How many had been taken when its priority was right.
    let stamp: Int
  }

  private let lookout: Lookout
  private let frustum: Frustum
  private let place: SIMD3<Double>
  private let spot: Block
  private let isNear: Bool
  private var heap = Heap<Entry>()
  private var best: [Block]
  private var taken: [Int] = []
  private var looks = 0
  /// Keyframes asked, what each is worth alone, and their weights.
  private var found: [Int32] = []
  private var worth: [Float] = []
  private var weights: [Block] = []

  /// How often the search looks through a camera, or at a box, before it makes do with what it has:
  /// a seventh of a millisecond's work.
  private static let patience = 450

  /// A keyframe in the hand counts for a tenth more than hope of a better one, else a crowd of like
  /// ones would be searched to the last.
  private static let bird: Float = 1.1

  /// How much of a box is reckoned with. By all of it, boxes high up promise so much that the search
  /// opens them all and finds nothing; at 0.3 it comes on average within 2 % of asking everyone,
  /// measured in memories of 20,000.
  private static let doubt: Float = 0.3

  /// - Parameters:
  ///   - frustum: few points.
  ///   - isNear: whether to look inside or outside the trained range.
  init(_ lookout: Lookout, _ frustum: Frustum, isNear: Bool) {
    (self.lookout, self.frustum, self.isNear) = (lookout, frustum, isNear)
    place = lookout.place(of: frustum.camera)
    spot = Block(place)
    best = Array(repeating: .zero, count: frustum.points.count)
    if lookout.tree.root >= 0 { add(.node(lookout.tree.root), .infinity) }
  }

  /// At most `count` keyframes, ascending: those taken, then those that are worth most alone.
  mutating func run(_ count: Int) -> [Int] {
    while looks < Self.patience, taken.count < count, let (priority, entry) = heap.pop() {
      if entry.stamp < taken.count, case let now = gain(of: entry.item), now < priority * 0.999 {
        if now > 0 { add(entry.item, now) }
      } else {
        visit(entry.item)
      }
    }
    return (taken + others.prefix(max(0, count - taken.count))).map { Int(found[$0]) }.sorted()
  }

  /// Those found and not taken, from the worthiest on; of several, those admitted earlier.
  private var others: [Int] {
    var open = worth
    for i in taken { open[i] = 0 }
    let order = open.indices.filter { open[$0] > 0 }
    return order.sorted { open[$0] != open[$1] ? open[$0] > open[$1] : found[$0] < found[$1] }
  }

  private mutating func add(_ item: Item, _ priority: Float) {
    heap.push(Entry(item: item, stamp: taken.count), priority)
  }

  private mutating func visit(_ item: Item) {
    switch item {
    case .keyframe(let i):
      for (k, block) in best.enumerated() { best[k] = block.atLeast(weights[i * best.count + k]) }
      taken.append(i)
    case .node(let node):
      let isLeaf = lookout.tree.isLeaf(node)
      lookout.tree.forEachChild(of: node) { isLeaf ? ask($0) : open($0) }
    }
  }

  private mutating func open(_ node: Int32) {
    let gain = gain(of: .node(node))
    if gain > 0 { add(.node(node), gain) }
  }

  private mutating func ask(_ keyframe: Int32) {
    let record = lookout.register[Int(keyframe)]
    guard lookout.isNear(record, frustum.camera) == isNear else { return }
    looks += 1
    let viewpoint = lookout.register.viewpoint(of: record)
    let view = View(of: viewpoint, in: frustum)
    var (sum, gain) = (Block.zero, Block.zero)
    for (k, points) in frustum.points.enumerated() {
      let weight = view.look(at: points).weight * viewpoint.discount
      weights.append(weight)
      sum += weight
      gain += (weight - best[k]).positive
    }
    found.append(keyframe)
    worth.append(sum.sum())
    if gain.sum() > 0 { add(.keyframe(found.count - 1), gain.sum() * Self.bird) }
  }

  /// What a keyframe adds to those taken, or about what one in a box may add at most.
  private mutating func gain(of item: Item) -> Float {
    looks += 1
    var sum = Block.zero
    switch item {
    case .keyframe(let i):
      for (k, block) in best.enumerated() { sum += (weights[i * best.count + k] - block).positive }
      sum *= Self.bird
    case .node(let node):
      let box = lookout.tree.box(of: node)
      guard lookout.mayBeNear(box, spot, isNear) else { return 0 }
      let prospect = Prospect(box, from: frustum.camera, at: place, doubt: Self.doubt)
      sum[0] = 1e-5  // never out of the question, but last
      for (k, block) in best.enumerated() {
        sum += (prospect.look(at: frustum.points[k]) - block).positive
      }
    }
    return sum.sum()
  }
}
