import Scene
import Streaming
import Synchronization

/// A pixel that brightens as you walk: the model's place in tests of the server.
final class BrighteningWalk: Walkable {
  let up: SIMD3<Double> = [0, -1, 0]
  let steps = Mutex<[Action]>([])
  private let camera = Mutex(
    Camera(
      intrinsics: Intrinsics(width: 1, height: 1, horizontalFieldOfView: 1), pose: Pose()))
  private let size: Int
  private let warnings: [Int: String]

  /// - Parameters:
  ///   - size: bytes of "picture"; the first says how bright it is.
  ///   - warnings: what is wrong at which step, from 1.
  init(size: Int = 1, warnings: [Int: String] = [:]) {
    (self.size, self.warnings) = (size, warnings)
  }

  var count: Int { steps.withLock { $0.count } }

  // Not async: see Action about vectors in async functions.
  func step(_ action: Action) -> View {
    let number = steps.withLock {
      $0.append(action)
      return $0.count
    }
    let now = camera.withLock {
      $0.move(by: action, gait: Gait(up: up, speed: 1))
      return $0
    }
    var picture = [UInt8](repeating: 7, count: size)
    picture[0] = UInt8(min(255, max(0, 100 * now.pose.position.z)))
    return View(
      jpeg: picture, camera: now, keyframes: number,
      newKeyframes: number == 1 ? [.init(id: 5, pose: now.pose)] : [], context: [5],
      times: .init(recall: 0.5, gather: 1, network: 2, jpeg: 0.25),
      warning: warnings[number] ?? "")
  }
}

/// A walk that breaks at the first step, as one whose device has no memory left would.
struct BrokenWalk: Walkable {
  struct Failure: Error, CustomStringConvertible {
    var description: String { "The device's memory is full; try a smaller model" }
  }

  let up: SIMD3<Double> = [0, -1, 0]

  func step(_ action: Action) throws -> View { throw Failure() }
}

/// An endless chequered floor under an evening sky, eye height 1.6 above it: something to look at.
/// No two places on it look alike: the tiles brighten northwards, band after band of 16.
final class FloorWalk: Walkable {
  let up: SIMD3<Double> = [0, -1, 0]
  private static let sun = SIMD3(0.3, -0.12, 1).normalized
  private let state: Mutex<(camera: Camera, keyframes: [View.Keyframe], isNew: Bool)>
  private let start: Pose

  init(width: Int = 96, height: Int = 54) {
    let lens = Intrinsics(width: width, height: height, horizontalFieldOfView: 1.3)
    let camera = Camera(
      intrinsics: lens, pose: Pose(at: [0, -1.6, 0], facing: [0, 0.08, 1], up: up))
    start = camera.pose
    let keyframes = (0..<12).map { i in
      let angle = Double(i) / 12 * 2 * .pi
      let at = SIMD3(5 * sin(angle), -1.6, 6 + 5 * cos(angle))
      return View.Keyframe(id: i, pose: Pose(at: at, lookingAt: [0, -1.6, 6], up: [0, -1, 0]))
    }
    state = Mutex((camera, keyframes, true))
  }

  func step(_ action: Action) -> View {
    let (camera, keyframes, isNew) = state.withLock { state in
      switch action.jump {
      case .start: state.camera.pose = start
      case .keyframe(let id): state.camera.pose = state.keyframes[id].pose
      case .pose(let pose): state.camera.pose = pose
      case nil: break
      }
      if action.moves { state.camera.move(by: action, gait: Gait(up: up, speed: 2)) }
      defer { state.isNew = false }
      return (state.camera, state.keyframes, state.isNew)
    }
    let nearest = keyframes.sorted {
      ($0.pose.position - camera.pose.position).length
        < ($1.pose.position - camera.pose.position).length
    }
    return View(
      jpeg: bitmap(draw(camera)), camera: camera, keyframes: keyframes.count,
      newKeyframes: isNew ? keyframes : [], context: nearest.prefix(4).map(\.id),
      times: .init(recall: 0.3, gather: 1.1, network: 14.2, jpeg: 0.9))
  }

  private func draw(_ camera: Camera) -> Image {
    var image = Image(width: camera.intrinsics.width, height: camera.intrinsics.height)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let local = camera.intrinsics.direction(at: [Double(x) + 0.5, Double(y) + 0.5])
        let ray = (camera.pose.rotation * local).normalized
        let color = color(from: camera.pose.position, ray) * 255
        image[x, y] = SIMD3<UInt8>(clamping: SIMD3<Int>(color))
      }
    }
    return image
  }

  private func color(from eye: SIMD3<Double>, _ ray: SIMD3<Double>) -> SIMD3<Double> {
    let glow = pow(max(0, ray.dot(Self.sun)), 40)
    let height = max(0, -ray.y)
    let sky =
      SIMD3(0.95, 0.55, 0.32) * (1 - height) + SIMD3(0.10, 0.16, 0.34) * height
      + SIMD3(1, 0.8, 0.5) * glow
    guard ray.y > 1e-3 else { return sky }
    let distance = -eye.y / ray.y
    let hit = eye + ray * distance
    let isDark = (Int(hit.x.rounded(.down)) + Int(hit.z.rounded(.down))) & 1 == 0
    let north = (hit.z / 16).rounded(.down)
    let brightness = 0.7 + 0.6 * (hit.z / 16 - north)
    let tile: SIMD3<Double> =
      (isDark ? [0.14, 0.17, 0.22] : [0.62, 0.57, 0.52]) * brightness
    let haze = 1 - exp(-distance / 14)
    return tile * (1 - haze) + sky * haze
  }
}

/// A Windows bitmap of an image: browsers look at the bytes, not at the name of the format.
func bitmap(_ image: Image) -> [UInt8] {
  func four(_ n: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: n >> (8 * $0)) } }
  let padding = [UInt8](repeating: 0, count: (4 - image.width * 3 % 4) % 4)
  let size = (image.width * 3 + padding.count) * image.height
  var out: [UInt8] = [0x42, 0x4D] + four(54 + size) + four(0) + four(54)
  out += four(40) + four(image.width) + four(image.height) + [1, 0, 24, 0]
  out += four(0) + four(size) + four(2835) + four(2835) + four(0) + four(0)
  for y in (0..<image.height).reversed() {
    for x in 0..<image.width {
      let c = image[x, y]
      out += [c.z, c.y, c.x]
    }
    out += padding
  }
  return out
}
