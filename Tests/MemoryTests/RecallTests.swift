import Memory
import Scene
import Testing

struct RecallTests {
  /// Weights one point at a time, in Float64 and world coordinates, from the definitions.
  func slowCoverage(of query: Camera, by set: [Keyframe<Int>], scale: Double, policy: Policy)
    -> Double
  {
    let (n, m) = (policy.rays, policy.depths)
    var sum = 0.0
    for k in 0..<m {
      let depth = scale * policy.near * pow(policy.far / policy.near, Double(k) / Double(m - 1))
      for i in 0..<n * n {
        let cell = SIMD2(Double(i % n) + 0.5, Double(i / n) + 0.5) / Double(n)
        let point = query.unproject(cell * 256, depth: depth)
        sum += set.map { weight(of: $0, at: point, query: query, policy: policy) }.max() ?? 0
      }
    }
    return sum / Double(n * n * m)
  }

  private func weight(
    of keyframe: Keyframe<Int>, at point: SIMD3<Double>, query: Camera, policy: Policy
  ) -> Double {
    guard let pixel = keyframe.camera.project(point) else { return 0 }
    let inside = [pixel.x, 256 - pixel.x, pixel.y, 256 - pixel.y].map {
      $0 / 256 * Double(policy.rays) + 0.5
    }
    let visible =
      min(1, max(0, min(inside[0], inside[1]))) * min(1, max(0, min(inside[2], inside[3])))
    let (a, b) = (point - query.pose.position, point - keyframe.camera.pose.position)
    let angle = max(0, a.normalized.dot(b.normalized))
    return visible * angle * min(1, a.length / b.length)
      * pow(policy.generationDecay, keyframe.generation)
  }

  @Test(arguments: [0.5, 1, 40]) func coverageIsWhatItsDefinitionSays(scale: Double) {
    let cameras = Places.scattered(30, size: 2 * scale, seed: 3)
    var memory = SpatialMemory<Int>(scale: scale, policy: .coarse)
    for (i, camera) in cameras.enumerated() {
      memory.admit(i, camera: camera, generation: Double(i % 3), always: true)
    }
    for query in Places.scattered(10, size: 2 * scale, seed: 4) {
      let sets = [Array(memory), memory.recall(for: query, limit: 3)] + memory.map { [$0] }
      for set in sets {
        let slow = slowCoverage(of: query, by: set, scale: scale, policy: .coarse)
        #expect(abs(memory.coverage(of: query, by: set) - slow) < 1e-4)
      }
    }
  }

