import Scene
import Testing

@Suite struct PathTests {
  static let stops = (0..<4).map { i in
    Camera(
      intrinsics: CameraTests.lens,
      pose: Pose(at: [Double(i), 0, 1], facing: [1, Double(i), 0], up: [0, 0, 1]))
  }

  @Test(arguments: [2, 3, 7, 100]) func throughEndsAtItsEnds(count: Int) {
    let path = Path.through(Self.stops, count: count)
    #expect(path.cameras.count == count)
    #expect((path.cameras[0].pose.position - Self.stops[0].pose.position).length < 1e-9)
    #expect((path.cameras[count - 1].pose.position - Self.stops[3].pose.position).length < 1e-9)
  }

  @Test func throughOneCameraStands() {
    let path = Path.through([Self.stops[1]], count: 5)
    #expect(path.cameras == Array(repeating: Self.stops[1], count: 5))
  }

  @Test(arguments: [3, 4, 11, 12]) func returnComesBackToItsStart(count: Int) {
    let cameras = Path.return(Self.stops, count: count).cameras
    #expect(cameras.count == count)
    #expect(cameras.first == cameras.last)
  }

  @Test func spinTurnsOnce() {
    let cameras = Path.spin(Self.stops[0], up: [0, 0, 1], count: 8).cameras
    let turns = zip(cameras, cameras.dropFirst() + [cameras[0]]).map { $0.pose.angle(to: $1.pose) }
    #expect(turns.allSatisfy { abs($0 - .pi / 4) < 1e-6 })
    #expect(cameras.allSatisfy { $0.pose.position == Self.stops[0].pose.position })
  }

  @Test func orbitKeepsItsEyesOnThePoint() throws {
    let start = Self.stops[0]
    let target = start.pose.position + start.pose.forward * 2
    let path = Path.orbit(start, up: [0, 0, 1], radius: 0.5, distance: 2, count: 9)
    for camera in path.cameras {
      let pixel = try #require(camera.project(target))
      #expect(abs(pixel.x - 31) < 1e-6 && abs(pixel.y - 25) < 1e-6)
    }
  }
}
