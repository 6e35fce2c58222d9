import Scene
import Testing

@Suite struct PoseTests {
  static let poses = (0..<6).map { i -> Pose in
    let a = Double(i) * 1.1 - 2
    return Pose(
      rotation: .rotation(by: a, about: SIMD3(a, 1, 0.3 - a).normalized),
      position: [1e4 * a, -2, 0.5 * a])
  }

  @Test(arguments: poses) func inverseUndoes(pose: Pose) {
    let p = SIMD3(0.3, -1.2, 2.5)
    #expect((pose.inverse * (pose * p) - p).length < 1e-10)
    #expect((pose * pose.inverse).rotation.orthonormalityError < 1e-12)
  }

  @Test(arguments: poses, poses) func relativePosesDoNotFeelRigidMoves(a: Pose, b: Pose) {
    let move = Pose(rotation: .rotation(by: 0.7, about: [0, 0.6, 0.8]), position: [5, 6, 7])
    let (before, after) = (a.relative(to: b), (move * a).relative(to: move * b))
    #expect((before.position - after.position).length < 1e-9)
    #expect(before.angle(to: after) < 1e-6)
  }

  @Test func looksWhereItShould() {
    let pose = Pose(at: [1, 2, 3], lookingAt: [1, 5, 3], up: [0, 0, 1])
    #expect((pose.forward - [0, 1, 0]).length < 1e-12)
    #expect((pose.right - [1, 0, 0]).length < 1e-12)
    #expect((pose.down - [0, 0, -1]).length < 1e-12)
    #expect(abs(pose.rotation.determinant - 1) < 1e-12)
  }

  @Test func looksStraightUpWithoutBreaking() {
    let pose = Pose(at: .zero, facing: [0, 0, 1], up: [0, 0, 1])
    #expect(pose.rotation.orthonormalityError < 1e-12)
  }

  @Test(arguments: poses) func interpolationEndsExactly(pose: Pose) {
    let other = Self.poses[2]
    #expect((pose.interpolated(to: other, at: 0).position - pose.position).length < 1e-9)
    #expect(pose.interpolated(to: other, at: 1).angle(to: other) < 1e-6)
    let half = pose.interpolated(to: other, at: 0.5)
    #expect(abs(half.angle(to: pose) - half.angle(to: other)) < 1e-6)
  }

  @Test func halfTurnsInterpolate() {
    let a = Pose()
    let b = Pose(rotation: .rotation(by: .pi, about: [0, 1, 0]))
    #expect(abs(a.interpolated(to: b, at: 0.5).angle(to: a) - .pi / 2) < 1e-6)
  }
}
