import Images
public import Memory
public import Scene

/// A walk that needs no model: everything about its i-th keyframe follows from i, so that whoever
/// reads a world can tell what must be in it.
public enum StandIn {
  /// On a spiral, with numbers that no decimal writes exactly.
  public static func camera(_ i: Int, side: Int = 16) -> Camera {
    let t = Double(i) * 0.37
    let position: SIMD3<Double> = [cos(t) * (1 + t / 7), sin(t) * (1 + t / 11), sin(t / 3) / 3]
    let facing: SIMD3<Double> = [cos(t + 0.2), sin(t + 0.2), 0.1]
    return Camera(
      intrinsics: Intrinsics(width: side, height: side, horizontalFieldOfView: 1.1),
      pose: Pose(at: position, facing: facing, up: [0, 0, 1]))
  }

  /// Anywhere in a square that has room for eleven keyframes of `count` in a unit.
  public static func scattered(_ i: Int, of count: Int, side: Int = 16) -> Camera {
    func part(_ ratio: Double) -> Double {
      (Double(i) * ratio).truncatingRemainder(dividingBy: 1)
    }
    let length = (Double(count) / 11).squareRoot()
    let position = SIMD3(
      part(0.754877666) * length, part(0.569840291) * length, part(0.819172513) / 2)
    let turn = part(0.618033989) * 2 * .pi
    return Camera(
      intrinsics: Intrinsics(width: side, height: side, horizontalFieldOfView: 1.1),
      pose: Pose(at: position, facing: [cos(turn), sin(turn), 0.1], up: [0, 0, 1]))
  }

  /// A picture that brightens from one keyframe to the next.
  public static func image(_ i: Int, side: Int = 16) -> Image {
    Image(
      width: side, height: side,
      color: [UInt8(i % 256), UInt8(i / 256 % 256), UInt8(i / 65536 % 256)])
  }

  public static func keyframe(_ i: Int, walk: Int? = nil, side: Int = 16) -> KeyframeRecord {
    KeyframeRecord(
      id: i, camera: camera(i, side: side), generation: walk == nil ? 0 : 1 + Double(i % 7) / 3,
      picture: ImageFile(image(i, side: side)), walk: walk)
  }

  public static let place = PlaceRecord(
    name: "spiral", up: SIMD3(0.1, 0.2, 1).normalized, scale: 2.0 / 3, created: 1_700_000_000_123)
}
