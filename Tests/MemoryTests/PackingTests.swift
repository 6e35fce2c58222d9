import Scene
import Testing

@testable import Memory

/// Trees of many keyframes at once against trees that grew, and against looking at everything.
struct PackingTests {
  typealias Layout = IndexTests.Layout

  /// Packed, however few they are.
  func packed(_ cameras: [Camera], policy: Policy = Policy()) -> Lookout {
    var lookout = Lookout(scale: 1, policy: policy)
    for camera in cameras { lookout.enter(camera, generation: 0, certainty: 1, depths: nil) }
    lookout.index(insertingUpTo: 0)
    return lookout
  }

  func grown(_ cameras: [Camera], policy: Policy = Policy()) -> Lookout {
    var lookout = Lookout(scale: 1, policy: policy)
    for camera in cameras { lookout.append(camera, generation: 0, certainty: 1, depths: nil) }
    return lookout
  }

  @Test(arguments: [0, 1, 2, 11, 12, 13, 25, 143, 144, 145, 300, 1727, 1728, 1729, 2000])
  func everyKeyframeIsInOneLeafAndEveryBoxHoldsItsOwn(count: Int) {
    let lookout = packed(Places.scattered(count, size: 9, seed: 1))
    let tree = lookout.tree
    var leaves: [Int32] = []
    var depths: Set<Int> = []
    func visit(_ node: Int32, depth: Int) -> Int {
      var children = 0
      tree.forEachChild(of: node) { child in
        children += 1
        let box = tree.isLeaf(node) ? lookout.boxes(child) : tree.box(of: child)
        #expect(tree.box(of: node).union(box).low == tree.box(of: node).low)
        #expect(tree.box(of: node).union(box).high == tree.box(of: node).high)
        if tree.isLeaf(node) {
          leaves.append(child)
          depths.insert(depth)
        } else {
          _ = visit(child, depth: depth + 1)
        }
      }
      #expect((1...15).contains(children))
      return children
    }
    if tree.root >= 0 { _ = visit(tree.root, depth: 0) }
    #expect(leaves.sorted() == (0..<Int32(count)).map { $0 })
    #expect(depths.count == min(1, count))
  }

  @Test(arguments: Layout.allCases, [true, false])
  func aRangeQueryFindsWhatAScanFinds(layout: Layout, isNear: Bool) {
    layout.expectRangesAsScanned(packed(layout.cameras), isNear: isNear)
  }

  /// What comes later finds its place among what was packed.
  @Test(arguments: [40, 3000]) func aPackedTreeGrows(later: Int) {
    var lookout = packed(Places.scattered(1500, size: 9, seed: 2))
    for camera in Places.scattered(later, size: 11, seed: 3) {
      lookout.append(camera, generation: 0, certainty: 1, depths: nil)
    }
    for query in Layout.scattered.queries {
      let frustum = lookout.frustum(of: query, rays: 16)
      let hunt = Hunt(lookout, frustum, isNear: true)
      let scan = (0..<1500 + later).filter { hunt.includes(lookout.register[$0]) }
      #expect(lookout.candidates(for: frustum, isNear: true) == scan)
    }
  }

  /// By what asking all of them would find; dense enough that neither tree can look at everything.
  @Test(arguments: [3.0, 12]) func recallIsAsGoodAsFromATreeThatGrew(size: Double) {
    let cameras = Places.scattered(20_000, size: size, seed: 4)
    let (packed, grown) = (packed(cameras), grown(cameras))
    func worth(_ lookout: Lookout, _ query: Camera) -> Double {
      let views = lookout.recall(for: query, limit: 4).map {
        lookout.register.viewpoint(of: lookout.register[$0])
      }
      return lookout.coverage(of: query, by: views).total
    }
    let queries = Places.scattered(60, size: size * 0.8, seed: 5)
    let sums = queries.reduce((packed: 0.0, grown: 0.0)) { sum, query in
      (sum.packed + worth(packed, query), sum.grown + worth(grown, query))
    }
    #expect(sums.packed > 0.985 * sums.grown, "\(sums)")
  }

  /// Any order, any number of equal ones: the cut is where it should be.
  @Test(arguments: 0..<20) func heapsAndRowsArePacked(seed: UInt64) {
    var random = Random(state: seed)
    let count = Int(random.number * 3000) + 1
    let kinds = Int(random.number * 40) + 1
    let cameras = (0..<count).map { i in
      let k = seed % 2 == 0 ? i * kinds / count : Int(random.number * Double(kinds))
      return Places.camera(at: [Double(k), 0, 0], facing: [0, 0, 1])
    }
    let lookout = packed(cameras)
    let query = Places.camera(at: [Double(kinds / 2), 0, -1], facing: [0, 0, 1])
    let frustum = lookout.frustum(of: query, rays: 16)
    let hunt = Hunt(lookout, frustum, isNear: true)
    let scan = cameras.indices.filter { hunt.includes(lookout.register[$0]) }
    #expect(lookout.candidates(for: frustum, isNear: true) == scan)
  }

  @Test func aMemoryThatWasFilledRecallsAsOneThatGrew() {
    let cameras = Places.scattered(4000, size: 6, seed: 6)
    let grown = SpatialMemory(cameras, policy: Policy())
    let filled = SpatialMemory<Int>(scale: 1) { filling in
      for (i, camera) in cameras.enumerated() { filling.add(i, camera: camera) }
    }
    #expect(filled.count == 4000 && filled.map(\.camera) == cameras)
    for query in Layout.scattered.queries {
      #expect(filled.ids(for: query) == grown.ids(for: query))
      #expect(filled.novelty(of: query) == grown.novelty(of: query))
    }
  }

  @Test func aFillingKnowsWhatIsNoCameraAndWhatIsLearnedLater() {
    let camera = Places.camera(at: .zero, facing: [0, 0, 1])
    var lost = camera
    lost.pose.position.x = .nan
    let wall = CoarseDepth(inverseDepths: Array(repeating: 0.5, count: 256))
    let memory = SpatialMemory<Int>(scale: 1) { filling in
      let kept = [
        filling.add(0, camera: lost),
        filling.add(1, camera: camera, generation: 2, certainty: 0.5),
      ]
      filling.learn(wall, of: 0)
      #expect(kept == [false, true] && filling.count == 1)
    }
    #expect(memory[0].inverseDepth == wall)
    #expect((memory[0].value, memory[0].generation, memory[0].certainty) == (1, 2, 0.5))
  }
}
