import Scene
import Testing

@testable import Memory

struct IndexTests {
  enum Layout: String, CaseIterable {
    case scattered, crowded, line, heap, distant

    var cameras: [Camera] {
      switch self {
      case .scattered: Places.scattered(1500, size: 12, seed: 1)
      case .crowded: Places.scattered(1500, size: 0.8, seed: 2)
      case .line: Places.corridor(1500, step: 0.05)
      case .heap: Array(repeating: Places.camera(at: [0.2, 0, -1], facing: [0, 0, 1]), count: 300)
      case .distant: Places.scattered(800, size: 8, seed: 3).map { $0.moved([4e5, -3e4, 7e5]) }
      }
    }

    var queries: [Camera] {
      let near = Places.scattered(8, size: 5, seed: 4)
      return self == .distant ? near.map { $0.moved([4e5, -3e4, 7e5]) } : near
    }
  }

  func lookout(_ cameras: [Camera], scale: Double = 1, policy: Policy = Policy()) -> Lookout {
    var lookout = Lookout(scale: scale, policy: policy)
    for camera in cameras {
      lookout.append(camera, generation: 0, certainty: 1, depths: nil)
    }
    return lookout
  }

  @Test(arguments: Layout.allCases, [true, false])
  func aRangeQueryFindsWhatAScanFinds(layout: Layout, isNear: Bool) {
    layout.expectRangesAsScanned(lookout(layout.cameras), isNear: isNear)
  }

  @Test(arguments: Layout.allCases) func everyConeThatTouchesIsFound(layout: Layout) {
    let (cameras, lookout) = (layout.cameras, lookout(layout.cameras))
    for query in layout.queries {
      let frustum = lookout.frustum(of: query, rays: 16)
      let found = Set(lookout.candidates(for: frustum, isNear: true)!)
      for (i, camera) in cameras.enumerated() {
        let offset = camera.pose.position - query.pose.position
        let touches = frustum.bounds.contains { camera.cone(touches: $0) }
        #expect(found.contains(i) || !(touches && offset.length <= 2))
      }
    }
  }

  @Test(arguments: [Layout.scattered, .crowded, .line])
  func noKeyframeShowsMoreThanItsBoxPromises(layout: Layout) {
    let cameras = layout.cameras
    let lookout = lookout(cameras)
    for (start, query) in zip(stride(from: 0, to: 700, by: 97), layout.queries) {
      let frustum = lookout.frustum(of: query, rays: 4)
      let members = (start..<start + 9).map { lookout.register[$0] }
      let boxes = members.map {
        Box($0, lookout.register.lens(of: $0), origin: cameras[0].pose.position, scale: 1)
      }
      let box = boxes.dropFirst().reduce(boxes[0]) { $0.union($1) }
      let prospect = Prospect(box, from: query, at: lookout.place(of: query))
      for member in members {
        let view = View(of: lookout.register.viewpoint(of: member), in: frustum)
        for points in frustum.points {
          let excess = view.look(at: points).weight - prospect.look(at: points)
          #expect(excess.max() < 1e-4)
        }
      }
    }
  }

  @Test(arguments: [Layout.scattered, .crowded, .line])
  func recallShowsAsMuchAsAScanOfAll(layout: Layout) {
    var all = Policy()
    all.candidates = .max
    let (slow, fast) = (
      SpatialMemory(layout.cameras, policy: all), SpatialMemory(layout.cameras, policy: Policy())
    )
    var ratios: [Double] = []
    for query in layout.queries {
      let best = slow.coverage(of: query, by: slow.recall(for: query, limit: 4))
      let found = fast.coverage(of: query, by: fast.recall(for: query, limit: 4))
      #expect(found >= 0.9 * best)
      if best > 0 { ratios.append(found / best) }
    }
    #expect(ratios.reduce(0, +) >= 0.97 * Double(ratios.count))
  }

