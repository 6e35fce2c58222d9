import Scene
import Testing

@testable import Streaming

@Suite struct FrameHeaderTests {
  private let header = FrameHeader(
    id: 0x0102_0304, applied: 9, width: 640, height: 360, keyframes: 70_000,
    times: .init(recall: 0.5, gather: 1, network: 2, jpeg: 0.25),
    place: Place(x: 1.5, y: -2, heading: 0.75),
    pose: Pose(at: [1, 2, 3], facing: [0.2, 0.1, 1], up: [0, -1, 0]), context: [3, 70_000])

  @Test func comesBackAsItWas() {
    let bytes = header.encoded
    #expect(FrameHeader(decoding: bytes + [0xFF, 0xD8]) == header)
    #expect(bytes.count == header.encodedSize)
  }

  @Test func bytesAreWhereTheProtocolSays() {
    let bytes = header.encoded
    #expect(Array(bytes[0..<8]) == [0x52, 0x46, 1, 0, 156, 0, 2, 0])
    #expect(Array(bytes[8..<16]) == [4, 3, 2, 1, 9, 0, 0, 0])
    #expect(Array(bytes[16..<20]) == [0x80, 0x02, 0x68, 0x01])
    #expect(Array(bytes[24..<28]) == [0, 0, 0, 0x3F], "0.5 as a float")
    #expect(Array(bytes[124..<132]) == [0, 0, 0, 0, 0, 0, 0xF0, 0x3F], "x = 1 as a double")
    #expect(Array(bytes[148...]) == [3, 0, 0, 0, 0x70, 0x11, 1, 0])
  }

  @Test(arguments: 0..<156) func shorterIsNone(count: Int) {
    #expect(FrameHeader(decoding: Array(header.encoded.prefix(count))) == nil)
  }

  @Test(arguments: [0, 2, 4, 6]) func anotherMagicVersionOrSizeIsNone(offset: Int) {
    var bytes = header.encoded
    bytes[offset] &+= 1
    #expect(FrameHeader(decoding: bytes) == nil)
  }

  @Test func figuresThatDoNotFitAreClampedNotTrapped() {
    let lens = Intrinsics(width: 100_000, height: 2, horizontalFieldOfView: 1)
    let view = View(
      jpeg: [], camera: Camera(intrinsics: lens, pose: Pose()), keyframes: -1,
      context: Array(repeating: -7, count: 20_000))
    let header = FrameHeader(view, id: 1, applied: 0, place: Place())
    #expect(header.width == .max)
    #expect(header.keyframes == 0)
    #expect(FrameHeader(decoding: header.encoded)?.context == Array(repeating: 0, count: 4096))
  }
}

@Suite struct MapPlaneTests {
  static let headings: [(SIMD3<Double>, Double)] = [
    ([0, 0, 1], 0), ([1, 0, 0], .pi / 2), ([-1, 0, 0], -.pi / 2), ([0, 0.999, 0.04], 0),
  ]

  @Test(arguments: headings)
  func headingIsClockwiseFromTheTop(forward: SIMD3<Double>, heading: Double) {
    let pose = Pose(at: [3, 7, 5], facing: forward, up: [0, -1, 0])
    let place = MapPlane(up: [0, -1, 0]).place(pose)
    #expect(place.x == 3)
    #expect(place.y == 5)
    #expect(abs(Double(place.heading) - heading) < 1e-6)
  }

  @Test(arguments: [SIMD3(0.0, 0, 1), [0, 1, 0], [1, 0, 0], [1, 2, -3], [.nan, 0, 0], .zero])
  func walkingForwardGoesWhereTheArrowPoints(up: SIMD3<Double>) {
    let isUsable = up.isFinite && up.length > 0
    let gait = Gait(up: isUsable ? up : [0, -1, 0], speed: 1)
    let plane = MapPlane(up: up)
    var camera = Camera(
      intrinsics: Intrinsics(width: 1, height: 1, horizontalFieldOfView: 1),
      pose: Pose(at: [1, 2, 3], facing: [0.5, 0.6, 0.7], up: gait.up))
    let before = plane.place(camera.pose)
    camera.move(by: Action(move: [0, 0, 1], duration: 1), gait: gait)
    let after = plane.place(camera.pose)
    #expect(abs(after.x - before.x - sin(after.heading)) < 1e-5)
    #expect(abs(after.y - before.y - cos(after.heading)) < 1e-5)

    camera.move(by: Action(turn: [0.3, 0]), gait: gait)
    let turned = plane.place(camera.pose).heading - after.heading
    #expect(abs(remainder(Double(turned) - 0.3, 2 * .pi)) < 1e-5)
  }
}
