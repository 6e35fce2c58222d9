public import Captures
public import Procedural
public import Scene

/// A walk that keeps coming back to where it began, and the views to look for there.
public struct Outing: Sendable {
  public let name: String
  /// What the walker is given before it sets out.
  public let given: [Frame]
  /// World units a network unit.
  public let scale: Double
  /// The walk: at 0 and after each number of frames in `returns`, its camera is the start's.
  public let walk: [Camera]
  public let returns: [Int]
  /// The start's camera, and cameras beside it: what is compared at each return.
  public let views: [Camera]
  /// What each view truly is, and whether each of its pixels is seen in a given picture; nil where
  /// nobody knows.
  let truths: [(image: Image, covered: [Bool])]?

  /// What the start truly looks like, where that is known.
  public var truth: Image? { truths?[0].image }

  /// - Parameters:
  ///   - stops: where the walk leads, from near to far; each return sees as many as there is time
  ///     for, then once all around, and goes back the same way.
  ///   - centimetre: in world units.
  ///   - returns: after how many frames to be back; each more than the one before, by at least two.
  init(
    name: String, given: [Frame], start: Camera, stops: [Camera], up: SIMD3<Double>, scale: Double,
    centimetre: Double, returns: [Int],
    truth: (([Camera]) -> [(image: Image, covered: [Bool])])? = nil
  ) {
    precondition(
      zip([0] + returns, returns).allSatisfy { $1 - $0 >= 2 },
      "Outing: returns \(returns) must rise by at least two")
    (self.name, self.given, self.scale, self.returns) = (name, given, scale, returns)
    walk =
      [start]
      + zip([0] + returns, returns).flatMap { last, next in
        Self.excursion(from: start, stops: stops, up: up, count: next - last)
      }
    views = [start] + Self.beside(start, centimetre: centimetre)
    truths = truth?(views)
  }

  /// So many cameras, the last one the start's: out, around, and back.
  private static func excursion(
    from start: Camera, stops: [Camera], up: SIMD3<Double>, count: Int
  ) -> [Camera] {
    let around = min(count / 2, 36)
    let out = (count - around) / 2
    let way = [start] + stops.prefix((out + framesAStop - 1) / framesAStop)
    func glide(_ way: [Camera], _ count: Int) -> ArraySlice<Camera> {
      Path.through(way, count: count + 1).cameras.dropFirst()
    }
    let there = out == 0 ? [] : glide(way, out)
    let far = there.last ?? start
    let look = Path.spin(far, up: up, count: around + 1).cameras.dropFirst()
    let back = glide(way.reversed(), count - around - out).dropLast()
    return there + look + back + [start]
  }

  /// The pace: a walk's stops are some half a metre apart.
  private static let framesAStop = 8

  /// Cameras 5 to 20 cm and 5 to 15 degrees beside one.
  private static func beside(_ camera: Camera, centimetre: Double) -> [Camera] {
    let (pose, degree) = (camera.pose, Double.pi / 180)
    func moved(_ offset: SIMD3<Double>, _ angle: Double, _ axis: SIMD3<Double>) -> Camera {
      var moved = camera
      moved.pose.position = pose * (offset * centimetre)
      moved.pose.rotation = .rotation(by: angle * degree, about: axis) * pose.rotation
      return moved
    }
    return [
      moved([5, 0, 0], 5, pose.down), moved([-10, 0, 0], -10, pose.down),
      moved([0, -6, -8], 8, pose.right), moved([12, 0, -16], -15, pose.down),
    ]
  }
}

extension Outing {
  /// A walk in a world that no training sees. Given are two pictures from the start's place: one
  /// turned left by half of the field of view, so that half of the start's view is to be invented, and
  /// one to the back.
  public init(
    procedural number: Int, family: ProceduralWorld.Family, side: Int, returns: [Int]
  ) {
    let world = ProceduralWorld(heldOut: number, family: family)
    let lens = world.lens(width: side, height: side)
    let longest = zip([0] + returns, returns).map { $1 - $0 }.max() ?? 0
    let stops = world.walk(
      count: longest / Self.framesAStop + 2, intrinsics: lens, seed: 1, revisits: false)
    let films = [lens.horizontalFieldOfView / 2, Double.pi].map { angle in
      var camera = stops[0]
      camera.pose.rotation =
        .rotation(by: angle, about: ProceduralWorld.up) * camera.pose.rotation
      return world.film(camera, threads: ProceduralWorld.cores)
    }
    self.init(
      name: "\(family.rawValue) \(number)", given: films.map(\.frame), start: stops[0],
      stops: Array(stops.dropFirst()), up: ProceduralWorld.up, scale: world.scale, centimetre: 0.01,
      returns: returns
    ) { views in
      views.map { view in
        let film = world.film(view, threads: ProceduralWorld.cores)
        return (film.frame.image, film.covered(by: films))
      }
    }
  }

  /// A walk in a real place, its pictures given: it begins between the first two and leads past the
  /// others, round and round. A network unit is taken for two metres.
  ///
  /// - Throws: `CaptureError` or `ImageError`.
  public init(_ capture: Capture, side: Int, returns: [Int]) throws {
    let frames = try capture.frames(width: side, height: side)
    let cameras = frames.map(\.camera)
    let start = Path.through(Array(cameras.prefix(2)), count: 3).cameras[1]
    let laps = (returns.last ?? 0) / Self.framesAStop / cameras.count + 1
    self.init(
      name: capture.name, given: frames, start: start,
      stops: Array(repeatElement(cameras.dropFirst(), count: laps).joined()), up: capture.up,
      scale: capture.scale, centimetre: capture.scale / 200, returns: returns)
  }
}
