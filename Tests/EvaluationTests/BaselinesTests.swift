import Evaluation
import Scene
import Testing

/// A painted wall at z = 4, and cameras in front of it.
struct BaselineTests {
  static let lens = Intrinsics(width: 96, height: 64, horizontalFieldOfView: 1)

  func camera(at position: SIMD3<Double>, turned angle: Double = 0) -> Camera {
    Camera(
      intrinsics: Self.lens,
      pose: Pose(rotation: .rotation(by: angle, about: [0, 1, 0]), position: position))
  }

  /// What a camera sees of the wall, ray by ray.
  func photo(_ camera: Camera) -> Frame {
    var image = Image(width: camera.intrinsics.width, height: camera.intrinsics.height)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let far = camera.unproject([Double(x) + 0.5, Double(y) + 0.5], depth: 1)
        let ray = far - camera.pose.position
        image[x, y] = paint(camera.pose.position + ray * ((4 - camera.pose.position.z) / ray.z))
      }
    }
    return Frame(image: image, camera: camera)
  }

  private func paint(_ p: SIMD3<Double>) -> SIMD3<UInt8> {
    let waves = SIMD3(sin(3 * p.x + p.y), cos(4 * p.y - p.x), sin(2.5 * p.x) * cos(3 * p.y))
    return SIMD3<UInt8>(waves * 100 + 128)
  }

  let query = Camera(intrinsics: lens, pose: Pose())

  @Test func withoutMotionAllBaselinesAreTheFrameItself() {
    let frame = photo(query)
    for baseline in Baseline.allCases {
      #expect(baseline.draw(query, from: [frame], depth: 4) == frame.image)
    }
    #expect(frame.warped(to: query, depth: 2).seen.allSatisfy { $0 })
  }

  @Test func withoutAContextThereIsNothingToDraw() {
    for baseline in Baseline.allCases {
      #expect(baseline.draw(query, from: [], depth: 4) == nil)
    }
  }

  static let moves: [(SIMD3<Double>, Double)] = [
    ([0.5, 0, 0], 0), ([0, 0.3, 0.4], 0), ([-0.3, 0.1, -0.5], 0), ([0, 0, 0], 0.3),
    ([0.8, -0.2, 0.2], -0.2),
  ]

  @Test(arguments: moves) func theTruePlaneIsSeenAsItIs(move: SIMD3<Double>, angle: Double) {
    let frame = photo(camera(at: move, turned: angle))
    let truth = photo(query).image
    let (image, seen) = frame.warped(to: query, depth: 4)
    #expect(seen.count { $0 } > 96 * 64 / 3)
    #expect(psnr(image, truth, mask: seen) > 35)
    #expect(psnr(image, truth, mask: seen) > psnr(frame.image, truth, mask: seen) + 10)
    // At another depth it is another picture.
    let wrong = frame.warped(to: query, depth: 2)
    let isMoved = move != .zero
    #expect((psnr(wrong.image, truth, mask: wrong.seen) < 30) == isMoved)
  }

  @Test func holesShowTheFrameItself() {
    let frame = photo(camera(at: [1, 0, 0]))
    let (image, seen) = frame.warped(to: query, depth: 4)
    #expect(seen.contains(false))
    for i in seen.indices where !seen[i] {
      #expect(image[i % 96, i / 96] == frame.image[i % 96, i / 96])
    }
    let behind = photo(camera(at: .zero, turned: 3))
    #expect(!behind.warped(to: query, depth: 4).seen.contains(true))
  }

  @Test func whatIsSeenIsWhereTheFrameShowsThePlane() {
    let frame = photo(camera(at: [0.7, 0.1, 0], turned: 0.1))
    let seen = frame.warped(to: query, depth: 4).seen
    for i in seen.indices {
      let point = query.unproject([Double(i % 96) + 0.5, Double(i / 96) + 0.5], depth: 4)
      #expect(seen[i] == frame.camera.sees(point))
    }
  }

  @Test func theClosestFrameIsCopied() {
    let context = [[2, 0, 0], [0.3, 0, 0], [-1, 0, 0]].map { photo(camera(at: $0)) }
    #expect(Baseline.nearest.draw(query, from: context, depth: 4) == context[1].image)
    // Things being 4 away, a move of 1 shifts the picture by as much as a turn of a quarter.
    let turned = photo(camera(at: .zero, turned: 0.3))
    let moved = photo(camera(at: [1, 0, 0]))
    #expect([turned, moved].nearest(to: query, depth: 4) == moved)
    #expect([turned, moved].nearest(to: query, depth: 2) == turned)
    #expect([Frame]().nearest(to: query, depth: 4) == nil)
  }

  @Test func framesOfAnotherSizeAreResized() throws {
    var large = query
    large.intrinsics = Self.lens.resized(width: 192, height: 128)
    let truth = photo(query).image
    for baseline in Baseline.allCases {
      let image = try #require(baseline.draw(query, from: [photo(large)], depth: 4))
      #expect(image.width == 96 && image.height == 64)
      #expect(psnr(image, truth) > 35)
    }
  }
}
