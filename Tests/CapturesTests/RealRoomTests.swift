import Captures
import Foundation
import Images
import Scene
import Testing

/// A real capture that lies beside the package where it has been fetched; skipped elsewhere.
private let room = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("shared/captures/real_room").path

@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: room + "/transforms.json"),
    "there is no ../shared/captures/real_room beside the package"))
struct RealRoomTests {
  @Test func loadsEveryFrame() throws {
    let capture = try Capture(contentsOf: room)
    #expect(capture.count == 35 && capture.name == "real_room")
    let frames = try capture.frames(width: 64, height: 64)
    #expect(frames.count == 35)
    #expect(frames.allSatisfy { $0.image.width == 64 && Set($0.image.pixels).count > 50 })
    // 360 of 640 pixels are left in width: tan(half the angle) is 180 / 303.4.
    let angle = frames[0].camera.intrinsics.horizontalFieldOfView
    #expect(abs(angle - 2 * atan(180 / 303.4328)) < 1e-3)
  }

  @Test func camerasStandUprightAndLookForward() throws {
    let capture = try Capture(contentsOf: room)
    #expect(capture.up.isFinite && abs(capture.up.length - 1) < 1e-9)
    #expect(capture.scale.isFinite && capture.scale > 0)
    for entry in capture.entries {
      let pose = entry.camera.pose
      // Held level within 30 degrees, and not aimed at the floor or the ceiling.
      #expect((pose.down * -1).dot(capture.up) > cos(30 * .pi / 180))
      #expect(abs(pose.forward.dot(capture.up)) < 0.5)
      #expect(pose.rotation.orthonormalityError < 1e-3 && pose.rotation.determinant > 0)
    }
  }

  @Test func mostOfItIsWhereTheNetworkLearned() throws {
    // The plane that warps a picture best into its neighbours, pixel by pixel, lies at 14 units:
    // `rtfm evaluate`'s `warp` has 27.0, 27.2 and 26.8 dB at 10, 14 and 20.
    let depth = try Capture(contentsOf: room).scale * Capture.trainedDepth
    #expect(11 < depth && depth < 18, "\(depth)")
  }

  @Test func neighboursSeeTheSamePlace() throws {
    // With right poses a point ahead of one camera lies inside the next one's view.
    let capture = try Capture(contentsOf: room)
    for (a, b) in zip(capture.entries, capture.entries.dropFirst()) {
      let center = a.camera.intrinsics.center
      #expect(b.camera.sees(a.camera.unproject(center, depth: capture.scale * 2)))
    }
  }
}
