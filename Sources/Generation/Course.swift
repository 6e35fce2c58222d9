import Scene

/// Where a walk is heading: the pose a second ahead if it goes on as it does.
struct Course {
  private var last: (camera: Camera, time: ContinuousClock.Instant)?
  /// Where the camera will be in a second; nil before it has moved.
  private(set) var ahead: Camera?

  /// The farthest that a turn is carried on, in radians: beyond, nobody goes on as they do.
  private static let longestTurn = 2.0
  /// A pause after which a walk begins anew, in seconds.
  private static let pause = 1.0

  /// Takes note of where the camera is now.
  mutating func pass(_ camera: Camera, at time: ContinuousClock.Instant) {
    defer { last = (camera, time) }
    guard let last, case let seconds = (time - last.time) / .seconds(1),
      seconds > 0, seconds < Self.pause
    else {
      ahead = nil
      return
    }
    let angle = last.camera.pose.angle(to: camera.pose)
    let steps = min(1 / seconds, angle > 1e-9 ? Self.longestTurn / angle : .infinity)
    ahead = camera
    ahead?.pose = last.camera.pose.interpolated(to: camera.pose, at: 1 + steps)
  }
}