  @Test func aFarFrameThatSeesThePlaceIsFoundAmongMany() {
    var policy = Policy()
    policy.range = 1000
    // All face away from the query's view, but one: 300 units behind, through a long lens.
    var cameras = Places.scattered(20_000, size: 60, seed: 5).map { camera in
      Places.camera(at: camera.pose.position - [0, 0, 40], facing: [0.1, 0, -1])
    }
    let tele = Intrinsics(width: 256, height: 256, horizontalFieldOfView: 0.02)
    cameras.insert(
      Camera(intrinsics: tele, pose: Pose(at: [0, 0, -300], facing: [0, 0, 1], up: Places.up)),
      at: 7777)
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    policy.keepsNewest = false
    #expect(SpatialMemory(cameras, policy: policy).ids(for: query) == [7777])
  }

  @Test func theOneThatShowsTheOtherHalfIsFoundAmongThousandsOfCopies() {
    func turned(_ a: Double) -> Camera { Places.camera(at: .zero, facing: [sin(a), 0, cos(a)]) }
    var cameras = (0..<20_000).map { turned(-0.35 + 1e-6 * Double($0)) }
    cameras[12_345] = turned(0.6)
    var policy = Policy()
    policy.keepsNewest = false
    let ids = SpatialMemory(cameras, policy: policy).ids(for: turned(0), limit: 2)
    #expect(ids.contains(12_345))
  }

  @Test(arguments: Layout.allCases) func theTreeStaysShallow(layout: Layout) {
    let tree = lookout(layout.cameras).tree
    func depth(_ node: Int32) -> Int {
      var deepest = 0
      if !tree.isLeaf(node) { tree.forEachChild(of: node) { deepest = max(deepest, depth($0)) } }
      return deepest + 1
    }
    #expect(depth(tree.root) <= 5)
  }

  @Test func aKeyframeTakesLessThanTwoHundredBytes() {
    let memory = SpatialMemory(Places.scattered(20_000, size: 30, seed: 6))
    #expect(memory.overhead < 200 * 20_000)
    #expect(memory.overhead > 96 * 20_000)  // poses alone, in Float64
  }

  @Test func posesComeBackToTheBit() {
    let cameras = Layout.distant.cameras
    #expect(SpatialMemory(cameras).map(\.camera) == cameras)
  }

  @Test func aCopyKeepsWhatTheOriginalHadWhenItWasMade() {
    var memory = SpatialMemory(Places.scattered(3000, size: 9, seed: 7))
    let copy = memory
    let query = Places.scattered(1, size: 3, seed: 8)[0]
    let before = copy.ids(for: query)
    for camera in Places.scattered(3000, size: 9, seed: 9) {
      memory.admit(0, camera: camera, always: true)
    }
    #expect(copy.count == 3000 && memory.count == 6000)
    #expect(copy.ids(for: query) == before)
  }
}

extension IndexTests.Layout {
  /// Expects an index of this layout's cameras, however it was made, to find what a scan finds.
  func expectRangesAsScanned(_ lookout: Lookout, isNear: Bool) {
    for query in queries {
      let frustum = lookout.frustum(of: query, rays: 16)
      let hunt = Hunt(lookout, frustum, isNear: isNear)
      let scan = cameras.indices.filter { hunt.includes(lookout.register[$0]) }
      #expect(lookout.candidates(for: frustum, isNear: isNear) == scan)
    }
  }
}

extension Camera {
  fileprivate func moved(_ offset: SIMD3<Double>) -> Camera {
    Camera(
      intrinsics: intrinsics,
      pose: Pose(rotation: pose.rotation, position: pose.position + offset))
  }

  /// By angles: whether the cone around the image may hold a point of the ball.
  fileprivate func cone(touches ball: Sphere) -> Bool {
    let v = ball.center - pose.position
    guard v.length > ball.radius else { return true }
    let size = SIMD2(Double(intrinsics.width), Double(intrinsics.height))
    let corner = intrinsics.direction(at: size).normalized
    let angle = acos(min(1, max(-1, v.normalized.dot(pose.forward))))
    return angle - asin(ball.radius / v.length) <= acos(corner.z)
  }
}
