import Scene

/// A box around where some keyframes stand and which way they look, and the best of their lenses.
///
/// Eight numbers, each with a low and a high end: three of position (network units from the tree's
/// origin), three of the viewing axis, and two where one end means something: `low[6]` is the cosine
/// of the widest cone, `high[6]` the most pixels per unit, `high[7]` the greatest discount.
struct Box {
  var low: Block
  var high: Block

  init(_ record: Record, _ lens: Lens, origin: SIMD3<Double>, scale: Double) {
    let (p, a) = (SIMD3<Float>((record.position - origin) / scale), SIMD3<Float>(record.axis))
    low = [p.x, p.y, p.z, a.x, a.y, a.z, Float(lens.cosine), 0]
    high = low
    high[6] = Float(lens.pixelsPerUnit)
    high[7] = record.discount
  }

  @inline(__always) mutating func formUnion(_ other: Box) {
    low = low.atMost(other.low)
    high = high.atLeast(other.high)
  }

  func union(_ other: Box) -> Box {
    var sum = self
    sum.formUnion(other)
    return sum
  }

  /// Of positions and axes; a unit of the one blurs a view about as much as one of the other.
  private static let extents: Block = [1, 1, 1, 1, 1, 1, 0, 0]

  /// The sum of all sides.
  @inline(__always) var margin: Float { ((high - low) * Self.extents).sum() }

  var center: Block { (low + high) * 0.5 * Self.extents }

  private static let positions: Block = [1, 1, 1, 0, 0, 0, 0, 0]

  /// The squares of the least and the greatest distance between a position in it and a place.
  @inline(__always) func squaredDistances(to place: Block) -> (least: Float, greatest: Float) {
    let (below, above) = (low - place, place - high)
    let (out, across) = (below.atLeast(above).positive, (below * -1).atLeast(above * -1))
    return ((out * out * Self.positions).sum(), (across * across * Self.positions).sum())
  }
}

/// Finds keyframes by where they stand and which way they look: a balanced tree of boxes, after
/// Guttman's R-tree (SIGMOD 1984), in six dimensions.
///
/// It takes keyframes one at a time, in any order, crowded or spread over a country, each in a
/// microsecond or so.
struct PoseTree {
  /// Up to fifteen children, or keyframes in a leaf; the last lane has their number, negative in a
  /// leaf.
  struct Family {
    var lanes = SIMD16<Int32>.zero

    var count: Int { Int(abs(lanes[15])) }
    var isLeaf: Bool { lanes[15] < 0 }

    init(_ children: some Collection<Int32>, isLeaf: Bool) {
      for (i, child) in children.enumerated() { lanes[i] = child }
      lanes[15] = Int32(isLeaf ? -children.count : children.count)
    }

    mutating func append(_ child: Int32) {
      lanes[count] = child
      lanes[15] += isLeaf ? -1 : 1
    }
  }

  private static let fanout = 15
  var root: Int32 = -1
  private var boxes = Pile<Box>()
  private var families = Pile<Family>()

  func box(of node: Int32) -> Box { boxes[Int(node)] }

  func isLeaf(_ node: Int32) -> Bool { families[Int(node)].isLeaf }

  /// Calls with each child, or with each keyframe of a leaf.
  @inline(__always) func forEachChild(of node: Int32, _ body: (Int32) -> Void) {
    let family = families[Int(node)]
    for i in 0..<family.count { body(family.lanes[i]) }
  }

  var bytes: Int { boxes.bytes + families.bytes }

  /// A tree of no keyframes.
  init() {}

  // MARK: Inserting

  /// - Parameter boxOf: the box of a keyframe that is in the tree.
  mutating func insert(_ keyframe: Int32, _ box: Box, boxOf: (Int32) -> Box) {
    guard root >= 0 else {
      root = add(box, Family([keyframe], isLeaf: true))
      return
    }
    var path: [Int32] = [root]
    boxes[Int(root)].formUnion(box)
    while let node = path.last, !isLeaf(node) {
      let child = child(of: node, for: box)
      boxes[Int(child)].formUnion(box)
      path.append(child)
    }
    put(keyframe, box, along: path, boxOf)
  }

  mutating func add(_ box: Box, _ family: Family) -> Int32 {
    boxes.append(box)
    families.append(family)
    return Int32(boxes.count - 1)
  }

  /// The child that would grow least, of several the smallest.
  private func child(of node: Int32, for box: Box) -> Int32 {
    var best: (child: Int32, growth: Float, margin: Float) = (-1, .infinity, .infinity)
    forEachChild(of: node) { child in
      let own = boxes[Int(child)]
      let margin = own.margin
      let growth = own.union(box).margin - margin
      if (growth, margin) < (best.growth, best.margin) || best.child < 0 {
        best = (child, growth, margin)
      }
    }
    return best.child
  }

  /// Adds a child to the last node of a path, and splits those that are full, from there upwards.
  private mutating func put(
    _ newcomer: Int32, _ box: Box, along path: [Int32], _ boxOf: (Int32) -> Box
  ) {
    var (newcomer, box) = (newcomer, box)
    for node in path.reversed() {
      if families[Int(node)].count < Self.fanout {
        families[Int(node)].append(newcomer)
        return
      }
      newcomer = split(node, with: (newcomer, box), boxOf)
      box = boxes[Int(newcomer)]
    }
    root = add(boxes[Int(root)].union(box), Family([root, newcomer], isLeaf: false))
  }

  /// Leaves a node the lower half of its children and one more, along their longest extent; returns
  /// a new node with the upper half.
  private mutating func split(
    _ node: Int32, with newcomer: (Int32, Box), _ boxOf: (Int32) -> Box
  ) -> Int32 {
    let isLeaf = isLeaf(node)
    var children = [newcomer]
    forEachChild(of: node) { children.append(($0, isLeaf ? boxOf($0) : boxes[Int($0)])) }
    let centers = children.map(\.1.center)
    let low = centers.dropFirst().reduce(centers[0]) { $0.atMost($1) }
    let high = centers.dropFirst().reduce(centers[0]) { $0.atLeast($1) }
    let side = (0..<6).max { (high - low)[$0] < (high - low)[$1] }!
    children.sort { ($0.1.center[side], $0.0) < ($1.1.center[side], $1.0) }
    let half = children.count / 2
    let (lower, upper) = (children[..<half], children[half...])
    boxes[Int(node)] = Self.box(around: lower)
    families[Int(node)] = Family(lower.map(\.0), isLeaf: isLeaf)
    return add(Self.box(around: upper), Family(upper.map(\.0), isLeaf: isLeaf))
  }

  private static func box(around children: ArraySlice<(Int32, Box)>) -> Box {
    children.dropFirst().reduce(children.first!.1) { $0.union($1.1) }
  }
}
