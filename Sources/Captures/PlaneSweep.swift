import Dispatch
import Images
import Scene
import Synchronization

/// How far away what pictures show is: small windows of a picture are looked for in its neighbours,
/// as if they lay on planes at many distances (Collins, "A space-sweep approach to true multi-image
/// matching", CVPR 1996). Where one distance fits much better than the others, it counts.
///
/// Nothing but a capture's scale comes of it: the frame model has no use for a depth.
struct PlaneSweep {
  /// Pictures are compared in grey, at `side` x `side` pixels, in windows of `window` x `window`.
  static let side = 64
  static let window = 8
  /// Pictures whose windows are looked for, and neighbours that they are looked for in, at most.
  static let pictures = 12
  static let neighbors = 3
  /// Distances that fit, without which there is no saying: half a picture's windows.
  static let enough = 32

  /// A picture as it is compared.
  struct View: Sendable {
    let camera: Camera
    let grey: [Float]  // side * side, 0...255

    init(_ frame: Frame) {
      let small = frame.resampled(width: PlaneSweep.side, height: PlaneSweep.side)
      camera = small.camera
      let pixels = small.image.pixels
      grey = stride(from: 0, to: pixels.count, by: 3).map {
        0.299 * Float(pixels[$0]) + 0.587 * Float(pixels[$0 + 1]) + 0.114 * Float(pixels[$0 + 2])
      }
    }
  }

  /// Along z, in world units: from a tenth of the cameras' spread to a hundred times it.
  let depths: [Double]

  init(spread: Double) {
    depths = (0..<38).map { spread * pow(10, -1 + 3 * Double($0) / 37) }
  }

  /// The distances of those windows of a picture that its neighbours show at one distance only.
  func depths(of view: View, in neighbors: [View]) -> [Double] {
    let agreements = neighbors.map { agreement(of: view, with: $0) }
    let windows = agreements.first?.first?.count ?? 0
    return (0..<windows).compactMap { w in
      peak(of: depths.indices.map { k in agreements.map { $0[k][w] }.meanOfNumbers })
    }
  }

  /// The depth of a curve's summit, where that is high, steep and not at an end. NaN: not seen.
  private func peak(of curve: [Float]) -> Double? {
    let seen = curve.filter { !$0.isNaN }.sorted()
    guard seen.count >= curve.count / 3, let top = seen.last,
      top > 0.8, top - seen[seen.count / 2] > 0.15, let k = curve.firstIndex(of: top),
      k > 0, k < curve.count - 1
    else { return nil }
    return depths[k]
  }

  /// For each depth, how alike each window of `view` and what `other` shows there are: their
  /// correlation, -1...1; NaN where `other` doesn't see all of it, or there is nothing to see.
  private func agreement(of view: View, with other: View) -> [[Float]] {
    let windows = Self.windows
    let truth = windows.map { Signal($0.map { view.grey[$0] }) }
    let relative = view.camera.pose.relative(to: other.camera.pose)
    let rays = Self.centers.map { relative.rotation * view.camera.intrinsics.direction(at: $0) }
    return depths.map { depth in
      let warped = rays.map { ray in
        other.camera.intrinsics.project(ray * depth + relative.position).map(other.grey(at:))
          ?? .nan
      }
      return zip(windows, truth).map { window, truth in
        truth.contrast < 5 ? .nan : truth.correlation(Signal(window.map { warped[$0] }))
      }
    }
  }

  /// The pixels of each window.
  private static let windows: [[Int]] = stride(from: 0, to: side, by: window).flatMap { y in
    stride(from: 0, to: side, by: window).map { x in
      (0..<window * window).map { (y + $0 / window) * side + x + $0 % window }
    }
  }

  private static let centers: [SIMD2<Double>] = (0..<side * side).map {
    [Double($0 % side) + 0.5, Double($0 / side) + 0.5]
  }
}

extension PlaneSweep.View {
  /// Between the four nearest pixels' centres; NaN outside.
  fileprivate func grey(at pixel: SIMD2<Double>) -> Float {
    let side = PlaneSweep.side
    guard camera.intrinsics.contains(pixel) else { return .nan }
    let (x, y) = (max(0, pixel.x - 0.5), max(0, pixel.y - 0.5))
    let (i, j) = (min(Int(x), side - 2), min(Int(y), side - 2))
    let (u, v) = (Float(x) - Float(i), Float(y) - Float(j))
    let k = j * side + i
    let above = grey[k] * (1 - u) + grey[k + 1] * u
    let below = grey[k + side] * (1 - u) + grey[k + side + 1] * u
    return above * (1 - v) + below * v
  }
}

/// A window's greys, without their mean.
private struct Signal {
  let values: [Float]
  let energy: Float

  init(_ greys: [Float]) {
    let mean = greys.reduce(0, +) / Float(greys.count)
    values = greys.map { $0 - mean }
    energy = values.reduce(0) { $0 + $1 * $1 }
  }

  /// The standard deviation, in greys of 0...255.
  var contrast: Float { (energy / Float(values.count)).squareRoot() }

  func correlation(_ other: Signal) -> Float {
    let shared = zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 }
    return shared / (energy * other.energy + 1).squareRoot()
  }
}

extension [Float] {
  fileprivate var meanOfNumbers: Float {
    let numbers = filter { !$0.isNaN }
    return numbers.reduce(0, +) / Float(numbers.count)  // NaN where there are none
  }
}

extension Capture {
  /// The median depth of what the pictures show, in world units; nil where too little of one picture
  /// is found again in others, as of a single one, or of cameras that only turn.
  ///
  /// Reads some 48 pictures at most, each once, from all over the capture; those that can't be read are
  /// left out.
  func medianDepth() -> Double? {
    let spread = Self.spread(of: entries.map(\.camera))
    guard spread > 1e-9 else { return nil }
    let count = min(PlaneSweep.pictures, entries.count)
    let pairs = (0..<count).map { n -> (view: Int, neighbors: [Int]) in
      let i = n * (entries.count - 1) / max(1, count - 1)
      return (i, neighbors(of: i, spread: spread))
    }
    let wanted = Set(pairs.flatMap { [$0.view] + $0.neighbors }).sorted()
    let views = Mutex<[Int: PlaneSweep.View]>([:])
    DispatchQueue.concurrentPerform(iterations: wanted.count) { n in
      guard let view = (try? frame(wanted[n])).map(PlaneSweep.View.init) else { return }
      views.withLock { $0[wanted[n]] = view }
    }
    let (read, sweep) = (views.withLock(\.self), PlaneSweep(spread: spread))
    let found = Mutex<[Double]>([])
    DispatchQueue.concurrentPerform(iterations: count) { n in
      guard let view = read[pairs[n].view] else { return }
      let depths = sweep.depths(of: view, in: pairs[n].neighbors.compactMap { read[$0] })
      found.withLock { $0 += depths }
    }
    let depths = found.withLock { $0.sorted() }
    return depths.count < PlaneSweep.enough ? nil : depths[depths.count / 2]
  }

  /// The pictures that look about the same way from some distance, nearest first.
  private func neighbors(of i: Int, spread: Double) -> [Int] {
    let pose = entries[i].camera.pose
    let shifts = entries.indices.compactMap { j -> (index: Int, shift: Double)? in
      let other = entries[j].camera.pose
      let (turn, move) = (pose.angle(to: other), (pose.position - other.position).length)
      guard turn < .pi / 4, move > 0.2 * spread else { return nil }
      return (j, turn + 0.4 * move / spread)
    }
    return shifts.sorted { $0.shift < $1.shift }.prefix(PlaneSweep.neighbors).map(\.index)
  }
}
