import Memory
import Scene
import Testing

struct DepthTests {
  let query = Places.camera(at: .zero, facing: [0, 0, 1])

  func flat(_ depth: Float) -> CoarseDepth {
    CoarseDepth(inverseDepths: Array(repeating: 1 / depth, count: 256))
  }

  func memory(_ keyframes: [(Camera, CoarseDepth?)]) -> SpatialMemory<Int> {
    var policy = Policy()
    policy.keepsNewest = false
    var memory = SpatialMemory<Int>(scale: 1, policy: policy)
    for (i, (camera, depth)) in keyframes.enumerated() {
      memory.admit(i, camera: camera, inverseDepth: depth, always: true)
    }
    return memory
  }

  @Test func depthsAreKeptToTwoPercent() {
    let depths = (0..<256).map { 0.02 * pow(1.03, Float($0)) }
    let coarse = CoarseDepth(inverseDepths: depths.map { 1 / $0 })
    for (kept, depth) in zip(coarse.inverseDepths, depths) {
      let limited = min(64, max(1 / 64, depth))
      #expect(abs(kept * limited - 1) < 0.018)
    }
    #expect(CoarseDepth(codes: coarse.codes) == coarse)
    #expect(CoarseDepth(codes: [1, 2]) == nil)
  }

  @Test(arguments: [0, -1, .nan, -.infinity] as [Float])
  func whatIsNoDepthIsUnknown(value: Float) {
    let coarse = CoarseDepth(inverseDepths: Array(repeating: value, count: 256))
    #expect(coarse.inverseDepths == Array(repeating: 0, count: 256))
    let here = memory([(query, coarse)])
    #expect(abs(here.coverage(of: query, by: Array(here)) - 1) < 1e-4)
  }

  @Test func aKeyframeBehindAWallIsNotRecalled() {
    // It stands two steps behind the query and looks the same way, at a wall between them.
    let behind = Places.camera(at: [0, 0, -1.6], facing: [0, 0, 1])
    #expect(memory([(behind, nil)]).ids(for: query) == [0])
    #expect(memory([(behind, flat(1.2))]).ids(for: query) == [])
    #expect(memory([(behind, flat(40))]).ids(for: query) == [0])
  }

  @Test func whatIsLearnedLaterCountsFromThenOn() {
    let behind = Places.camera(at: [0, 0, -1.6], facing: [0, 0, 1])
    var here = memory([(behind, nil)])
    let copy = here
    here.learn(flat(40), of: 0)
    #expect(here.ids(for: query) == [0])
    here.learn(flat(1.2), of: 0)
    #expect(here.ids(for: query) == [] && here[0].inverseDepth == flat(1.2))
    #expect(copy.ids(for: query) == [0] && copy[0].inverseDepth == nil)
  }

  @Test func depthsAreAskedForOnlyIfTheFrameIsKept() {
    var here = memory([(query, nil)])
    var asked = 0
    func depth() -> CoarseDepth? {
      asked += 1
      return flat(2)
    }
    let again = here.admit(1, camera: query, inverseDepth: depth())
    #expect(again == nil && asked == 0)
    let away = Places.camera(at: .zero, facing: [0, 0, -1])
    let new = here.admit(1, camera: away, inverseDepth: depth())
    #expect(new == 1 && asked == 1)
  }

  @Test func theRoomBehindAWallIsNewUntilSomeoneStandsInIt() {
    let behind = Places.camera(at: [0, 0, -1.6], facing: [0, 0, 1])
    #expect(memory([(behind, nil)]).novelty(of: query).uncovered < 0.1)
    #expect(memory([(behind, flat(1.2))]).novelty(of: query).uncovered > 0.99)
    let both = memory([(behind, flat(1.2)), (query, flat(2))])
    #expect(both.novelty(of: query).uncovered < 0.02)
  }

  /// What a camera sees of the inside of a cube around the origin, by where each ray leaves it.
  func walls(of camera: Camera, half: Double) -> CoarseDepth {
    let inverse = (0..<256).map { i -> Float in
      let cell = SIMD2(Double(i % 16) + 0.5, Double(i / 16) + 0.5) * 16
      let (p, v) = (camera.pose.position, camera.pose.rotation * Places.lens.direction(at: cell))
      let exits = (0..<3).map { ((v[$0] > 0 ? half : -half) - p[$0]) / v[$0] }
      return Float(1 / exits.filter { $0 > 0 }.min()!)
    }
    return CoarseDepth(inverseDepths: inverse)
  }

  @Test func withDepthsTooLapsAfterTheFirstAddNothing() {
    var memory = SpatialMemory<Int>(scale: 1)
    func walk(_ cameras: [Camera]) -> Int {
      let before = memory.count
      for camera in cameras {
        memory.admit(0, camera: camera, inverseDepth: walls(of: camera, half: 2.5))
      }
      return memory.count - before
    }
    let lap = Places.lap(60, radius: 1.2)
    let first = walk(lap)
    #expect(first > 5 && first < 45)
    for _ in 0..<3 { #expect(walk(lap) == 0) }
    #expect(walk(Places.lap(60, radius: 1.2, phase: 0.37)) <= first / 5)
  }

  @Test func weightIsGivenToSurfacesRatherThanToAir() {
    // The wall is at 3. One keyframe shows all of it from aside, the other the air before it.
    let wall = Places.camera(at: [0.5, 0, 0], facing: [-0.1, 0, 1])
    let far = Places.camera(at: [1.7, 0, 2.0], facing: [-1, 0, 0.05])
    let known = memory([(wall, flat(3)), (far, flat(3.4))])
    #expect(known.ids(for: query, limit: 1) == [0])
    let alone = known.coverage(of: query, by: [known[1]])
    #expect(alone < known.coverage(of: query, by: [known[0]]) / 2)
  }
}
