import Scene
import Testing

@Suite struct CameraTests {
  static let lens = Intrinsics(width: 64, height: 48, focal: [50, 52], center: [31, 25])
  static let camera = Camera(
    intrinsics: lens, pose: Pose(at: [1, -2, 0.5], facing: [0.3, 1, -0.2], up: [0, 0, 1]))

  @Test(arguments: [SIMD2(0.5, 0.5), [63.5, 47.5], [31, 25], [10, 40]])
  func projectingUndoesUnprojecting(pixel: SIMD2<Double>) throws {
    let point = Self.camera.unproject(pixel, depth: 2.5)
    let back = try #require(Self.camera.project(point))
    #expect(abs(back.x - pixel.x) < 1e-9 && abs(back.y - pixel.y) < 1e-9)
    #expect(Self.camera.sees(point))
  }

  @Test func seesNothingBehind() {
    #expect(Self.camera.project(Self.camera.pose * [0, 0, -1]) == nil)
  }

  @Test func fieldOfViewRoundTrips() {
    let lens = Intrinsics(width: 100, height: 80, horizontalFieldOfView: 1.2)
    #expect(abs(lens.horizontalFieldOfView - 1.2) < 1e-12)
  }

  @Test(arguments: [(8, 8), (64, 48), (30, 10), (10, 30)])
  func fittingKeepsDirections(size: (Int, Int)) {
    let fitted = Self.lens.fitted(width: size.0, height: size.1)
    let window = Self.lens.centeredWindow(width: size.0, height: size.1)
    let corner = SIMD2(Double(window.x), Double(window.y))
    let difference = fitted.direction(at: .zero) - Self.lens.direction(at: corner)
    #expect(difference.length < 1e-9)
    #expect(fitted.width == size.0 && fitted.height == size.1)
  }

  @Test func walksLevelWhateverThePitch() {
    var camera = Self.camera
    let gait = Gait(up: [0, 0, 1], speed: 2)
    camera.move(by: Action(turn: [0, 0.9]), gait: gait)
    let start = camera.pose.position
    camera.move(by: Action(move: [0, 0, 1], duration: 0.5), gait: gait)
    let step = camera.pose.position - start
    #expect(abs(step.z) < 1e-9)
    #expect(abs(step.length - 1) < 1e-9)
  }

  @Test func pitchStopsShortOfTheZenith() {
    var camera = Self.camera
    for _ in 0..<100 {
      camera.move(by: Action(turn: [0, 0.5]), gait: Gait(up: [0, 0, 1], speed: 1))
    }
    #expect(abs(asin(camera.pose.forward.z) - 1.4) < 1e-6)
  }

  @Test func turningRightTurnsRight() {
    var camera = Self.camera
    let right = camera.pose.right
    camera.move(by: Action(turn: [0.1, 0]), gait: Gait(up: [0, 0, 1], speed: 1))
    #expect(camera.pose.forward.dot(right) > 0.05)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func ignoresNumbersThatAreNone(bad: Double) {
    var camera = Self.camera
    let action = Action(move: [bad, 0, 1], turn: [bad, 0], duration: bad)
    camera.move(by: action, gait: Gait(up: [0, 0, 1], speed: 1))
    #expect(camera.pose.position == Self.camera.pose.position)
    #expect(camera.pose.forward.isFinite)
  }
}