  @Test(arguments: 1...4) func greedComesCloseToTheBestSetOfThatSize(limit: Int) {
    for seed in 0..<6 as Range<UInt64> {
      let memory = SpatialMemory(Places.scattered(10, size: 1.5, seed: seed), policy: .plain)
      let query = Places.scattered(1, size: 1, seed: seed + 100)[0]
      let found = memory.coverage(of: query, by: memory.recall(for: query, limit: limit))
      let best = subsets(of: Array(memory), size: limit)
        .map { memory.coverage(of: query, by: $0) }.max()!
      #expect(found >= (1 - exp(-1)) * best)
      #expect(found <= best + 1e-6)
      if limit == 1 { #expect(found > best * 0.999) }
    }
  }

  private func subsets<T>(of set: [T], size: Int) -> [[T]] {
    guard size > 0, let first = set.first else { return size == 0 ? [[]] : [] }
    let rest = Array(set.dropFirst())
    return subsets(of: rest, size: size) + subsets(of: rest, size: size - 1).map { [first] + $0 }
  }

  @Test func withTheNewestInTheSecondPickIsTheBestOne() {
    for seed in 0..<6 as Range<UInt64> {
      let memory = SpatialMemory(Places.scattered(10, size: 1.5, seed: seed))
      let query = Places.scattered(1, size: 1, seed: seed + 100)[0]
      let found = memory.coverage(of: query, by: memory.recall(for: query, limit: 2))
      let best = memory.map { memory.coverage(of: query, by: [$0, memory[9]]) }.max()!
      #expect(found > best * 0.999)
    }
  }

  @Test func aKeyframeFacingAwayIsNeverPreferred() {
    for distance in [0, 0.01, 0.3, 1] {
      let away = Places.camera(at: [0, 0, -distance], facing: [0, 0, -1])
      let along = Places.camera(at: [0.4, 0, -1.5], facing: [-0.2, 0, 1])
      let memory = SpatialMemory([away, along, away, away])
      let query = Places.camera(at: .zero, facing: [0, 0, 1])
      #expect(memory.ids(for: query).first == 1)
      #expect(memory.ids(for: query) == [1, 3])
      #expect(memory.coverage(of: query, by: [memory[0]]) == 0)
    }
  }

  @Test func theQuerysOwnPoseComesFirst() {
    let cameras = Places.scattered(200, size: 2, seed: 9)
    let memory = SpatialMemory(cameras)
    for id in stride(from: 0, to: 200, by: 13) {
      for limit in 2...4 { #expect(memory.ids(for: cameras[id], limit: limit).first == id) }
    }
  }

  @Test func evenBesideANewerTwinOfItTheOwnPoseComesFirst() {
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    let twin = Places.camera(at: [0.001, 0, 0], facing: [0, 0, 1])
    #expect(SpatialMemory([query, twin]).ids(for: query) == [0, 1])
  }

  @Test func eachKeyframeAddsTheMostToThoseBefore() {
    let memory = SpatialMemory(Places.scattered(80, size: 2, seed: 17), policy: .plain)
    var ascending = 0
    for query in Places.scattered(12, size: 1.5, seed: 18) {
      let found = memory.recall(for: query, limit: 5)
      if found.map(\.id) == found.map(\.id).sorted() { ascending += 1 }
      for k in found.indices {
        let with = found[k...].map { memory.coverage(of: query, by: found[..<k] + [$0]) }
        #expect(with[0] > with.max()! * 0.999)
      }
    }
    #expect(ascending < 6)
  }

  @Test func whoeverSeesAnythingIsFound() {
    var policy = Policy.plain
    policy.range = 10
    var (seeing, blind) = (0, 0)
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    for camera in Places.scattered(400, size: 5, seed: 19) {
      let memory = SpatialMemory([camera], policy: policy)
      let sees = memory.coverage(of: query, by: [memory[0]]) > 0
      #expect(memory.ids(for: query) == (sees ? [0] : []))
      if sees { seeing += 1 } else { blind += 1 }
    }
    #expect(seeing > 50 && blind > 50)
  }

  @Test func anOriginalIsPreferredToACopyOfIt() {
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    var memory = SpatialMemory<Int>(scale: 1, policy: .plain)
    memory.admit(0, camera: query, generation: 2, always: true)
    memory.admit(1, camera: query, generation: 0, always: true)
    memory.admit(2, camera: query, generation: 1, always: true)
    #expect(memory.ids(for: query, limit: 1) == [1])
    #expect(abs(memory.coverage(of: query, by: [memory[0]]) - 0.81) < 1e-4)
  }

  @Test func aSharperKeyframeIsPreferredAndAMuchFartherOneIsNot() {
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    let behind = [0.2, 1.5, 0.6].map { Places.camera(at: [0, 0, -$0], facing: [0, 0, 1]) }
    #expect(SpatialMemory(behind, policy: .plain).ids(for: query, limit: 1) == [0])
    var blurred = query
    blurred.intrinsics = Places.lens.resized(width: 64, height: 64)
    #expect(SpatialMemory([blurred, query], policy: .plain).ids(for: query, limit: 1) == [1])
  }

  @Test func complementsAreTakenRatherThanRepetitions() {
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    func turned(_ a: Double) -> Camera { Places.camera(at: .zero, facing: [sin(a), 0, cos(a)]) }
    // Two copies of a look slightly left show more than the one far right; together they don't.
    let memory = SpatialMemory([turned(-0.3), turned(-0.3), turned(-0.3), turned(0.6)])
    #expect(Set(memory.ids(for: query, limit: 2)) == [0, 3])
    #expect(Set(memory.ids(for: query, limit: 4)) == [0, 3])
  }

  @Test(arguments: 0...8) func theLimitIsKeptAndTheNewestIsIn(limit: Int) {
    let memory = SpatialMemory(Places.scattered(60, size: 2, seed: 2))
    for query in Places.scattered(10, size: 1, seed: 5) {
      let ids = memory.ids(for: query, limit: limit)
      #expect(ids.count <= limit)
      #expect(Set(ids).count == ids.count)
      #expect(ids.contains(59) == (limit > 0))
    }
  }

  @Test func withoutAThresholdNoKeyframeIsTakenTwice() {
    for seed in 0..<40 as Range<UInt64> {
      let memory = SpatialMemory(Places.scattered(40, size: 1.2, seed: seed), policy: .plain)
      for query in Places.scattered(5, size: 1, seed: seed + 50) {
        let ids = memory.ids(for: query, limit: 40)
        #expect(Set(ids).count == ids.count)
      }
    }
  }

  @Test func aNegativeLimitRecallsNothing() {
    let memory = SpatialMemory(Places.scattered(5, size: 1, seed: 2))
    #expect(memory.ids(for: memory[0].camera, limit: -1).isEmpty)
  }

  @Test(arguments: [1.0, 30]) func nothingBeyondTheTrainedRangeUnlessNothingElseIsThere(
    scale: Double
  ) {
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    func back(_ d: Double) -> Camera { Places.camera(at: [0, 0, -d * scale], facing: [0, 0, 1]) }
    let aside = Places.camera(at: [0.3 * scale, 0, 0], facing: [0.2, 0, 1])
    #expect(SpatialMemory([aside, back(2.1)], scale: scale).ids(for: query) == [0])
    #expect(SpatialMemory([back(2), back(2.1)], scale: scale).ids(for: query) == [0])
    #expect(SpatialMemory([back(3), back(2.1)], scale: scale).ids(for: query) == [1])
    // The newest is beyond the range too, and sees nothing: it is in only where the rest is far.
    let away = Places.camera(at: [0, 0, -5 * scale], facing: [0, 0, -1])
    #expect(SpatialMemory([back(2.1), away], scale: scale).ids(for: query) == [0, 1])
    #expect(SpatialMemory([back(1.9), away], scale: scale).ids(for: query) == [0])
  }

  @Test func theWorldsPlaceAndTurnDoNotMatter() {
    let cameras = Places.scattered(150, size: 4, seed: 7) + Places.lap(30, radius: 2)
    let queries = Places.scattered(12, size: 3, seed: 8) + Places.lap(7, radius: 2)
    let memory = SpatialMemory(cameras)
    let axis = SIMD3(1.0, 2, -1).normalized
    for offset in [.zero, SIMD3(10_000, -200, 3), [-7071.1, 0, 7071.3]] {
      let motion = Pose(rotation: .rotation(by: 2.1, about: axis), position: offset)
      let moved = SpatialMemory(cameras.map { $0.moved(by: motion) })
      for query in queries {
        #expect(
          moved.ids(for: query.moved(by: motion), limit: 8) == memory.ids(for: query, limit: 8))
      }
    }
  }

  @Test func tiesAreNotDecidedByRounding() {
    // Pairs to the left and right of the query, each other's mirror image: the earlier one wins.
    let cameras = (1...20).flatMap { i in
      [-1.0, 1].map { side in
        let x = side * Double(i) / 13
        return Places.camera(at: [x, 0, -0.3 - 0.01 * Double(i)], facing: [-x, 0, 2])
      }
    }
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    for k in 0..<20 {
      let axis = SIMD3(1, Double(k), -2).normalized
      let motion = Pose(
        rotation: .rotation(by: Double(k), about: axis), position: [0, 1000 * Double(k), 7])
      let pair = [2 * k, 2 * k + 1].map { cameras[$0].moved(by: motion) }
      let memory = SpatialMemory(pair, policy: .plain)
      #expect(memory.ids(for: query.moved(by: motion), limit: 1) == [0])
    }
  }

  @Test func theSameQuestionHasTheSameAnswer() {
    let cameras = Places.scattered(100, size: 2, seed: 11)
    let query = Places.scattered(1, size: 1, seed: 12)[0]
    let first = SpatialMemory(cameras).ids(for: query, limit: 8)
    for _ in 0..<5 { #expect(SpatialMemory(cameras).ids(for: query, limit: 8) == first) }
  }

  @Test func crowdsAreThinnedWithoutLosingWhatMatters() {
    // Everyone within arm's length looks the same way: all cones touch, the coarse pass decides.
    let cameras = Places.scattered(500, size: 0.5, seed: 13)
    var all = Policy.coarse
    all.candidates = .max
    var few = Policy.coarse
    few.candidates = 64
    let (slow, fast) = (SpatialMemory(cameras, policy: all), SpatialMemory(cameras, policy: few))
    for query in Places.scattered(8, size: 0.4, seed: 14) {
      let best = slow.coverage(of: query, by: slow.recall(for: query, limit: 4))
      let found = fast.coverage(of: query, by: fast.recall(for: query, limit: 4))
      #expect(found > 0.97 * best)
    }
  }

  @Test func recallIsFastInAMemoryOfAThousand() {
    let memory = SpatialMemory(Places.scattered(1000, size: 4, seed: 15), policy: Policy())
    let queries = Places.scattered(20, size: 3, seed: 16)
    var found = 0
    let time = ContinuousClock().measure {
      for query in queries { found += memory.recall(for: query, limit: 4).count }
    }
    print("recall in 1,000 keyframes: \(time / 20), \(Double(found) / 20) keyframes on average")
    #expect(found >= 40)
    // 0.4 ms are usual, and a slow machine that does other things, too, is no fault.
    #expect(time / 20 < .milliseconds(100))
  }
}

extension Camera {
  fileprivate func moved(by motion: Pose) -> Camera {
    Camera(intrinsics: intrinsics, pose: motion * pose)
  }
}
