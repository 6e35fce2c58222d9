import Foundation
public import Scene

extension ProceduralWorld {
  /// What looks different from wherever one stands.
  public enum Spectacle: String, CaseIterable, Sendable {
    /// Mirrors, and whatever they show.
    case mirrors
    /// The sun in the sky, and its flare in a lens that has one.
    case sun
  }

  /// A straight walk sideways, up to a metre long (twice that outdoors), from which as much of a
  /// spectacle can be seen as a few dozen places offer; nil where none offers enough.
  ///
  ///     let cameras = world.passage(past: .mirrors, count: 9, intrinsics: lens)
  public func passage(past spectacle: Spectacle, count: Int, intrinsics: Intrinsics) -> [Camera]? {
    let places = walk(count: Self.places, intrinsics: intrinsics, seed: 2, revisits: false)
    let views = spectacle == .sun ? places.compactMap(facingTheSun) : places
    let ranked = views.map { (camera: $0, worth: worth(of: spectacle, to: $0)) }
      .filter { $0.worth > 0 }
      .sorted { $0.worth > $1.worth }
    let ways = ranked.lazy.map { slide(from: $0.camera, count: count) }
    return ways.first { $0 != nil } ?? nil
  }

  private static let places = 36

  /// From 0 for nothing to 1.
  private func worth(of spectacle: Spectacle, to camera: Camera) -> Double {
    var small = camera
    small.intrinsics = camera.intrinsics.fitted(width: 32, height: 32)
    let film = scenery.film(small, samples: 1, threads: 1)
    switch spectacle {
    case .mirrors:
      let share = Double(film.mirrors.count { $0 }) / Double(film.mirrors.count)
      // A mirror, and something beside it that shows where it is.
      return (0.1...0.7).contains(share) ? 1 - abs(share - 0.4) : 0
    case .sun:
      guard let sun = scenery.sun,
        let pixel = small.intrinsics.project(small.pose.inverse.rotation * sun.direction),
        small.intrinsics.contains(pixel),
        film.depth[Int(pixel.y) * 32 + Int(pixel.x)] >= Film.skyDepth
      else { return 0 }
      return sun.flare
    }
  }

  /// The same place, turned so that the sun is in the upper half of the picture.
  private func facingTheSun(_ camera: Camera) -> Camera? {
    guard let sun = scenery.sun else { return nil }
    let way = SIMD3(sun.direction.x, sun.direction.y, 0).normalized
    let rise = atan2(sun.direction.z, way.dot(sun.direction))
    let height = Double(camera.intrinsics.height) / camera.intrinsics.focal.y
    let pitch = max(-0.1, rise - 0.25 * height)
    var turned = camera
    turned.pose = Pose(
      at: camera.pose.position, facing: way * cos(pitch) + Self.up * sin(pitch), up: Self.up)
    return turned
  }

  /// As far to both sides as there is room; nil where there is hardly any.
  private func slide(from camera: Camera, count: Int) -> [Camera]? {
    let right = camera.pose.right
    func reach(_ way: Double) -> Double {
      let steps = stride(from: 0.05, through: 0.5, by: 0.05).map { $0 * family.stride }
      return steps.prefix {
        scenery.clearance(at: camera.pose.position + right * (way * $0)) >= Walker.clearance
      }.last ?? 0
    }
    let (left, end) = (-reach(-1), reach(1))
    guard end - left > 0.5 * family.stride else { return nil }
    return (0..<count).map { i in
      var moved = camera
      let share = Double(i) / Double(max(1, count - 1))
      moved.pose.position += right * (left + (end - left) * share)
      return moved
    }
  }
}
