import CTracer
import Dispatch
public import Scene

/// A made-up place that can be filmed: its seed is all there is to know.
///
///     let world = ProceduralWorld(seed: 7)
///     let cameras = world.walk(count: 8, intrinsics: world.lens(width: 128, height: 128), seed: 0)
///     let films = cameras.map { world.film($0) }
public struct ProceduralWorld: Sendable {
  /// What kind of place it is.
  public enum Family: String, CaseIterable, Codable, Sendable {
    /// One furnished room, lit from its ceiling.
    case room
  }

  /// The direction against gravity.
  public static let up = SIMD3<Double>(0, 0, 1)
  /// Metres for one unit of the network.
  public static let scale = 2.0

  public let family: Family
  public let seed: UInt64
  let scenery: Scenery

  public init(_ family: Family = .room, seed: UInt64) {
    self.family = family
    self.seed = seed
    scenery = Scenery(.room(seed: seed))
  }

  /// A centred lens with the field of view that this world's seed picks: 60 to 90 degrees across
  /// the longer side.
  public func lens(width: Int, height: Int) -> Intrinsics {
    var dice = Dice(seed: seed, purpose: 3)
    let angle = dice.real(in: 60...90) * .pi / 180
    let f = Double(max(width, height)) / 2 / tan(angle / 2)
    return Intrinsics(
      width: width, height: height, focal: [f, f], center: [Double(width) / 2, Double(height) / 2])
  }

  /// Cameras on a random walk inside, clear of furniture; now and then one is back near an earlier
  /// one.
  public func walk(count: Int, intrinsics: Intrinsics, seed: UInt64) -> [Camera] {
    var walker = Walker(in: scenery, seed: self.seed ^ (seed &* 0x9e37_79b9_7f4a_7c15))
    return (0..<max(0, count)).map { _ in Camera(intrinsics: intrinsics, pose: walker.next()) }
  }

  /// What a camera sees: the same pixels always, however many threads work on it.
  public func film(_ camera: Camera, samples: Int = 4, threads: Int = 1) -> Film {
    let (width, height) = (camera.intrinsics.width, camera.intrinsics.height)
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    var depth = [Float](repeating: 0, count: width * height)
    var reflective = [UInt8](repeating: 0, count: width * height)
    pixels.withUnsafeMutableBufferPointer { pixels in
      depth.withUnsafeMutableBufferPointer { depth in
        reflective.withUnsafeMutableBufferPointer { reflective in
          expose(
            tracer_camera(camera), samples: max(1, samples), threads: threads,
            Plate(
              pixels: pixels.baseAddress!, depth: depth.baseAddress!,
              reflective: reflective.baseAddress!))
        }
      }
    }
    return Film(
      frame: Frame(image: Image(width: width, height: height, pixels: pixels), camera: camera),
      depth: depth, reflective: reflective.map { $0 != 0 })
  }

  /// Where the tracer writes a whole image; threads write different rows.
  private struct Plate: @unchecked Sendable {
    let pixels: UnsafeMutablePointer<UInt8>
    let depth: UnsafeMutablePointer<Float>
    let reflective: UnsafeMutablePointer<UInt8>
  }

  private func expose(_ camera: tracer_camera, samples: Int, threads: Int, _ plate: Plate) {
    let height = Int(camera.height)
    let bands = min(max(1, threads), height)
    let work = { @Sendable (band: Int) in
      var camera = camera
      let first = height * band / bands
      tracer_film(
        scenery.pointer, &camera, Int32(samples), Int32(first),
        Int32(height * (band + 1) / bands - first), plate.pixels, plate.depth, plate.reflective)
    }
    if bands == 1 {
      work(0)
    } else {
      DispatchQueue.concurrentPerform(iterations: bands, execute: work)
    }
  }
}

extension tracer_camera {
  init(_ camera: Camera) {
    let (lens, pose) = (camera.intrinsics, camera.pose)
    self.init(
      position: single(pose.position), right: single(pose.right), down: single(pose.down),
      forward: single(pose.forward), focal: (Float(lens.focal.x), Float(lens.focal.y)),
      center: (Float(lens.center.x), Float(lens.center.y)), width: Int32(lens.width),
      height: Int32(lens.height))
  }
}
